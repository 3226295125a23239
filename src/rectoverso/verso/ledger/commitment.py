"""Personal data in the ledger: only as a commitment, whose opening lies elsewhere and can be erased.

The ledger holds an HMAC-SHA-256 of the value, keyed by a random salt. With salt and value anybody can check that this
is what was written; without the salt, of 256 bits, nobody can find the value by guessing. So erasing the opening
erases the data, and the tree is as it was.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from typing import Any

_LABEL = b"rectoverso ledger commitment v1\n"
_SALT_BYTES = 32
_NAME = "commitment"


def commit(value: str) -> tuple[str, bytes]:
    """The commitment (64 hexadecimal digits) and the salt that opens it, drawn anew each time."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return commitment_of(value, salt), salt


def commitment_of(value: str, salt: bytes) -> str:
    """What ``commit`` makes with this salt: HMAC-SHA-256 keyed by it."""
    return hmac.digest(salt, _LABEL + value.encode("utf-8", "backslashreplace"), "sha256").hex()


def as_fact(commitment: str) -> dict[str, str]:
    """How a commitment stands in an entry."""
    return {_NAME: commitment}


def commitments_in(fields: Any) -> Iterator[str]:
    """Every commitment that an entry's fields hold, at any depth."""
    if isinstance(fields, dict):
        if isinstance(fields.get(_NAME), str):
            yield fields[_NAME]
        for value in fields.values():
            yield from commitments_in(value)
    elif isinstance(fields, list):
        for value in fields:
            yield from commitments_in(value)
