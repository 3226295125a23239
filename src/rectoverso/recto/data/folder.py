"""Pictures in a folder; the class of a picture is its sub-folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from rectoverso.recto.data.check import MAX_FILE_BYTES
from rectoverso.recto.data.entry import Contents, Entry, class_of, is_sidecar, unusable


def contents(folder: Path) -> Contents:
    """The pictures of a folder and all its sub-folders, by path.

    Notes and hidden files are passed over; anything else that is not a picture is named by the check.
    """
    files = {path: file for path, file in _files(folder) if not is_sidecar(path)}
    if not files:
        raise unusable(folder, "no_picture")
    if packed := next((path for path in files if path.suffix.lower() in {".parquet", ".zip"}), None):
        raise unusable(folder, "packed", file=folder / packed)
    classes = class_of(files)
    entries = [Entry(str(path), files[path], classes[path]) for path in sorted(files, key=str)]
    return Contents(folder.resolve().name, entries)


def one_picture(file: Path) -> Contents:
    """A file that is to be a picture; the check names it if it is none."""
    return Contents(file.stem, [Entry(file.name, partial(_read, file))])


def _files(folder: Path) -> Iterator[tuple[PurePosixPath, Callable[[], bytes]]]:
    """Each file and how to read it; a sub-folder that cannot be listed is a file that cannot be read."""
    unlisted: list[OSError] = []
    seen = set[str]()
    for place, folders, names in os.walk(folder, onerror=unlisted.append, followlinks=True):
        folders.sort()
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back up
            folders.clear()
            continue
        seen.add(real)
        for name in names:
            file = Path(place, name)
            yield PurePosixPath(file.relative_to(folder).as_posix()), partial(_read, file)
    for error in unlisted:
        lost = Path(error.filename)
        if lost == folder:
            raise unusable(folder, "unlistable", words=error.strerror) from error
        yield PurePosixPath(lost.relative_to(folder).as_posix()), partial(_refuse, error)


def _read(file: Path) -> bytes:
    if not file.is_file():  # a pipe would wait for ever, a device never end
        raise OSError(errno.ENOENT, "not a regular file")
    if file.stat().st_size > MAX_FILE_BYTES:
        raise OSError(errno.EFBIG, "too large")
    return file.read_bytes()


def _refuse(error: OSError) -> bytes:
    raise error
