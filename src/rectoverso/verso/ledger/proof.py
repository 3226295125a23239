"""A proof of one entry that anyone verifies offline: c2sp.org/tlog-proof@v1, stored as `.tlog-proof`.

c2sp.org/tlog-proof@v1
extra eyJhc3NldCI6ImQ0...              the entry itself, base64: what its hash is made of
index 41
gSKyXoYZUgZ6jduWYrkDOARinOMGJ...      hashes from its sibling up to the root

rectoverso.local/0123456789abcdef     the checkpoint
42
...
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rectoverso.types import Message
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.checkpoint import Checkpoint, demand_signature, open_checkpoint
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.note import BadNote, decoded, read_note

SUFFIX = ".tlog-proof"
_HEADER = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_LONGEST_PATH = 64
LARGEST_PROOF = 200_000
"""Characters: far more than a proof with every signature needs."""


class BadProofText(ValueError):
    """The text is no tlog-proof."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Where an entry stands, the hashes from its sibling up to the root, the signed checkpoint; ``entry`` is None when
    the proof does not hold it.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    entry: bytes | None = None


@dataclass(frozen=True, slots=True)
class ProofReading:
    """What a proof proves: ledger ``origin`` of ``size`` entries holds ``entry``, unless problems say no."""

    index: int | None
    size: int | None
    origin: str
    problems: tuple[Message, ...]
    entry: bytes = b""
    root: bytes = b""
    signed_with: tuple[str, ...] = ()


def beside(file: Path) -> Path:
    """Where the proof of a released file lies."""
    return file.with_name(file.name + SUFFIX)


def write_proof(index: int, path: Sequence[bytes], checkpoint: bytes, entry: bytes | None = None) -> str:
    """The proof's text."""
    lines = [_HEADER]
    lines += [] if entry is None else [_EXTRA + base64.b64encode(entry).decode()]
    lines += [f"index {index}", *(base64.b64encode(value).decode() for value in path)]
    return "\n".join(lines) + "\n\n" + checkpoint.decode()


def read_proof(text: str) -> Proof:
    """The proof behind the text; nothing of it is verified yet. Raises BadProofText."""
    head, blank, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > LARGEST_PROOF or not blank or lines.pop(0) != _HEADER or not lines:
        raise BadProofText("not a tlog-proof")
    extra = lines.pop(0).removeprefix(_EXTRA) if lines[0].startswith(_EXTRA) else None
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None or len(lines) > _LONGEST_PATH:
        raise BadProofText("no index, or too long a path")
    try:
        entry = None if extra is None else decoded(extra)
        path = tuple(decoded(line) for line in lines)
    except BadNote as error:
        raise BadProofText("not base64") from error
    if any(len(value) != merkle.HASH_BYTES for value in path):
        raise BadProofText("not a hash")
    return Proof(int(index[1]), path, checkpoint.encode("utf-8", "backslashreplace"), entry)


def verify_proof(text: str, ring: KeyRing, entry: bytes | None = None) -> ProofReading:
    """Verify offline that the ledger which signs with ``ring`` holds ``entry``, or else the entry in the proof.

    1. The text is a tlog-proof.
    2. Its checkpoint is signed by a key that the ledger had at its size, and no signature of those keys fails.
    3. The entry's hash and the path lead to the root in that checkpoint.
    """
    try:
        proof = read_proof(text)
    except BadProofText:
        return _failed(ring, "proof_unreadable")
    try:
        head = open_checkpoint(proof.checkpoint, ring, any_key=True)
    except BadNote:
        return _failed(ring, "proof_unsigned", proof.index)
    body = proof.entry if entry is None else entry
    if body is None:
        return _failed(ring, "proof_without_entry", proof.index, head.size)
    try:
        root = merkle.root_from_inclusion(proof.index, head.size, merkle.leaf_hash(body), proof.path)
    except merkle.BadProof:
        return _failed(ring, "proof_misshapen", proof.index, head.size)
    if root != head.root:
        return _failed(ring, "proof_other_entry", proof.index, head.size)
    return ProofReading(proof.index, head.size, ring.origin, (), body, root, _signers(proof, head, ring))


def _signers(proof: Proof, head: Checkpoint, ring: KeyRing) -> tuple[str, ...]:
    """The algorithms whose signatures the checkpoint carries, all of which held."""
    text, signatures = read_note(proof.checkpoint)
    return tuple(
        key.kind.label for key in ring.at(head.size) if demand_signature(head, text, signatures, key)
    )


def _failed(ring: KeyRing, problem: str, index: int | None = None, size: int | None = None) -> ProofReading:
    facts = {"origin": ring.origin, "index": index}
    return ProofReading(index, size, ring.origin, (Message(f"ledger.{problem}", facts),))
