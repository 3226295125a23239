"""From what was typed to the files that were meant: FILE... may be folders everywhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from rectoverso.errors import FilesUnusable, OutNotWritable, RectoversoError
from rectoverso.i18n import Phrase
from rectoverso.types import Message

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"})
PARQUET = ".parquet"


def picture_files(files: Iterable[Path]) -> list[Path]:
    """Files as they stand, folders as the pictures in them and below, in a stable order, hidden ones left out.

    Raises FilesUnusable when that is nothing at all.
    """
    given = list(files)
    found: list[Path] = []
    for path in given:
        found += _inside(path) if path.is_dir() else [path]
    if not found:
        raise unusable(", ".join(map(str, given)) or "FILE", "no_pictures")
    return list(dict.fromkeys(found))


def pictures_and_tables(files: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """The pictures of files and folders, and the Parquet files beside them. Raises FilesUnusable."""
    given = list(files)
    tables = [path for path in given if is_table(path)]
    others = [path for path in given if path not in tables]
    return picture_files(others) if others else [], tables


def is_table(path: Path) -> bool:
    """Whether it is a Parquet file by its name."""
    return path.suffix.lower() == PARQUET and not path.is_dir()


def make_folder(out: Path) -> None:
    """Make the folder for results, and try to write there. Raises OutNotWritable, before any work is done in vain."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise OutNotWritable(out=out, system=error.strerror or error) from error


@contextmanager
def results_in(out: Path) -> Iterator[None]:
    """The folder for results, as `make_folder` makes it; where nothing came of them, no new folder remains."""
    new = [place for place in (out, *out.parents) if not place.exists()]
    make_folder(out)
    try:
        yield
    finally:
        with suppress(OSError):  # the first that is not empty, and all above it
            for place in new:
                place.rmdir()


@contextmanager
def unmade_by_failure(folder: Path, *, unless: Path) -> Iterator[None]:
    """When something fails within this context, ``folder`` is removed if it was new, with the new folders above it that
    nobody else uses; but not once there is the file ``unless``, from which on the folder holds something.
    """
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        yield
    except RectoversoError:
        if new and not unless.exists():
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # one that is not empty, and all above it
                for place in new[1:]:
                    place.rmdir()
        raise


def unusable(what: object, problem: str, **facts: object) -> FilesUnusable:
    """The error for input that cannot be used, its reason and advice in every language."""
    reason, advice = (Message(f"files.{problem}.{part}", facts) for part in ("reason", "advice"))
    return FilesUnusable(files=what, reason=Phrase(reason), advice=Phrase(advice))


def _inside(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
