"""The signed head of the ledger: a c2sp.org/tlog-checkpoint, which is a c2sp.org/signed-note.

rectoverso.local/0123456789abcdef      origin: which ledger
42                                     how many entries
CsUYapGGPo4dkMgIAUqom/Xajj7h2f...      root of the tree, base64

— rectoverso.local/0123456789abcdef Az3grlgtzPICa5OS...     key id and Ed25519 signature, base64
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from rectoverso.verso.ledger.merkle import HASH_BYTES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_LARGEST_NOTE = 100_000
_MOST_SIGNATURES = 32
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME = re.compile(r"[^\s+]+")


class BadNote(ValueError):
    """Not a checkpoint, or not signed by the key it should be signed by."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a ledger says of itself at one size; ``root`` is 32 bytes."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key under the name it signs notes with."""

    name: str
    key: Ed25519PublicKey

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError("a key's name has neither spaces nor plus signs, and is not empty")

    @property
    def key_id(self) -> bytes:
        """4 bytes: they tell keys apart, and prove nothing."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key.public_bytes_raw()).digest()[
            :_KEY_ID_BYTES
        ]

    @property
    def text(self) -> str:
        """One line to hand to others: name, key id, type and key, as Go's note package writes them."""
        encoded = base64.b64encode(_ED25519 + self.key.public_bytes_raw()).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """The key behind such a line; raises BadNote."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            name, key_id, encoded = text.strip().split("+", 2)
            kind_and_key = _decoded(encoded)
            if kind_and_key[:1] != _ED25519:
                raise BadNote("not an Ed25519 key")
            found = cls(name, Ed25519PublicKey.from_public_bytes(kind_and_key[1:]))
        except ValueError as error:
            raise BadNote("not a verifier key") from error
        if found.key_id.hex() != key_id:
            raise BadNote("the key id is not of this name and key")
        return found


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The signed note over ``text``, which ends in a newline."""
    note_key = NoteKey(name, key.public_key())
    signature = base64.b64encode(note_key.key_id + key.sign(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n"


def open_note(note: bytes, key: NoteKey) -> str:
    """The text of a note that ``key`` signed; signatures of others are passed over. Raises BadNote."""
    from cryptography.exceptions import InvalidSignature

    text, lines = _divided(note)
    signatures = [_signature(line) for line in lines]
    ours = [signature for name, signature in signatures if name == key.name and signature[:4] == key.key_id]
    if not ours:
        raise BadNote("not signed by this key")
    try:
        for signature in ours:
            key.key.verify(signature[_KEY_ID_BYTES:], text.encode())
    except InvalidSignature as error:
        raise BadNote("the signature does not fit the text") from error
    return text


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The note under the origin's own name, as the specification advises."""
    return sign(checkpoint.text, checkpoint.origin, key)


def open_checkpoint(note: bytes, key: NoteKey) -> Checkpoint:
    """What the note says, once its signature has been verified; raises BadNote."""
    lines = open_note(note, key).split("\n")
    if len(lines) < 4 or "" in lines[:-1]:
        raise BadNote("not a checkpoint")
    origin, size, encoded = lines[:3]
    digest = _decoded(encoded)
    if origin != key.name or not _SIZE.fullmatch(size) or len(digest) != HASH_BYTES:
        raise BadNote("not a checkpoint of this ledger")
    return Checkpoint(origin, int(size), digest)


def _divided(note: bytes) -> tuple[str, list[str]]:
    """Text and signature lines: the last empty line divides them."""
    if len(note) > _LARGEST_NOTE:
        raise BadNote("too long")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadNote("not text") from error
    if any(character < " " and character != "\n" for character in whole):
        raise BadNote("control characters")
    text, blank, signatures = whole.rpartition("\n\n")
    lines = signatures.split("\n")
    if not blank or lines.pop() != "" or not 0 < len(lines) <= _MOST_SIGNATURES:
        raise BadNote("not a signed note")
    return text + "\n", lines


def _signature(line: str) -> tuple[str, bytes]:
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    signature = _decoded(encoded)
    if mark != "—" or not _NAME.fullmatch(name) or len(signature) <= _KEY_ID_BYTES:
        raise BadNote("not a signature line")
    return name, signature


def _decoded(encoded: str) -> bytes:
    try:
        value = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("not base64") from error
    if base64.b64encode(value).decode() != encoded:  # one text for one value: no bit is left to play with
        raise BadNote("not base64")
    return value
