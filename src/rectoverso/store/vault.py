"""Records about people, encrypted within their rows: who holds which rights, and what was found because of them.

A sealed value is ``RVR1`` + 12 bytes of nonce + AES-256-GCM; where it stands (table and row) is authenticated with it,
so that one that was changed, or moved to another row, does not open. Its key is made from that of the stored pictures.
"""

from __future__ import annotations

import hmac
import secrets

from rectoverso.errors import RecordDamaged

_MAGIC = b"RVR1"
NONCE_BYTES = 12
HEAD_BYTES = len(_MAGIC) + NONCE_BYTES
"""What a sealed value begins with: another one at each sealing."""


class Vault:
    """Seals and opens the values of one home; ``blob_key`` is its 32 bytes for stored pictures."""

    def __init__(self, blob_key: bytes) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._invalid = InvalidTag
        self._cipher = AESGCM(hmac.digest(blob_key, b"rectoverso records v1", "sha256"))
        self._names = hmac.digest(blob_key, b"rectoverso names v1", "sha256")
        self.veil_key = hmac.digest(blob_key, b"rectoverso veil v1", "sha256")
        """What hashes are veiled with where a database searches them by itself."""
        self.pseudonym_key = hmac.digest(blob_key, b"rectoverso pseudonyms v1", "sha256")
        """What patients, their UIDs and their dates are replaced by."""

    def seal(self, plain: bytes, place: str) -> bytes:
        """``plain`` encrypted for one place, such as ``works/1a2b3c4d``."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return _MAGIC + nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed for this place. Raises RecordDamaged, and never returns anything else."""
        try:
            if not sealed.startswith(_MAGIC):
                raise RecordDamaged(place=place)
            return self._cipher.decrypt(sealed[len(_MAGIC) : HEAD_BYTES], sealed[HEAD_BYTES:], place.encode())
        except (self._invalid, ValueError) as error:
            raise RecordDamaged(place=place) from error

    def name(self, value: str) -> str:
        """A name for ``value``, 64 hexadecimal digits, that only this home can tell from any other."""
        return hmac.digest(self._names, value.encode(), "sha256").hex()
