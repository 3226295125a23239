"""A proof of one entry that anyone verifies offline: c2sp.org/tlog-proof@v1, stored as `.tlog-proof`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rectoverso.types import Message
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.checkpoint import BadNote, NoteKey, open_checkpoint

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_LONGEST_PATH = 64
_LARGEST_PROOF = 200_000


class BadProofText(ValueError):
    """The text is no tlog-proof."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Where an entry stands, the hashes from its sibling up to the root, and the signed checkpoint."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class ProofReading:
    """What a proof proves: ledger ``origin`` of ``size`` entries holds this entry, unless problems say no."""

    index: int | None
    size: int | None
    origin: str
    problems: tuple[Message, ...]


def write_proof(index: int, path: Sequence[bytes], checkpoint: bytes) -> str:
    """The proof's text."""
    lines = [_HEADER, f"index {index}", *(base64.b64encode(value).decode() for value in path)]
    return "\n".join(lines) + "\n\n" + checkpoint.decode()


def read_proof(text: str) -> Proof:
    """The proof behind the text; nothing of it is verified yet. Raises BadProofText."""
    head, blank, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > _LARGEST_PROOF or not blank or lines.pop(0) != _HEADER or not lines:
        raise BadProofText("not a tlog-proof")
    if lines[0].startswith("extra "):
        lines.pop(0)  # opaque, unauthenticated, and nothing of ours
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None or len(lines) > _LONGEST_PATH:
        raise BadProofText("no index, or too long a path")
    return Proof(int(index[1]), tuple(_hash(line) for line in lines), checkpoint.encode())


def verify_proof(text: str, entry: bytes, key: NoteKey) -> ProofReading:
    """Verify offline that the ledger which signs with ``key`` holds ``entry``.

    1. The text is a tlog-proof.
    2. Its checkpoint is signed by the ledger's key.
    3. The entry's hash and the path lead to the root in that checkpoint.
    """
    try:
        proof = read_proof(text)
    except BadProofText:
        return _failed(key, "proof_unreadable")
    try:
        head = open_checkpoint(proof.checkpoint, key)
    except BadNote:
        return _failed(key, "proof_unsigned", proof.index)
    try:
        root = merkle.root_from_inclusion(proof.index, head.size, merkle.leaf_hash(entry), proof.path)
    except merkle.BadProof:
        return _failed(key, "proof_misshapen", proof.index, head.size)
    if root != head.root:
        return _failed(key, "proof_other_entry", proof.index, head.size)
    return ProofReading(proof.index, head.size, key.name, ())


def _failed(key: NoteKey, problem: str, index: int | None = None, size: int | None = None) -> ProofReading:
    facts = {"origin": key.name, "index": index}
    return ProofReading(index, size, key.name, (Message(f"ledger.{problem}", facts),))


def _hash(line: str) -> bytes:
    try:
        value = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadProofText("not base64") from error
    if len(value) != merkle.HASH_BYTES or base64.b64encode(value).decode() != line:
        raise BadProofText("not a hash")
    return value
