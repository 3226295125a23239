"""Folders of files, sealed with a key for each folder: what a service keeps of training sets and runs.

A file is a sealed stream (``store.stream``), and its name is sealed too (AES-SIV: the same name gives the same letters
in one folder, and others in every other), so that a folder tells how many files there are, how large and how old, and
no more. Each file is whole or not there. Who destroys the folder's key destroys all of them.

Where something is taken out of a folder it gets another key: it is sealed anew beside the folder that there is before
that key is kept; the next sweep puts the one that opens into its place. So one of the two opens at any moment.
"""

from __future__ import annotations

import base64
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.errors import RecordDamaged
from rectoverso.store.atomic import PRIVATE_FILE, make_private_folder, put_durably, sync_folder
from rectoverso.store.data_keys import draw
from rectoverso.store.stream import PIECE, Sealer, opened

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    from rectoverso.store.data_keys import DataKeys
    from rectoverso.store.database import Database, Transaction
    from rectoverso.store.vault import Vault

_KIND = "sealed"
_AGAIN, _PART = ".again", ".part"
_NAME_BYTES = 32

Mark = tuple[int, int, int]
"""What tells that a file is as it was: inode, size, time of its last change."""


class SealedFolder:
    """The files in ``path`` under one key, by their names: relative paths with ``/``."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._key = path, key
        self._marks: dict[str, Mark] = {}

    @property
    def size(self) -> int:
        """Bytes of all files, sealed."""
        return sum(file.stat().st_size for file in self._files())

    def names(self) -> list[str]:
        """Of all files, in order. Raises RecordDamaged for a name that another key sealed."""
        return sorted(self._opened_name(file.name) for file in self._files())

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return self._file(name).is_file()

    def read(self, name: str) -> bytes:
        """A whole file. Raises FileNotFoundError and RecordDamaged."""
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """The same piece by piece, for whoever needs its beginning, or has not the memory for all of it."""
        with self._file(name).open("rb") as file:
            yield from opened(file, self._key, name)

    def write(self, name: str, plain: bytes) -> None:
        """Keep a file, in the place of the one before."""
        with self.writing(name) as file:
            file.write(plain)

    @contextmanager
    def writing(self, name: str) -> Iterator[Sealer]:
        """The same, as it comes: it is on the disk when the block ends, and not there when that fails."""
        for folder in (self._path.parent, self._path):
            make_private_folder(folder)
        unfinished = self._path / f".{secrets.token_hex(8)}{_PART}"
        try:
            with open(unfinished, "xb", opener=_private) as out:
                sealer = Sealer(out, self._key, name)
                yield sealer
                sealer.close()
            put_durably(unfinished, self._file(name))
        finally:
            unfinished.unlink(missing_ok=True)

    def put(self, name: str, plain: Path) -> None:
        """Keep what a file holds."""
        with plain.open("rb") as file, self.writing(name) as sealer:
            while piece := file.read(PIECE):
                sealer.write(piece)

    def remove(self, name: str) -> None:
        """Remove one file."""
        self._file(name).unlink(missing_ok=True)

    def unseal(self, folder: Path, wanted: Callable[[str], bool] = lambda _: True) -> Path:
        """Write those files that are ``wanted`` into a folder as they are, and return it; see ``take``."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in filter(wanted, self.names()):
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            with open(place, "wb", opener=_private) as out:
                out.writelines(self.pieces(name))
            self._marks[name] = _mark(place)
        return folder

    def take(self, folder: Path, first: Callable[[str], bool] = lambda _: False) -> None:
        """Have what a folder has: those files that are new there or not as they were when this object last saw them,
        the ``first`` before all others, and in the end without those that are gone. What is being written is not there
        yet: its name begins with a dot.
        """
        there = {path.relative_to(folder).as_posix(): path for path in _below(folder)}
        for name in sorted(there, key=lambda name: (not first(name), name)):
            mark = _mark(there[name])
            if self._marks.get(name) == mark:
                continue
            self.put(name, there[name])
            self._marks[name] = mark
        for name in set(self.names()) - set(there):
            self.remove(name)
            self._marks.pop(name, None)

    def opens(self) -> bool:
        """Whether what is there is sealed with this key."""
        try:
            return bool(self.names())
        except RecordDamaged:
            return False

    def _files(self) -> list[Path]:
        if not self._path.is_dir():
            return []
        return [file for file in self._path.iterdir() if not file.name.startswith(".")]

    def _file(self, name: str) -> Path:
        sealed = self._names().encrypt(name.encode("utf-8", "surrogateescape"), None)
        return self._path / base64.b32encode(sealed).decode().rstrip("=").lower()

    def _opened_name(self, name: str) -> str:
        from cryptography.exceptions import InvalidTag

        try:
            sealed = base64.b32decode(name.upper() + "=" * (-len(name) % 8))
            return self._names().decrypt(sealed, None).decode("utf-8", "surrogateescape")
        except (InvalidTag, ValueError) as error:
            raise RecordDamaged(place=f"{_KIND}/{self._path.name}") from error

    def _names(self) -> AESSIV:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return AESSIV(HKDF(SHA256(), 64, None, b"rectoverso names of files v1").derive(self._key))


