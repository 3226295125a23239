"""The file of a backup: a ZIP whose members are not compressed, what is in it being sealed for the most part.

    verso.sqlite3, blobs/..., runs/...   files of the home, by their names there
    manifest.json                        what the backup is of, and of each file its size and SHA-256
    keys.json                            the keys under a passphrase (``sealed``), unless they were left out

The digest of the manifest is the digest of the backup: everything hangs on it. A file that is not in the manifest is
not looked at, and one that is there otherwise than the manifest says makes the backup a damaged one.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from rectoverso.errors import BackupDamaged, NotABackup, OutNotWritable
from rectoverso.i18n import Phrase
from rectoverso.store.atomic import PRIVATE_FILE
from rectoverso.types import Digest, Message
from rectoverso.workflow.backup.contents import DATABASE, is_kept

KIND, VERSION = "rectoverso backup", 1
MANIFEST, KEYS = "manifest.json", "keys.json"
_CHUNK = 1 << 20
_MOST_MANIFEST = 1 << 30
_BROKEN = (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. ``keys``: ``sealed``, ``left_out``, or ``none`` where the home has none;
    ``master``: whether the master key is among them. ``ledger_keys``: the public ones, a line each; ``files``: size in
    bytes and SHA-256 by name; ``links``: folders that were links, and are not in it; ``absent``: images whose stored
    picture was missing in the home itself.
    """

    program: str
    made_at: str
    keys: str
    master: bool
    ledger_size: int
    ledger_root: str
    ledger_keys: str
    files: dict[str, tuple[int, str]]
    links: tuple[str, ...]
    absent: tuple[str, ...]

    @property
    def size(self) -> int:
        return sum(size for size, _ in self.files.values())

    @property
    def text(self) -> bytes:
        """The file."""
        return json.dumps({"backup": KIND, "v": VERSION, **asdict(self)}, indent=1).encode()

    @classmethod
    def parse(cls, text: bytes) -> Manifest:
        """Raises ValueError, KeyError, TypeError or AttributeError for anything else."""
        told = json.loads(text)
        if (told.pop("backup"), told.pop("v")) != (KIND, VERSION):
            raise ValueError("of another kind")
        files = {str(name): (int(size), str(digest)) for name, (size, digest) in told.pop("files").items()}
        if DATABASE not in files or not all(map(is_kept, files)):
            raise ValueError("files that no home has")
        told |= {name: tuple(map(str, told[name])) for name in ("links", "absent")}
        return cls(files=files, **told)


class Writing:
    """A backup that is being written: the files first."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.files: dict[str, tuple[int, str]] = {}

    def add(self, name: str, file: IO[bytes]) -> None:
        """Put in all that is left to read of a file."""
        digest, size = hashlib.sha256(), 0
        with self._archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
            while chunk := file.read(_CHUNK):
                member.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.files[name] = (size, digest.hexdigest())

    def close(self, manifest: Manifest, keys: bytes | None) -> None:
        """Put in what is said of them."""
        self._archive.writestr(zipfile.ZipInfo(MANIFEST), manifest.text)
        if keys is not None:
            self._archive.writestr(zipfile.ZipInfo(KEYS), keys)


@contextmanager
def writing(path: Path) -> Iterator[Writing]:
    """A new file at ``path``, for nobody else to read. Raises OutNotWritable."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(handle, "w+b") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            yield Writing(archive)
    except OSError as error:
        raise OutNotWritable(out=path.parent, system=error.strerror or error) from error


class Reading:
    """A backup that is there."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self._archive = archive
        try:
            names = archive.namelist()
            if archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST:
                raise NotABackup(path=path)
            text = archive.read(MANIFEST)
            self.manifest = Manifest.parse(text)
            self.keys = archive.read(KEYS) if KEYS in names else None
        except (*_BROKEN, KeyError, TypeError, AttributeError) as error:
            raise NotABackup(path=path) from error
        self.digest = Digest(hashlib.sha256(text).hexdigest())
        if len(set(names)) < len(names):
            raise self.damaged("doubled")
        if (self.manifest.keys == "sealed") != (self.keys is not None):
            raise self.damaged("member", name=KEYS)

    def check(self) -> None:
        """Read every file. Raises BackupDamaged."""
        for name in self.manifest.files:
            for _ in self.read(name):
                pass

    def extract(self, name: str, to: Path) -> None:
        """Write one file. Raises BackupDamaged."""
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as file:
            for chunk in self.read(name):
                file.write(chunk)

    def read(self, name: str) -> Iterator[bytes]:
        """A file in pieces; what was read is right only once this has ended. Raises BackupDamaged."""
        size, expected = self.manifest.files[name]
        digest, left = hashlib.sha256(), size
        try:
            if self._archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
                raise self.damaged("member", name=name)
            with self._archive.open(name) as member:
                while chunk := member.read(_CHUNK):
                    digest.update(chunk)
                    left -= len(chunk)
                    yield chunk
        except (*_BROKEN, KeyError) as error:
            raise self.damaged("member", name=name) from error
        if left or digest.hexdigest() != expected:
            raise self.damaged("member", name=name)

    def damaged(self, problem: str, **facts: Any) -> BackupDamaged:
        """The error."""
        return BackupDamaged(path=self.path, problem=Phrase(Message(f"backup.{problem}", facts)))


@contextmanager
def reading(path: Path) -> Iterator[Reading]:
    """The backup at ``path``. Raises NotABackup, BackupDamaged."""
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise NotABackup(path=path) from error
    with archive:
        yield Reading(path, archive)
