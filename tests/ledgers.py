"""Ledger keys that are the same in every run, and how to tamper with a ledger."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.signing import SigningKeys

ORIGIN = "rectoverso.local/test"


def signing(seed: int = 1, origin: str = ORIGIN) -> SigningKeys:
    """Another seed gives other keys."""
    raw = bytes([seed]) * 32
    return SigningKeys(
        origin, Ed25519PrivateKey.from_private_bytes(raw), MLDSA44PrivateKey.from_seed_bytes(raw)
    )


SIGNER, OTHER = signing(1), signing(2)
RING = KeyRing.of(*SIGNER.public)


def tamper(database: Path, *statements: str) -> None:
    """What an intruder with the file does: the triggers do not hold him up for long."""
    with sqlite3.connect(database) as raw:
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            raw.execute(statement)
    raw.close()
