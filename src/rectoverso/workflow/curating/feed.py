"""The pictures of a source, one after the other, in an order that does not depend on the machine.

A folder (with sidecars), a CSV whose column ``file`` names pictures, or a Parquet file with a column ``image``. Of a
folder the names in one sub-folder are in memory at a time, of a Parquet file eight rows.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

from rectoverso.verso.registry.offers import of_rows
from rectoverso.workflow.extras import optional_part
from rectoverso.workflow.files import SUFFIXES, unusable

PARQUET, CSV = ".parquet", ".csv"
LONGEST_CELL = 4_000_000
_KEPT_HIDDEN = ".well-known"


@dataclass(frozen=True, slots=True)
class Offer:
    """One picture: its place from 0, what it is called, and its file or bytes. ``said``: its row in a table; ``label``:
    the sub-folder that it lies in.
    """

    place: int
    source: str
    file: Path | None = None
    data: bytes | None = field(default=None, repr=False)
    said: Mapping[str, Any] | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """``root``: where sidecars and the files of sites are. ``stamp`` changes when anything that is read here does;
    ``total`` pictures, ``passed_over``: other files, known sidecars not counted. ``lost``: columns that do not travel.
    """

    name: str
    root: Path
    stamp: str
    total: int
    offers: Callable[[], Iterator[Offer]]
    passed_over: int = 0
    lost: tuple[str, ...] = ()


def open_feed(source: Path) -> Feed:
    """The pictures of a source. Raises FilesUnusable, MissingExtra."""
    if source.is_dir():
        return _of_folder(source)
    if source.suffix.lower() == PARQUET and source.is_file():
        return _of_parquet(source)
    if source.suffix.lower() == CSV and source.is_file():
        return _of_csv(source)
    raise unusable(source, "not_a_source")


def _of_folder(root: Path) -> Feed:
    state, total, other = hashlib.sha256(), 0, 0
    shallowest: int | None = None
    common: tuple[str, ...] = ()
    for path in _files(root):
        _add(state, root, path)
        if path.suffix.lower() not in SUFFIXES:
            other += path.suffix.lower() not in _SIDECARS
            continue
        total += 1
        above = path.relative_to(root).parts[:-1]
        shallowest = len(above) if shallowest is None else min(shallowest, len(above))
        common = above if total == 1 else _shared(common, above)
    if not total:
        raise unusable(root, "no_pictures")
    # The class of a picture is the sub-folder that it lies in, below any folder that merely wraps them all.
    depth = min(len(common), max(0, (shallowest or 0) - 1))
    return Feed(root.resolve().name, root, state.hexdigest(), total, partial(_in_folder, root, depth), other)


_SIDECARS = {".json", ".headers", ".html", ".xmp", ".txt", ".md", ".csv", ".jsonl"}


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """The folders that both paths begin with."""
    return tuple(
        part for part, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    )


def _in_folder(root: Path, depth: int) -> Iterator[Offer]:
    pictures = (path for path in _files(root) if path.suffix.lower() in SUFFIXES)
    for place, path in enumerate(pictures):
        parts = path.relative_to(root).parts
        label = parts[depth] if len(parts) > depth + 1 else ""
        yield Offer(place, "/".join(parts), path, label=label)


def _of_csv(table: Path) -> Feed:
    state, total = hashlib.sha256(), 0
    _add(state, table.parent, table)
    for offer in _in_csv(table):
        total += 1
        if offer.file and offer.file.is_file():
            _add(state, table.parent, offer.file)
    for path in _files(table.parent / "sites"):
        _add(state, table.parent, path)
    if not total:
        raise unusable(table, "no_pictures")
    return Feed(table.stem, table.parent, state.hexdigest(), total, partial(_in_csv, table))


def _in_csv(table: Path) -> Iterator[Offer]:
    before = csv.field_size_limit(LONGEST_CELL)  # of the whole process: catalogues keep theirs
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if "file" not in (rows.fieldnames or ()):
                raise unusable(table, "no_file_column", columns=", ".join(rows.fieldnames or ()) or "-")
            for place, row in enumerate(rows):
                said = {name: cell for name, cell in row.items() if name and isinstance(cell, str)}
                yield Offer(place, said.get("file", ""), table.parent / said.get("file", ""), said=said)
    except (OSError, UnicodeError, csv.Error) as error:
        raise unusable(table, "unreadable_table", system=error) from error
    finally:
        csv.field_size_limit(before)


def _of_parquet(table: Path) -> Feed:
    with optional_part(f"Reading {table.name}", "train"):
        import pyarrow.parquet as pq
    state = hashlib.sha256()
    _add(state, table.parent, table)
    for path in _files(table.parent / "sites"):
        _add(state, table.parent, path)
    next(of_rows(table, ()), None)  # whether there are pictures in it is said before anything is made
    with pq.ParquetFile(table) as file:
        total, columns = file.metadata.num_rows, file.schema_arrow.names
    if not total:
        raise unusable(table, "no_pictures")
    lost = tuple(name for name in columns if name == "mask")
    return Feed(table.stem, table.parent, state.hexdigest(), total, partial(_in_parquet, table), lost=lost)


def _in_parquet(table: Path) -> Iterator[Offer]:
    for place, (data, path, row) in enumerate(of_rows(table, TEXTS)):
        yield Offer(
            place, f"{table.name}[{place}]", data=data, said={**row, "title": row.get("title") or path}
        )


TEXTS = (
    *(
        "url",
        "licence",
        "license",
        "consent",
        "owner",
        "artist",
        "author",
        "creator",
        "title",
        "label",
        "caption",
    ),
    *("headers", "html", "robots_txt", "ai_txt", "tdmrep"),
)
"""The columns of a table that are read beside the picture."""


def _files(root: Path) -> Iterator[Path]:
    """Every file below, in the order of their paths; hidden ones are left out, but for what sites keep in the open."""
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") or name == _KEPT_HIDDEN)
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(place, name)


def _add(state: Any, root: Path, path: Path) -> None:
    """A file's name, size and time of change into the stamp."""
    found = path.stat()
    state.update(
        f"{os.path.relpath(path, root)}\0{found.st_size}\0{found.st_mtime_ns}\n".encode(
            "utf-8", "surrogateescape"
        )
    )
