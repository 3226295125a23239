"""Signed notes (c2sp.org/signed-note) and the public keys that open them.

text, ending in a newline

— name base64(key id, signature)     one line a signature

Two kinds of key sign here. Ed25519 (type 0x01) signs the text. ML-DSA-44 (type 0x06, c2sp.org/tlog-cosignature)
signs what a checkpoint says, with the time, and so signs nothing but checkpoints.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

KEY_ID_BYTES = 4
_LARGEST_NOTE = 200_000
_MOST_SIGNATURES = 32
_NAME = re.compile(r"[^\s+]+")
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")
"""Every control character of ASCII but the end of a line; in UTF-8 no other character has such a byte."""


class BadNote(ValueError):
    """Not a note, or not signed by the keys it should be signed by."""


class KeyKind(IntEnum):
    """The signature types of c2sp.org/signed-note that are known here."""

    ED25519 = 0x01
    ML_DSA_44 = 0x06

    @property
    def label(self) -> str:
        """The algorithm's usual name."""
        return {KeyKind.ED25519: "Ed25519", KeyKind.ML_DSA_44: "ML-DSA-44"}[self]


_KEY_BYTES = {KeyKind.ED25519: 32, KeyKind.ML_DSA_44: 1312}


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key, raw, under the name it signs notes with."""

    name: str
    kind: KeyKind
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError("a key's name has neither spaces nor plus signs, and is not empty")
        if len(self.public) != _KEY_BYTES[self.kind]:
            raise ValueError(f"an {self.kind.label} key has {_KEY_BYTES[self.kind]} bytes")

    @property
    def key_id(self) -> bytes:
        """4 bytes: they tell keys apart, and prove nothing."""
        return sha256(self.name.encode() + b"\n" + self._kind_and_key).digest()[:KEY_ID_BYTES]

    @property
    def text(self) -> str:
        """One line to hand to others: name, key id, type and key, as Go's note package writes them."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self._kind_and_key).decode()}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """The key behind such a line; raises BadNote."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            kind_and_key = decoded(encoded)
            found = cls(name, KeyKind(kind_and_key[0]), kind_and_key[1:])
        except (ValueError, IndexError) as error:
            raise BadNote("not a verifier key") from error
        if found.key_id.hex() != key_id:
            raise BadNote("the key id is not of this name and key")
        return found

    def demand(self, signature: bytes, message: bytes) -> None:
        """Raises BadNote unless this key made ``signature`` over ``message``."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

        kind = Ed25519PublicKey if self.kind is KeyKind.ED25519 else MLDSA44PublicKey
        try:
            kind.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise BadNote("the signature does not fit the text") from error

    @property
    def _kind_and_key(self) -> bytes:
        return bytes([self.kind]) + self.public


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who is said to have signed, with which key, and the signature itself."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"

    def is_by(self, key: NoteKey) -> bool:
        """Whether it claims to be of this key; nothing is verified by that."""
        return (self.name, self.key_id) == (key.name, key.key_id)


def write_note(text: str, signatures: list[Signature]) -> str:
    """The note over ``text``, which ends in a newline."""
    return text + "\n" + "".join(signature.line for signature in signatures)


def read_note(note: bytes) -> tuple[str, list[Signature]]:
    """Text and signatures, nothing of them verified; the last empty line divides them. Raises BadNote."""
    if len(note) > _LARGEST_NOTE:
        raise BadNote("too long")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadNote("not text") from error
    if _CONTROL.search(note):
        raise BadNote("control characters")
    text, blank, signatures = whole.rpartition("\n\n")
    lines = signatures.split("\n")
    if not blank or lines.pop() != "" or not 0 < len(lines) <= _MOST_SIGNATURES:
        raise BadNote("not a signed note")
    return text + "\n", [_signature(line) for line in lines]


def decoded(encoded: str) -> bytes:
    """The bytes behind base64 in its one canonical form: no bit is left to play with. Raises BadNote."""
    try:
        value = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("not base64") from error
    if base64.b64encode(value).decode() != encoded:
        raise BadNote("not base64")
    return value


def _signature(line: str) -> Signature:
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    value = decoded(encoded)
    if mark != "—" or not _NAME.fullmatch(name) or len(value) <= KEY_ID_BYTES:
        raise BadNote("not a signature line")
    return Signature(name, value[:KEY_ID_BYTES], value[KEY_ID_BYTES:])
