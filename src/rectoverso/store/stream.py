"""Envelopes for what is too large for memory: a file sealed piece by piece, so that it is read without all of it.

A sealed stream is ``RVS1`` + 16 bytes of salt + pieces of a mebibyte, each AES-256-GCM with a tag of its own. The
pieces' key is made of the folder's key, the salt and the place (HKDF-SHA256), so that nonces may simply count; the
nonce also says which piece is the last. So pieces that were changed, moved, left out or added do not open, nor does a
stream that was cut, or put in another place. (The construction is STREAM: Hoang, Reyhanitabar, Rogaway and Vizár,
"Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015, section 7.)
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import IO

from rectoverso.errors import RecordDamaged

_MAGIC = b"RVS1"
_SALT_BYTES, _TAG_BYTES = 16, 16
PIECE = 1 << 20
HEAD_BYTES = len(_MAGIC) + _SALT_BYTES


class Sealer:
    """Writes into ``out`` what it is given, sealed; nothing opens before ``close``."""

    def __init__(self, out: IO[bytes], key: bytes, place: str) -> None:
        salt = secrets.token_bytes(_SALT_BYTES)
        self._out, self._pieces = out, _Pieces(key, salt, place)
        self._waiting = bytearray()
        out.write(_MAGIC + salt)

    def write(self, plain: bytes) -> None:
        """Seal more. What may yet be the last piece waits."""
        self._waiting += plain
        while len(self._waiting) > PIECE:
            self._out.write(self._pieces.seal(bytes(self._waiting[:PIECE]), is_last=False))
            del self._waiting[:PIECE]

    def close(self) -> None:
        """Seal the last piece."""
        self._out.write(self._pieces.seal(bytes(self._waiting), is_last=True))
        self._waiting.clear()


def opened(sealed: IO[bytes], key: bytes, place: str) -> Iterator[bytes]:
    """What was sealed for this place, piece by piece. Raises RecordDamaged, where the damage is; what came before that
    is what was sealed, but not all of it.
    """
    head = sealed.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES or not head.startswith(_MAGIC):
        raise RecordDamaged(place=place)
    pieces = _Pieces(key, head[len(_MAGIC) :], place)
    piece = sealed.read(PIECE + _TAG_BYTES)
    while True:
        following = sealed.read(PIECE + _TAG_BYTES)
        yield pieces.open(piece, is_last=not following)
        if not following:
            return
        piece = following


class _Pieces:
    """The key of one stream, and the number of its next piece."""

    def __init__(self, key: bytes, salt: bytes, place: str) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        made_for = b"rectoverso stream v1 " + place.encode()
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt, made_for).derive(key))
        self._invalid, self._place, self._number = InvalidTag, place, 0

    def seal(self, plain: bytes, *, is_last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(is_last), plain, None)

    def open(self, sealed: bytes, *, is_last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(is_last), sealed, None)
        except (self._invalid, ValueError) as error:
            raise RecordDamaged(place=self._place) from error

    def _nonce(self, is_last: bool) -> bytes:
        self._number += 1
        return self._number.to_bytes(11, "big") + bytes([is_last])
