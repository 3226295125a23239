"""Pictures in a zip, read in place: nothing is ever unpacked to disk."""

from __future__ import annotations

import errno
import zipfile
import zlib
from functools import partial
from pathlib import Path, PurePosixPath

from rectoverso.recto.data.check import MAX_FILE_BYTES
from rectoverso.recto.data.entry import Contents, Entry, class_of, is_sidecar, unusable

_ENCRYPTED = 0x1


def contents(path: Path) -> Contents:
    """The pictures of a zip, by path, under the same rules as a folder's. Raises DataUnusable."""
    return _listed(path, *members(path))


def members(path: Path) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """A zip and the files in it. Raises DataUnusable for one that is damaged or locked.

    A path that would lead outside (``../x``, ``/x``, ``C:x``) makes the whole archive suspect, so it is refused
    although nothing is unpacked.
    """
    try:
        archive = zipfile.ZipFile(path)
        found = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError) as error:
        raise unusable(path, "damaged_zip") from error
    except OSError as error:
        raise unusable(path, "unlistable", words=error.strerror or str(error)) from error
    if odd := next((member.filename for member in found if _leads_outside(member.orig_filename)), None):
        raise unusable(path, "odd_path", member=repr(odd))
    if any(member.flag_bits & _ENCRYPTED for member in found):
        raise unusable(path, "locked_zip")
    return archive, found


def _listed(path: Path, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Contents:
    files = {PurePosixPath(member.filename): member for member in members}
    files = {place: member for place, member in files.items() if not is_sidecar(place)}
    if not files:
        raise unusable(path, "no_picture")
    classes = class_of(files)
    entries = [
        Entry(str(place), partial(_read, archive, files[place]), classes[place])
        for place in sorted(files, key=str)
    ]
    return Contents(path.stem, entries)


def _leads_outside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    odd = any(letter in name for letter in "\\\0")
    return odd or not parts or parts[0] == "/" or ".." in parts or ":" in parts[0]


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > MAX_FILE_BYTES:
        raise OSError(errno.EFBIG, "too large")
    try:
        # A member that holds more than it declares is cut there, and then fails its checksum.
        return archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise OSError(errno.EIO, f"damaged in the zip ({error})") from error
