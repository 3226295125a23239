"""The pictures of a source, one after the other, in an order that does not depend on the machine.

A folder or a zip (with sidecars), a CSV whose column ``file`` names pictures, or a Parquet file with a column
``image``. Of a folder the names in one sub-folder are in memory at a time, of a zip all names, of a Parquet file
eight rows.
"""

from __future__ import annotations

import csv
import errno
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any

from rectoverso.verso.curate.beside import COLUMNS
from rectoverso.verso.curate.shelf import DECLARATIONS, SITES
from rectoverso.verso.registry.offers import of_rows
from rectoverso.workflow.curating.root import Archive, Folder, Found, Root
from rectoverso.workflow.extras import optional_part
from rectoverso.workflow.files import SUFFIXES, unusable

PARQUET, CSV, ZIP = ".parquet", ".csv", ".zip"
LONGEST_CELL = 4_000_000
_SIDECARS = {".json", ".headers", ".html", ".xmp", ".txt", ".md", ".csv", ".jsonl"}


@dataclass(frozen=True, slots=True)
class Offer:
    """One picture: its place from 0, what it is called, and its file in the source or its bytes; neither where a table
    names a file that is not in the source. ``said``: its row in a table; ``label``: the sub-folder that it lies in.
    """

    place: int
    source: str
    file: PurePosixPath | None = None
    data: bytes | None = field(default=None, repr=False)
    said: Mapping[str, Any] | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """``root``: where pictures, sidecars and the files of sites are. ``stamp`` changes when anything that is read here
    does; ``total`` pictures, ``passed_over``: other files, known sidecars not counted; ``astray``: links that lead
    out of the source. ``lost``: columns that do not travel.
    """

    name: str
    root: Root
    stamp: str
    total: int
    offers: Callable[[], Iterator[Offer]]
    passed_over: int = 0
    astray: int = 0
    lost: tuple[str, ...] = ()


def open_feed(source: Path) -> Feed:
    """The pictures of a source. Raises FilesUnusable, DataUnusable, MissingExtra."""
    suffix = source.suffix.lower()
    if source.is_dir():
        return _of_tree(source, Folder(source), source.resolve().name)
    if suffix == ZIP and source.is_file():
        return _of_tree(source, Archive(source), source.stem)
    if suffix == PARQUET and source.is_file():
        return _of_parquet(source)
    if suffix == CSV and source.is_file():
        return _of_csv(source)
    raise unusable(source, "not_a_source")


def _of_tree(source: Path, root: Root, name: str) -> Feed:
    state, total, other, astray = hashlib.sha256(), 0, 0, 0
    shallowest: int | None = None
    common: tuple[str, ...] = ()
    for found in root.files():
        _add(state, found)
        astray += found.astray
        if not _is_picture(found):
            other += not found.astray and found.path.suffix.lower() not in _SIDECARS
            continue
        total += 1
        above = found.path.parts[:-1]
        shallowest = len(above) if shallowest is None else min(shallowest, len(above))
        common = above if total == 1 else _shared(common, above)
    if not total:
        raise unusable(source, "no_pictures")
    # The class of a picture is the sub-folder that it lies in, below any folder that merely wraps them all.
    depth = min(len(common), max(0, (shallowest or 0) - 1))
    return Feed(name, root, state.hexdigest(), total, partial(_in_tree, root, depth), other, astray)


def _in_tree(root: Root, depth: int) -> Iterator[Offer]:
    for place, found in enumerate(filter(_is_picture, root.files())):
        parts = found.path.parts
        label = parts[depth] if len(parts) > depth + 1 else ""
        yield Offer(place, _printable(found.path), found.path, label=label)


def _is_picture(found: Found) -> bool:
    return not found.astray and found.path.suffix.lower() in SUFFIXES


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """The folders that both paths begin with."""
    return tuple(
        part for part, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    )


