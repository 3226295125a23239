"""Pictures in a Parquet file, as Hugging Face ``datasets`` writes it.

Columns: ``image`` ({bytes, path}, or bytes) and, if there are any, ``label`` (numbers or text), ``caption``, ``mask``
(a picture whose levels are classes). Whom to name with a picture is read from `title`, `owner` (or `artist`, `author`,
`creator`) and `licence` (or `license`), where they hold text.
"""

from __future__ import annotations

import bisect
import errno
import json
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.errors import MissingExtra
from rectoverso.recto.data.entry import Contents, Entry, unusable
from rectoverso.types import Attribution, Message

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


def contents(path: Path) -> Contents:
    """The pictures of a Parquet file in the order of its rows; one group of rows is in memory at a time.

    Labels are whole numbers (named by the file's ``huggingface`` metadata if it has any) or strings.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtra(task=f"Reading {path.name}", package="pyarrow", extra="train") from error
    try:
        file = pq.ParquetFile(path)
        images = _Pictures(path, file, "image")
        masks = _Pictures(path, file, "mask") if "mask" in file.schema_arrow.names else None
        table = file.read(columns=[name for name in ("label", "caption") if name in file.schema_arrow.names])
        labels, classes, notes = _labels(table, file.schema_arrow)
        captions = _captions(table)
        said = _attributions(path, file)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:  # KeyError: two columns of one name
        raise unusable(path, "damaged_parquet", words=_first_line(error)) from error
    entries = [
        Entry(
            f"{path.name}[{row}]",
            partial(images.read, row),
            labels[row],
            captions[row],
            partial(masks.read, row) if masks else None,
            said[row],
        )
        for row in range(file.metadata.num_rows)
    ]
    return Contents(path.stem, entries, classes, _class_names(file.schema_arrow, "mask"), notes)


class _Pictures:
    """A column of pictures. Rows are mostly asked for in order, so the last group read is kept."""

    def __init__(self, path: Path, file: pq.ParquetFile, column: str) -> None:
        self._path = path
        self._file = file
        self._column = _picture_column(path, file.schema_arrow, column)
        self._lock = threading.Lock()
        self._starts = [0]
        for group in range(file.metadata.num_row_groups):
            self._starts.append(self._starts[-1] + file.metadata.row_group(group).num_rows)
        self._held: tuple[int, list[bytes | None]] = (-1, [])

    def read(self, row: int) -> bytes:
        """The bytes of one picture. OSError where the row is empty or only names a file."""
        group = bisect.bisect_right(self._starts, row) - 1
        with self._lock:
            if self._held[0] != group:
                self._held = (group, self._group(group))
            data = self._held[1][row - self._starts[group]]
        if data is None:
            raise OSError(errno.ENODATA, "this row holds no picture")
        return data

    def _group(self, group: int) -> list[bytes | None]:
        import pyarrow as pa

        try:
            column = self._file.read_row_group(group, columns=[self._column]).column(0)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise unusable(self._path, "damaged_parquet", words=_first_line(error)) from error
        return [data for chunk in column.chunks for data in _bytes(chunk)]


def _bytes(chunk: pa.Array) -> list[bytes | None]:
    import pyarrow as pa

    if pa.types.is_struct(chunk.type):
        chunk = chunk.flatten()[0]  # unlike .field(), knows of rows that are null as a whole
    pictures: list[bytes | None] = chunk.to_pylist()
    return pictures


def _picture_column(path: Path, schema: pa.Schema, name: str) -> str:
    """The column to read pictures from: the one of this name, or the bytes inside it."""
    import pyarrow as pa

    if name not in schema.names:
        raise unusable(path, "no_image_column", columns=", ".join(schema.names) or "-")
    kind = schema.field(name).type
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        column, kind = f"{name}.bytes", kind.field("bytes").type
    else:
        column = name
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)):
        raise unusable(path, "image_column_type", column=name, type=str(kind))
    return column


Labels = tuple[Sequence[str | int | None], tuple[str, ...], tuple[Message, ...]]


def _labels(table: pa.Table, schema: pa.Schema) -> Labels:
    """A label a row, the names of the classes, and what had to be left out."""
    import pyarrow as pa

    nothing: list[None] = [None] * len(table)
    if "label" not in table.column_names or not len(table):
        return nothing, (), ()
    kind = table.schema.field("label").type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return nothing, (), (Message("data.note.label_type", {"type": str(kind)}),)
    labels: list[str | int | None] = table.column("label").to_pylist()
    names = _class_names(schema, "label")
    if names:
        # -1 is how `datasets` writes "not known".
        labels = [row if isinstance(row, int) and 0 <= row < len(names) else None for row in labels]
    return labels, names, ()


def _class_names(schema: pa.Schema, column: str) -> tuple[str, ...]:
    """The names at info > features > COLUMN > names of the ``huggingface`` metadata, if they are texts."""
    try:
        written = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        names = written["info"]["features"][column]["names"]
    except (KeyError, TypeError, ValueError):
        return ()
    return tuple(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else ()


def _captions(table: pa.Table) -> Sequence[str | None]:
    import pyarrow as pa

    if "caption" not in table.column_names:
        return [None] * table.num_rows
    column = table.column("caption")
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return [None] * table.num_rows
    captions: list[str | None] = column.to_pylist()
    return captions


CREDITS = {
    "title": ("title",),
    "owner": ("owner", "artist", "author", "creator"),
    "licence": ("licence", "license"),
}
"""The columns that say whom to name, the first that is there."""


def _attributions(path: Path, file: pq.ParquetFile) -> list[Attribution]:
    """What each row is called: by its title, or else by the path that came with its bytes."""
    import pyarrow as pa

    schema = file.schema_arrow
    kind = schema.field("image").type
    wanted = {
        about: next(
            (name for name in names if name in schema.names and _is_text(schema.field(name).type)), None
        )
        for about, names in CREDITS.items()
    }
    columns = {about: name for about, name in wanted.items() if name}
    if "title" not in columns and pa.types.is_struct(kind) and kind.get_field_index("path") >= 0:
        columns["title"] = "image.path"
    if not columns:
        return [Attribution(f"{path.name}[{row}]") for row in range(file.metadata.num_rows)]
    table = file.read(columns=list(columns.values())).flatten()
    told = {about: table.column(name).to_pylist() for about, name in columns.items()}
    return [
        Attribution(f"{path.name}[{row}]", **{about: str(cells[row] or "") for about, cells in told.items()})
        for row in range(table.num_rows)
    ]


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
