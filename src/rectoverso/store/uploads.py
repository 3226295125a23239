"""Pictures that were sent to a service to be worked on: encrypted files, each with a data key of its own, under a name
that only this home can make of its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.store.blobs import Blobs
from rectoverso.types import AssetId, Digest

if TYPE_CHECKING:
    from rectoverso.store.data_keys import DataKeys
    from rectoverso.store.database import Database
    from rectoverso.store.vault import Cipher, Vault


class Uploads:
    """The files under ``folder``; whoever sent one asks for it by its digest."""

    def __init__(
        self, folder: Path, database: Database, data_keys: DataKeys, vault: Callable[[], Vault]
    ) -> None:
        self._database, self._data_keys, self._vault = database, data_keys, vault
        self._files = Blobs(folder, self._key_of)

    def put(self, plain: bytes) -> Digest:
        """Keep a picture; it is on the disk when its digest is returned. The same one is kept once."""
        digest = Digest(hashlib.sha256(plain).hexdigest())
        name = self._name(digest)
        with self._database.transaction() as tx:
            self._files.put(name, plain, self._data_keys.of_or_made(tx, _row(name)))
        return digest

    def get(self, digest: Digest) -> bytes:
        """The picture of that digest. Raises BlobMissing and BlobDamaged."""
        return self._files.get(self._name(digest))

    def has(self, digest: Digest) -> bool:
        """Whether a picture of that digest was sent."""
        return self._files.has(self._name(digest))

    def used(self, digest: Digest) -> None:
        """Note that somebody wants it now: what is swept was not wanted for long."""
        self._files.touch(self._name(digest))

    def sweep(self, before: float, keep: Callable[[], Collection[Digest]]) -> int:
        """Remove what nobody has wanted since ``before`` (seconds since 1970), with its key; returns how many. What
        ``keep`` gives stays; it is asked only where there is something.
        """
        old = [name for name in self._files.all() if self._files.is_older(name, before)]
        kept = {self._name(digest) for digest in keep()} if old else set()
        old = [name for name in old if name not in kept]
        with self._database.transaction() as tx:
            self._data_keys.destroy(tx, map(_row, old))
        for name in old:
            self._files.remove(name)
        return len(old)

    def _name(self, digest: Digest) -> AssetId:
        return AssetId(self._vault().name(f"uploads/{digest}"))

    def _key_of(self, name: AssetId) -> Cipher:
        with self._database.read() as tx:
            return self._data_keys.of(tx, _row(name))


def _row(name: str) -> str:
    return f"uploads/{name}"