class SealedFolders:
    """The sealed folders of a home, under names that only this home can make of theirs."""

    def __init__(
        self, folder: Path, database: Database, data_keys: DataKeys, vault: Callable[[], Vault]
    ) -> None:
        self._folder, self._database, self._data_keys, self._vault = folder, database, data_keys, vault

    def find(self, of: str) -> SealedFolder | None:
        """That of something, such as ``runs/1a2b``; None where there is none, or its key was destroyed."""
        name = self._name(of)
        with self._database.read() as tx:
            if not self._data_keys.has(tx, _row(name)):
                return None
            key = self._data_keys.raw(tx, _row(name))
        again = SealedFolder(self._path(name, _AGAIN), key)
        return again if again.opens() else SealedFolder(self._path(name), key)

    def has(self, tx: Transaction, of: str) -> bool:
        """Whether there is one; its key may be damaged, and then it does not open any more."""
        return self._data_keys.has(tx, _row(self._name(of)))

    def made(self, of: str) -> SealedFolder:
        """The same, made where there is none."""
        if (found := self.find(of)) is not None:
            return found
        with self._database.transaction() as tx:
            self._data_keys.of_or_made(tx, _row(self._name(of)))
        return self.made(of)

    @contextmanager
    def unnamed(self) -> Iterator[Unnamed]:
        """A folder that gets its name last, or none."""
        make_private_folder(self._folder)
        key, path = draw(), self._folder / f".{secrets.token_hex(8)}{_PART}"
        try:
            yield Unnamed(path, key)
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def name(self, unnamed: Unnamed, of: str) -> bool:
        """Give it its name; False where there is one of that name, which stays."""
        name = self._name(of)
        with self._database.transaction() as tx:
            if self._data_keys.has(tx, _row(name)):
                return False
            shutil.rmtree(self._path(name), ignore_errors=True)  # one that nothing opens any more
            unnamed.path.replace(self._path(name))
            sync_folder(self._folder)
            self._data_keys.keep(tx, _row(name), unnamed.key)
        return True

    def beside(self, of: str, plain: Path) -> bytes:
        """Seal the files of ``plain`` with a new key, beside those that there are; returns the key, for ``change``."""
        key, path = draw(), self._path(self._name(of), _AGAIN)
        shutil.rmtree(path, ignore_errors=True)
        SealedFolder(path, key).take(plain)
        return key

    def change(self, tx: Transaction, of: str, key: bytes) -> None:
        """Keep the key that came of ``beside``: what the one before sealed is lost, also where a copy was kept."""
        row = _row(self._name(of))
        self._data_keys.destroy(tx, [row])
        self._data_keys.keep(tx, row, key)

    def destroy(self, tx: Transaction, of: str) -> int:
        """Destroy the key of one; returns how many there were. Its files are for the next sweep."""
        return self._data_keys.destroy(tx, [_row(self._name(of))])

    def sweep(self, before: float = 0.0) -> None:
        """Remove the folders that have no key, and put those into their places that were sealed anew; also what was
        never given a name since ``before`` (seconds since 1970). Call it while holding the home's lock.
        """
        with self._database.transaction() as tx:
            for path in self._folder.glob("*") if self._folder.is_dir() else ():
                if path.name.startswith("."):
                    if path.stat().st_mtime < before:
                        shutil.rmtree(path, ignore_errors=True)
                    continue
                name = path.name.partition(".")[0]
                is_kept = self._data_keys.has(tx, _row(name))
                if path.suffix == _AGAIN:
                    is_kept = is_kept and SealedFolder(path, self._data_keys.raw(tx, _row(name))).opens()
                    if is_kept:
                        shutil.rmtree(self._path(name), ignore_errors=True)
                        path.replace(self._path(name))
                if not is_kept:
                    shutil.rmtree(path, ignore_errors=True)
                for left in path.glob(f".*{_PART}"):
                    if left.stat().st_mtime < before:
                        left.unlink(missing_ok=True)

    def _name(self, of: str) -> str:
        return self._vault().name(f"{_KIND}/{of}")[: 2 * _NAME_BYTES]

    def _path(self, name: str, suffix: str = "") -> Path:
        return self._folder / f"{name}{suffix}"


class Unnamed(SealedFolder):
    """A folder that has a key, and no name yet."""

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__(path, key)
        self.path, self.key = path, key


def _row(name: str) -> str:
    return f"{_KIND}/{name}"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def _mark(path: Path) -> Mark:
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _below(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and not (path := Path(here, name)).is_symlink():
                yield path