def _of_csv(table: Path) -> Feed:
    root, state, total = Folder(table.parent), hashlib.sha256(), 0
    folders = {PurePosixPath(".")}
    _add_files(state, root, [PurePosixPath(table.name)])
    for offer in _in_csv(table):
        total += 1
        folders.update(offer.file.parents if offer.file else ())
    if not total:
        raise unusable(table, "no_pictures")
    # Whatever lies beside a picture, or above it, may speak of it.
    for folder in sorted(folders):
        _add_files(state, root, _names_in(table.parent, folder))
    _add_sites(state, root)
    return Feed(table.stem, root, state.hexdigest(), total, partial(_in_csv, table))


def _in_csv(table: Path) -> Iterator[Offer]:
    before = csv.field_size_limit(LONGEST_CELL)  # of the whole process: catalogues keep theirs
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if "file" not in (rows.fieldnames or ()):
                raise unusable(table, "no_file_column", columns=", ".join(rows.fieldnames or ()) or "-")
            for place, row in enumerate(rows):
                said = {name: cell for name, cell in row.items() if name and isinstance(cell, str)}
                named = said.get("file", "")
                yield Offer(place, named, _within(table.parent, named), said=said)
    except (OSError, UnicodeError, csv.Error) as error:
        raise unusable(table, "unreadable_table", system=error) from error
    finally:
        csv.field_size_limit(before)


def _within(folder: Path, named: str) -> PurePosixPath | None:
    """The path of a file that a table names, if it does name one in the table's folder."""
    path = PurePosixPath(Path(named).as_posix())
    if path.is_absolute():
        try:
            path = PurePosixPath(Path(named).relative_to(folder.resolve()).as_posix())
        except (ValueError, OSError):
            return None
    return path if path.name and ".." not in path.parts else None


def _of_parquet(table: Path) -> Feed:
    with optional_part(f"Reading {table.name}", "train"):
        import pyarrow.parquet as pq
    root, state = Folder(table.parent), hashlib.sha256()
    _add_files(state, root, [PurePosixPath(name) for name in (table.name, *DECLARATIONS)])
    _add_sites(state, root)
    next(of_rows(table, ()), None)  # whether there are pictures in it is said before anything is made
    with pq.ParquetFile(table) as file:
        total, columns = file.metadata.num_rows, file.schema_arrow.names
    if not total:
        raise unusable(table, "no_pictures")
    read = [name for name in columns if name.lower() in COLUMNS]
    lost = tuple(name for name in columns if name == "mask")
    return Feed(table.stem, root, state.hexdigest(), total, partial(_in_parquet, table, read), lost=lost)


def _in_parquet(table: Path, columns: list[str]) -> Iterator[Offer]:
    for place, (data, path, row) in enumerate(of_rows(table, columns)):
        told = {name.lower(): value for name, value in row.items()}
        yield Offer(
            place,
            f"{table.name}[{place}]",
            data=data or b"",
            said={**told, "title": told.get("title") or path},
        )


def _names_in(root: Path, folder: PurePosixPath) -> Iterator[PurePosixPath]:
    for place in (folder, folder / ".well-known"):
        try:
            yield from sorted(place / path.name for path in (root / place).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) not in (None, errno.ENAMETOOLONG):
                raise unusable(root / place, "unreadable_file", system=error) from error


def _add_sites(state: Any, root: Folder) -> None:
    if (root.folder / SITES).is_dir():
        for found in root.below(root.folder / SITES):
            _add(state, found)


def _add_files(state: Any, root: Folder, paths: Iterable[PurePosixPath]) -> None:
    for path in paths:
        if found := root.found(path):
            _add(state, found)


def _add(state: Any, found: Found) -> None:
    """A file's name, size and time of change into the stamp."""
    state.update(f"{found.path}\0{found.state}\n".encode("utf-8", "surrogateescape"))


def _printable(path: PurePosixPath) -> str:
    """A path as text, whatever bytes its file system took for letters."""
    return str(path).encode("utf-8", "backslashreplace").decode()
