"""The signed head of the ledger: a c2sp.org/tlog-checkpoint, which is a c2sp.org/signed-note.

rectoverso.local/0123456789abcdef      origin: which ledger
42                                     how many entries
CsUYapGGPo4dkMgIAUqom/Xajj7h2f...      root of the tree, base64

— rectoverso.local/0123456789abcdef Az3grlgtzPICa5OS...     Ed25519, over the text above
— rectoverso.local/0123456789abcdef qx8wKwAAAABpJ9Yh...     ML-DSA-44, over the same facts and the time
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.merkle import HASH_BYTES
from rectoverso.verso.ledger.note import BadNote, KeyKind, NoteKey, Signature, decoded, read_note, write_note

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_TIME_BYTES = 8
_SUBTREE = b"subtree/v1\n\0"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a ledger says of itself at one size; ``root`` is 32 bytes."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def cosigned(self, name: str, time: int) -> bytes:
        """What ML-DSA-44 signs (c2sp.org/tlog-cosignature); ``time`` in seconds since 1970."""
        return b"".join(
            (
                _SUBTREE,
                _counted(name),
                time.to_bytes(_TIME_BYTES, "big"),
                _counted(self.origin),
                bytes(8),  # a whole tree begins at leaf 0
                self.size.to_bytes(8, "big"),
                self.root,
            )
        )


def open_checkpoint(note: bytes, ring: KeyRing, *, any_key: bool = False) -> Checkpoint:
    """What the note says, once signed by every key that the ring has for its size; raises BadNote.

    With ``any_key`` one of them is enough. Either way no signature of a known key may fail, and those of others are
    passed over.
    """
    text, signatures = read_note(note)
    head = _checkpoint(text)
    if head.origin != ring.origin:
        raise BadNote("not a checkpoint of this ledger")
    keys = ring.at(head.size)
    signed = [key for key in keys if demand_signature(head, text, signatures, key)]
    if not signed or (len(signed) < len(keys) and not any_key):
        raise BadNote("not signed by this ledger's keys")
    return head


def stated(note: bytes) -> Checkpoint:
    """What the note says, whoever signed it; raises BadNote."""
    return _checkpoint(read_note(note)[0])


def demand_signature(head: Checkpoint, text: str, signatures: Iterable[Signature], key: NoteKey) -> bool:
    """Whether ``key`` signed; raises BadNote when one of its signatures does not fit."""
    ours = [signature.value for signature in signatures if signature.is_by(key)]
    for value in ours:
        if key.kind is KeyKind.ED25519:
            key.demand(value, text.encode())
        elif text != head.text:
            raise BadNote("ML-DSA-44 signs no further lines")
        else:
            time = int.from_bytes(value[:_TIME_BYTES], "big")
            key.demand(value[_TIME_BYTES:], head.cosigned(key.name, time))
    return bool(ours)


def is_signed_by(note: bytes, keys: Iterable[NoteKey]) -> bool:
    """Whether every one of ``keys`` signed this checkpoint; whoever else did."""
    try:
        text, signatures = read_note(note)
        head = _checkpoint(text)
        return all(demand_signature(head, text, signatures, key) for key in keys)
    except BadNote:
        return False


def with_kinds(note: bytes, kinds: Iterable[KeyKind], ring: KeyRing) -> bytes:
    """The same checkpoint with only the signatures of the ring's keys of these kinds. Raises BadNote."""
    text, signatures = read_note(note)
    keys = [key for key in ring.at(_checkpoint(text).size) if key.kind in tuple(kinds)]
    return write_note(text, [one for one in signatures if any(one.is_by(key) for key in keys)]).encode()


def _checkpoint(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 4 or "" in lines[:-1]:
        raise BadNote("not a checkpoint")
    origin, size, encoded = lines[:3]
    digest = decoded(encoded)
    if not _SIZE.fullmatch(size) or len(digest) != HASH_BYTES:
        raise BadNote("not a checkpoint")
    return Checkpoint(origin, int(size), digest)


def _counted(text: str) -> bytes:
    """Bytes with their number before them, as TLS writes them (RFC 8446, section 3.4)."""
    raw = text.encode()
    if not 0 < len(raw) < 256:
        raise BadNote("a name has 1 to 255 bytes")
    return bytes([len(raw)]) + raw
