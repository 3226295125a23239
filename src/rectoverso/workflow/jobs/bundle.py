"""A zip of pictures that was sent, unpacked: pictures only, under names and with times of ours, and no more than was
allowed; and how many there are in what was sent.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from zlib import error as ZlibError

from rectoverso.workflow.files import SUFFIXES, unusable

MOST_PICTURES = 200_000
MOST_BYTES = 16 << 30
"""Of all pictures together, unpacked."""
_CHUNK = 1 << 20


def unpack(file: Path, folder: Path) -> Path:
    """The pictures of a zip in ``folder``, each in that of its class (the folder that it lies in). Done once: a folder
    that is there holds them all. Raises FilesUnusable.
    """
    if folder.is_dir():
        return folder
    unfinished = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)  # what a killed process left
    unfinished.mkdir()
    try:
        with _opened(file) as archive:
            _write(archive, unfinished, file.name)
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def count_pictures(file: Path) -> int:
    """How many pictures a zip or a Parquet file has, as it says of itself. Raises FilesUnusable, DataUnusable."""
    if file.suffix != ".zip":
        from rectoverso.workflow.curating.feed import open_feed

        return open_feed(file).total
    with _opened(file) as archive:
        return sum(1 for _ in _pictures(archive))


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (
        zipfile.BadZipFile,
        ZlibError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        UnicodeError,
    ) as error:
        raise unusable(file.name, "no_zip") from error


def _write(archive: zipfile.ZipFile, folder: Path, name: str) -> None:
    left, classes = MOST_BYTES, dict[str, str]()
    for number, (entry, suffix) in enumerate(_pictures(archive)):
        if number == MOST_PICTURES:
            raise unusable(name, "zip_too_large")
        label = PurePosixPath(entry.filename).parent.name
        place = folder / classes.setdefault(label, _folder_of(label, len(classes)))
        place.mkdir(exist_ok=True)
        file = place / f"{number:06d}{suffix}"
        with archive.open(entry) as packed, file.open("wb") as out:
            while chunk := packed.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise unusable(name, "zip_too_large")
                out.write(chunk)
        os.utime(file, (0, 0))  # unpacked again it is the same


def _pictures(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    for entry in archive.infolist():
        suffix = os.path.splitext(entry.filename)[1].lower()  # noqa: PTH122 - it is no path of this machine
        is_hidden = any(part.startswith((".", "__")) for part in PurePosixPath(entry.filename).parts)
        if suffix in SUFFIXES and not entry.is_dir() and not is_hidden:
            yield entry, suffix


def _folder_of(label: str, number: int) -> str:
    """The class's own name where that is a plain word, for it is what its pictures will be asked for by."""
    plain = "".join(letter for letter in label if letter.isalnum() or letter in "-_ ")[:64].strip()
    return plain if plain and plain == label else f"~{number}"
