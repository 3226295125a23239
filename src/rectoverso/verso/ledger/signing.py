"""The private side: one generation of ledger keys, an Ed25519 and an ML-DSA-44 key that sign together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rectoverso.verso.ledger.checkpoint import Checkpoint
from rectoverso.verso.ledger.note import KeyKind, NoteKey, Signature, write_note

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Both private keys under the ledger's name. Nothing secret shows in the ``repr``."""

    origin: str
    ed25519: Ed25519PrivateKey = field(repr=False)
    ml_dsa_44: MLDSA44PrivateKey = field(repr=False)

    @property
    def public(self) -> tuple[NoteKey, NoteKey]:
        """What others need to verify."""
        return (
            NoteKey(self.origin, KeyKind.ED25519, self.ed25519.public_key().public_bytes_raw()),
            NoteKey(self.origin, KeyKind.ML_DSA_44, self.ml_dsa_44.public_key().public_bytes_raw()),
        )

    def over(self, head: Checkpoint, time: int) -> list[Signature]:
        """Both signatures over a checkpoint; ``time`` in seconds since 1970."""
        classic, quantum = self.public
        timed = time.to_bytes(8, "big") + self.ml_dsa_44.sign(head.cosigned(quantum.name, time))
        return [
            Signature(classic.name, classic.key_id, self.ed25519.sign(head.text.encode())),
            Signature(quantum.name, quantum.key_id, timed),
        ]

    def over_bytes(self, message: bytes) -> list[Signature]:
        """Both signatures over other bytes, which must not read as a checkpoint."""
        classic, quantum = self.public
        return [
            Signature(classic.name, classic.key_id, self.ed25519.sign(message)),
            Signature(quantum.name, quantum.key_id, self.ml_dsa_44.sign(message)),
        ]


def sign_checkpoint(head: Checkpoint, signers: Sequence[SigningKeys], time: int) -> str:
    """The note, with the signatures of every generation in ``signers``."""
    return write_note(head.text, [signature for keys in signers for signature in keys.over(head, time)])
