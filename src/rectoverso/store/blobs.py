"""Stored pictures, released or not: encrypted, each named by the SHA-256 of its plain bytes.

A file is ``RVB1`` + 12 bytes of nonce + AES-256-GCM of the plain bytes; the name is authenticated with them, so a
file that was changed, cut or renamed does not open. Call ``put`` and ``sweep`` while holding the home's lock.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Iterator
from pathlib import Path

from rectoverso.errors import BlobDamaged, BlobMissing
from rectoverso.store.atomic import make_private_folder, write_atomically
from rectoverso.types import Digest

_MAGIC = b"RVB1"
_NONCE_BYTES = 12
_NAME = re.compile(r"[0-9a-f]{64}")


class Blobs:
    """The encrypted files under ``folder``; ``key`` is 32 bytes."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def put(self, plain: bytes) -> Digest:
        """Keep ``plain``; it is on the disk when this returns. The same bytes twice are kept once."""
        digest = Digest(hashlib.sha256(plain).hexdigest())
        if not self._is_intact(digest):
            for folder in (self._folder, self._path(digest).parent, self._staging):
                make_private_folder(folder)
            write_atomically(self._path(digest), self._seal(plain, digest), staging=self._staging)
        return digest

    def get(self, digest: Digest) -> bytes:
        """The plain bytes; raises BlobMissing or BlobDamaged, and never returns other bytes than were put."""
        try:
            sealed = self._path(digest).read_bytes()
        except OSError as error:
            raise BlobMissing(digest=digest) from error
        return self._unseal(sealed, digest)

    def has(self, digest: Digest) -> bool:
        """Whether a file of that name is there; ``get`` tells whether it is sound."""
        return self._path(digest).is_file()

    def sweep(self, keep: Collection[Digest]) -> list[Digest]:
        """Remove every blob not in ``keep``, and what killed writers left unfinished. Returns the blobs."""
        kept = set(keep)
        orphans = [digest for digest in self.all() if digest not in kept]
        for digest in orphans:
            self._path(digest).unlink(missing_ok=True)
        for unfinished in self._staging.glob(".*.tmp"):
            unfinished.unlink(missing_ok=True)
        return orphans

    def all(self) -> Iterator[Digest]:
        """The names of everything kept, in order."""
        for path in sorted(self._folder.glob("??/*")):
            if _NAME.fullmatch(path.name):
                yield Digest(path.name)

    @property
    def _staging(self) -> Path:
        return self._folder / "unfinished"

    def _path(self, digest: Digest) -> Path:
        if not _NAME.fullmatch(digest):
            raise BlobMissing(digest=digest)
        return self._folder / digest[:2] / digest

    def _is_intact(self, digest: Digest) -> bool:
        try:
            self.get(digest)
        except (BlobMissing, BlobDamaged):
            return False
        return True

    def _seal(self, plain: bytes, digest: Digest) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _MAGIC + nonce + AESGCM(self._key).encrypt(nonce, plain, _MAGIC + bytes.fromhex(digest))

    def _unseal(self, sealed: bytes, digest: Digest) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        body_at = len(_MAGIC) + _NONCE_BYTES
        nonce, body = sealed[len(_MAGIC) : body_at], sealed[body_at:]
        try:
            if not sealed.startswith(_MAGIC):
                raise BlobDamaged(digest=digest)
            plain = AESGCM(self._key).decrypt(nonce, body, _MAGIC + bytes.fromhex(digest))
        except (InvalidTag, ValueError) as error:
            raise BlobDamaged(digest=digest) from error
        if hashlib.sha256(plain).hexdigest() != digest:
            raise BlobDamaged(digest=digest)
        return plain
