"""Stored pictures, released or held: encrypted, each named by the id of its image, with that image's own data key.

A file is an envelope (``store.vault``) for ``blobs/ID``, so that one that was changed, cut or renamed does not open.
Call ``put`` and ``sweep`` while holding the home's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

from rectoverso.errors import BlobDamaged, BlobMissing, RecordDamaged
from rectoverso.store.atomic import make_private_folder, write_atomically
from rectoverso.store.vault import Cipher
from rectoverso.types import AssetId


class Blobs:
    """The encrypted files under ``folder``; ``key_of`` gives what opens the picture of an image."""

    def __init__(self, folder: Path, key_of: Callable[[AssetId], Cipher]) -> None:
        self._folder = folder
        self._key_of = key_of

    def put(self, asset: AssetId, plain: bytes, key: Cipher) -> None:
        """Keep ``plain`` for an image; it is on the disk when this returns. The key has to be kept beside."""
        for folder in (self._folder, self._path(asset).parent, self._staging):
            make_private_folder(folder)
        write_atomically(self._path(asset), key.seal(plain, _place(asset)), staging=self._staging)

    def has(self, asset: AssetId) -> bool:
        """Whether there is a file of that name; whether it opens is told by ``get``."""
        return self._path(asset).is_file()

    def get(self, asset: AssetId) -> bytes:
        """The plain bytes; raises BlobMissing or BlobDamaged, and never returns other bytes than were put."""
        try:
            sealed = self._path(asset).read_bytes()
        except OSError as error:
            raise BlobMissing(digest=asset) from error
        try:
            return self._key_of(asset).open(sealed, _place(asset))
        except RecordDamaged as error:
            raise BlobDamaged(digest=asset) from error

    def sweep(self, keep: Collection[AssetId]) -> list[AssetId]:
        """Remove every blob not in ``keep``, and what killed writers left unfinished. Returns the blobs."""
        kept = set(keep)
        orphans = [asset for asset in self.all() if asset not in kept]
        for asset in orphans:
            self.remove(asset)
        for unfinished in self._staging.glob(".*.tmp"):
            unfinished.unlink(missing_ok=True)
        return orphans

    def touch(self, asset: AssetId) -> None:
        """Make it as young as one that was put now."""
        with suppress(OSError):
            os.utime(self._path(asset))

    def is_older(self, asset: AssetId, moment: float) -> bool:
        """Whether it was put, or touched, before a moment (seconds since 1970)."""
        try:
            return self._path(asset).stat().st_mtime < moment
        except OSError:
            return False

    def remove(self, asset: AssetId) -> None:
        """Remove one."""
        self._path(asset).unlink(missing_ok=True)

    def all(self) -> Iterator[AssetId]:
        """The names of everything kept, in order."""
        for path in sorted(self._folder.glob("??/*")):
            yield AssetId(path.name)

    @property
    def _staging(self) -> Path:
        return self._folder / "unfinished"

    def _path(self, asset: AssetId) -> Path:
        if not asset.isalnum():
            raise BlobMissing(digest=asset)
        return self._folder / asset[:2] / asset


def _place(asset: AssetId) -> str:
    return f"blobs/{asset}"
