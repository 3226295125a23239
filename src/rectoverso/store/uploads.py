"""Pictures that were sent to a service to be worked on: encrypted files, each with a data key of its own, under a name
that only this home can make of its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.store.blobs import Blobs
from rectoverso.types import AssetId, Digest

if TYPE_CHECKING:
    from rectoverso.store.data_keys import DataKeys
    from rectoverso.store.database import Database, Transaction
    from rectoverso.store.vault import Cipher, Vault

_KIND = "uploads"


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

    def has(self, digest: Digest, tx: Transaction | None = None) -> bool:
        """Whether a picture of that digest was sent, and its key is there."""
        name = self._name(digest)
        with nullcontext(tx) if tx else self._database.read() as reading:
            return self._data_keys.has(reading, _row(name)) and self._files.has(name)

    def erase(self, tx: Transaction, digests: Iterable[Digest]) -> int:
        """Destroy the keys of these; returns how many there were. Their files are for the next sweep."""
        return self._data_keys.destroy(tx, [_row(self._name(digest)) for digest in digests])

    def sweep_erased(self) -> None:
        """Remove the files that have no key. Nobody else can keep one meanwhile."""
        with self._database.transaction() as tx:
            names = self._data_keys.of_table(tx, _KIND)
            self._files.sweep([AssetId(name.partition("/")[2]) for name in names])

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
        self._destroy(old)
        return len(old)

    def forget(self, digests: Iterable[Digest]) -> None:
        """Destroy these pictures now, their keys first."""
        self._destroy([self._name(digest) for digest in digests])

    def _destroy(self, names: list[AssetId]) -> None:
        with self._database.transaction() as tx:
            self._data_keys.destroy(tx, map(_row, names))
        for name in names:
            self._files.remove(name)

    def _name(self, digest: Digest) -> AssetId:
        return AssetId(self._vault().name(f"uploads/{digest}"))

    def _key_of(self, name: AssetId) -> Cipher:
        with self._database.read() as tx:
            return self._data_keys.of(tx, _row(name))


def _row(name: str) -> str:
    return f"{_KIND}/{name}"
