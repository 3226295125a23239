"""The files of a source by their paths in it, in a folder or in a zip, and none that lies elsewhere.

A link that leads out of the source is not followed: who packed a set for others could have it lead to any file of
theirs.
"""

from __future__ import annotations

import errno
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Protocol

from rectoverso.recto.data import archive
from rectoverso.workflow.files import unusable

_KEPT_HIDDEN = ".well-known"
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EISDIR)
_OPENED = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe is opened without waiting for whoever would write into it, and then told from a file."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file; ``state`` changes when it does. ``astray``: a link that leads out of the source, or nowhere."""

    path: PurePosixPath
    state: str
    astray: bool = False


class Root(Protocol):
    """Where the files of a source are; handed to processes."""

    def files(self) -> Iterator[Found]:
        """Every file, in an order that does not depend on the machine; hidden ones are left out, but for what sites
        keep in the open. Raises FilesUnusable.
        """

    def read(self, path: PurePosixPath, most: int) -> bytes | None:
        """The first ``most`` bytes of a file, None where there is none. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Folder:
    """``folder``: where everything below counts, or only what is named."""

    folder: Path

    def files(self) -> Iterator[Found]:
        return self.below(self.folder)

    def below(self, start: Path) -> Iterator[Found]:
        """Every file in one of its folders and below."""
        for place, folders, names in os.walk(start, onerror=_unlistable):
            here = PurePosixPath(Path(place).relative_to(self.folder).as_posix())
            folders[:] = sorted(name for name in folders if _is_shown(name))
            linked = [name for name in folders if Path(place, name).is_symlink()]
            for name in sorted(name for name in (*names, *linked) if not name.startswith(".")):
                found = self.found(here / name)
                if found and not (name in linked and not found.astray):  # else it is walked where it lies
                    yield found

    def found(self, path: PurePosixPath) -> Found | None:
        """The file at a path; None where there is none."""
        place = self.folder / path
        try:
            is_within = self._holds(place)
            seen = place.stat() if is_within else place.lstat()
        except (OSError, ValueError):
            return Found(path, "", astray=True) if place.is_symlink() else None
        if stat.S_ISDIR(seen.st_mode) and is_within:
            return Found(path, "")
        return Found(path, f"{seen.st_size} {seen.st_mtime_ns}", astray=not is_within)

    def read(self, path: PurePosixPath, most: int) -> bytes | None:
        place = self.folder / path
        try:
            handle = os.open(place, _OPENED)
        except ValueError:  # a NUL in the name
            return None
        except OSError as error:
            is_dangling = error.errno == errno.ENOENT and place.is_symlink()
            if error.errno in _ABSENT and not is_dangling:
                return None
            raise
        try:
            mode = os.fstat(handle).st_mode
            if stat.S_ISDIR(mode):
                return None
            if not stat.S_ISREG(mode) or not self._holds(place):
                raise OSError(errno.EPERM, "no file of the source")
            with os.fdopen(os.dup(handle), "rb") as file:
                return file.read(most)
        finally:
            os.close(handle)

    def _holds(self, place: Path) -> bool:
        return Path(os.path.realpath(place)).is_relative_to(_real(self.folder.absolute()))


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip, which is read in place."""

    file: Path

    def files(self) -> Iterator[Found]:
        for path, member in sorted(_members(self.file).items()):
            if all(_is_shown(part) for part in path.parts[:-1]) and not path.name.startswith("."):
                yield Found(path, f"{member.file_size} {member.CRC}")

    def read(self, path: PurePosixPath, most: int) -> bytes | None:
        member = _members(self.file).get(path)
        if member is None:
            return None
        try:
            with closing(_opened(self.file)[0].open(member)) as file:
                return file.read(most)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ) as error:
            raise OSError(errno.EIO, f"damaged in the zip ({error})") from error


def _opened(file: Path) -> tuple[zipfile.ZipFile, dict[PurePosixPath, zipfile.ZipInfo]]:
    return _opened_as_it_was(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _opened_as_it_was(
    file: Path, _changed: int
) -> tuple[zipfile.ZipFile, dict[PurePosixPath, zipfile.ZipInfo]]:
    """Once in each process."""
    opened, members = archive.members(file)
    return opened, {PurePosixPath(member.filename): member for member in members}


def _members(file: Path) -> dict[PurePosixPath, zipfile.ZipInfo]:
    return _opened(file)[1]


@lru_cache(maxsize=4)
def _real(folder: Path) -> Path:
    return Path(os.path.realpath(folder))


def _is_shown(name: str) -> bool:
    return not name.startswith(".") or name == _KEPT_HIDDEN


def _unlistable(error: OSError) -> None:
    raise unusable(error.filename, "unreadable_file", system=error.strerror or error) from error
