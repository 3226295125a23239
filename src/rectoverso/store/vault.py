"""Envelopes: AES-256-GCM, each bound to the row that it stands in.

A sealed value is ``RVR1`` + 12 bytes of nonce + AES-256-GCM; where it stands (table and row) is authenticated with it,
so that one that was changed, or moved to another row, does not open. What is about one picture, work or person is
sealed with a data key of its own (``store.data_keys``); what is about the whole home, with that of the home.
"""

from __future__ import annotations

import hmac
import secrets

from rectoverso.errors import RecordDamaged

_MAGIC = b"RVR1"
NONCE_BYTES = 12
HEAD_BYTES = len(_MAGIC) + NONCE_BYTES
"""What a sealed value begins with: another one at each sealing."""
KEY_BYTES = 32


class Cipher:
    """Seals and opens values with one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._invalid = InvalidTag
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, place: str) -> bytes:
        """``plain`` encrypted for one place, such as ``works/1a2b3c4d``."""
        return self.sealed_again(plain, place, secrets.token_bytes(NONCE_BYTES))

    def sealed_again(self, plain: bytes, place: str, nonce: bytes) -> bytes:
        """The same with a nonce that was drawn for another key. Never use one twice with this key."""
        return _MAGIC + nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed for this place. Raises RecordDamaged, and never returns anything else."""
        try:
            if not sealed.startswith(_MAGIC):
                raise RecordDamaged(place=place)
            return self._cipher.decrypt(sealed[len(_MAGIC) : HEAD_BYTES], sealed[HEAD_BYTES:], place.encode())
        except (self._invalid, ValueError) as error:
            raise RecordDamaged(place=place) from error


class Vault(Cipher):
    """What the key of a home (32 bytes) is for: its own records, and names that only it can make."""

    def __init__(self, home_key: bytes) -> None:
        super().__init__(hmac.digest(home_key, b"rectoverso records v1", "sha256"))
        self._home_key = home_key
        self._names = hmac.digest(home_key, b"rectoverso names v1", "sha256")
        self.veil_key = hmac.digest(home_key, b"rectoverso veil v1", "sha256")
        """What hashes are veiled with where a database searches them by itself."""
        self.pseudonym_key = hmac.digest(home_key, b"rectoverso pseudonyms v1", "sha256")
        """What patients, their UIDs and their dates are replaced by."""

    def name(self, value: str) -> str:
        """A name for ``value``, 64 hexadecimal digits, that only this home can tell from any other."""
        return hmac.digest(self._names, value.encode("utf-8", "backslashreplace"), "sha256").hex()

    def public_name(self, digest: str) -> str:
        """How the ledger names a request: its plain digest could be found by guessing seeds and prompts."""
        return hmac.digest(self._home_key, b"ledger request " + digest.encode(), "sha256").hex()
