"""What is offered to be registered: pictures from files, from a catalogue or from the rows of a Parquet file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.errors import FilesUnusable, MissingExtra
from rectoverso.i18n import Phrase, printable
from rectoverso.store.rights import Rights
from rectoverso.types import Message
from rectoverso.verso.picture import read_bytes
from rectoverso.verso.registry.catalogue import Line
from rectoverso.verso.registry.columns import Said

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_ROWS_AT_ONCE = 8
_READ_AHEAD_BYTES = 1 << 20
_PICTURES = ("image", "image.bytes")
MOST_CHARACTERS_OF_NAMES = 200
MOST_GROUP_BYTES = 512 << 20
"""More than this of one group of rows is not read: a page may be as large as its group."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A picture, and what is said of it. ``name`` is for messages; ``data`` reads it or raises ImageUnreadable."""

    name: str
    data: Callable[[], bytes]
    title: str
    owner: str = ""
    rights: Rights = Rights()  # noqa: RUF009 - frozen


def of_files(files: Iterable[Path], said: Said = Said()) -> Iterator[Offer]:  # noqa: B008 - frozen
    """Picture files; where one title is given for several, their names tell them apart."""
    paths = list(files)
    for path in paths:
        title = _title(said.title, path.stem, alone=len(paths) == 1)
        yield Offer(str(path), partial(read_bytes, path), title, said.owner, said.rights)


def of_lines(catalogue: Path, lines: Iterable[Line]) -> Iterator[Offer]:
    """The works of a catalogue; messages name the line."""
    for line in lines:
        name = f"{catalogue.name}:{line.number}: {line.file}"
        said = line.said
        title = _title(said.title, line.file.stem, alone=True)
        yield Offer(name, partial(read_bytes, line.file), title, said.owner, said.rights)


def of_parquet(path: Path, said: Said = Said()) -> Iterator[Offer]:  # noqa: B008 - frozen
    """The rows of a Parquet file with an ``image`` column: bytes, or {bytes, path}. Of its groups of rows one at most
    is in memory, and only a part of it where it was written in pages.

    Raises FilesUnusable for a file, column or row that holds no pictures and for too large a group, MissingExtra
    without pyarrow.
    """
    for number, (data, inner, _) in enumerate(of_rows(path, ())):
        if data is None:
            raise _unusable(f"{path}[{number}]", "no_bytes")
        yield _offer_of_row(path, number, data, inner, said)


Row = tuple[bytes | None, str | None, dict[str, Any]]
"""A picture's bytes, the path that came with them, and the cells of the columns asked for."""


def of_rows(path: Path, columns: Iterable[str]) -> Iterator[Row]:
    """The same rows, with the columns of these names as far as there are any. A column of numbers that stand for names
    (as `datasets` writes labels) gives the names.

    Raises FilesUnusable for a file or column that holds no pictures and for too large a group, MissingExtra without
    pyarrow.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtra(task=f"Reading {path.name}", package="pyarrow", extra="train") from error
    try:
        with pq.ParquetFile(path, memory_map=True, buffer_size=_READ_AHEAD_BYTES) as file:
            _demand_pictures(path, file.schema_arrow)
            _demand_small_groups(path, file.metadata)
            named = _class_names(file.schema_arrow)
            asked = ["image", *(name for name in columns if name in file.schema_arrow.names)]
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=asked, use_threads=False):
                for row in batch.to_pylist():
                    image = row.pop("image")
                    data, inner = (
                        (image.get("bytes"), image.get("path")) if isinstance(image, dict) else (image, None)
                    )
                    if isinstance(row.get("label"), int) and 0 <= row["label"] < len(named):
                        row["label"] = named[row["label"]]
                    yield None if data is None else bytes(data), inner, row
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise _unusable(path, "damaged", words=words) from error


def _class_names(schema: pa.Schema) -> list[str]:
    """The names of labels at info > features > label > names of the ``huggingface`` metadata."""
    try:
        names = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]["label"][
            "names"
        ]
    except (KeyError, TypeError, ValueError):
        return []
    return [str(name) for name in names] if isinstance(names, list) else []


def _offer_of_row(path: Path, number: int, data: bytes, inner: str | None, said: Said) -> Offer:
    name = Path(inner).stem if inner else f"{path.stem}[{number}]"
    title = _title(said.title, name, alone=False)
    return Offer(f"{path}[{number}]", lambda: data, title, said.owner, said.rights)


def _demand_pictures(path: Path, schema: pa.Schema) -> None:
    import pyarrow as pa

    if "image" not in schema.names:
        raise _unusable(path, "no_column", columns=", ".join(schema.names) or "-")
    kind = schema.field("image").type
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        kind = kind.field("bytes").type
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)):
        raise _unusable(path, "column_type", type=kind)


def _demand_small_groups(path: Path, metadata: pq.FileMetaData) -> None:
    for at in range(metadata.num_row_groups):
        group = metadata.row_group(at)
        chunks = [group.column(column) for column in range(group.num_columns)]
        size = sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema in _PICTURES)
        if size > MOST_GROUP_BYTES:
            raise _unusable(path, "large_group", group=at, size=size >> 20, most=MOST_GROUP_BYTES >> 20)


def _title(given: str, name: str, *, alone: bool) -> str:
    """What was given, told apart by names where it is given to several; a name is cut and cleaned as a cell would be
    refused for.
    """
    name = printable(name)[:MOST_CHARACTERS_OF_NAMES]
    if not given:
        return name
    return given if alone else f"{given}: {name}"


def _unusable(what: object, problem: str, **facts: object) -> FilesUnusable:
    reason, advice = (Message(f"registry.parquet.{problem}.{part}", facts) for part in ("reason", "advice"))
    return FilesUnusable(files=what, reason=Phrase(reason), advice=Phrase(advice))
