"""One entry of the ledger: RFC 8785 canonical JSON, so that everybody hashes the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import rfc8785

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None

VERSION = 1
_LARGEST_EXACT = 2**53 - 1  # RFC 7493: a larger whole number travels as text
_OURS = ("v", "seq", "at", "kind", "batch")
LARGEST_ENTRY = 2**16 - 1
"""Bytes: entry bundles (c2sp.org/tlog-tiles) count an entry's length in 16 bits."""


def entry_bytes(
    seq: int, at: datetime, kind: str, facts: Mapping[str, Json], *, batch: int | None = None
) -> bytes:
    """The bytes that are hashed and stored; whole numbers past 2**53 become text.

    ``batch``: the size whose checkpoint is the first over this entry, where that is not the next one. Raises
    ValueError when the facts name what an entry names itself, or are larger than an entry may be.
    """
    taken = [name for name in _OURS if name in facts]
    if taken:
        raise ValueError(f"an entry names these itself: {taken}")
    own: dict[str, Any] = {"v": VERSION, "seq": seq, "at": timestamp(at), "kind": kind}
    own |= {} if batch is None else {"batch": batch}
    body = rfc8785.dumps(own | {name: _plain(value) for name, value in facts.items()})
    if len(body) > LARGEST_ENTRY:
        raise ValueError(f"an entry has at most {LARGEST_ENTRY} bytes")
    return body


def sealed_at(index: int, fields: Mapping[str, Any]) -> int:
    """The size whose checkpoint is the first over entry ``index``: the next, or the end of its batch."""
    batch = fields.get("batch")
    if isinstance(batch, int) and not isinstance(batch, bool) and batch > index:
        return batch
    return index + 1


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_entry(body: bytes) -> dict[str, Any] | None:
    """The entry's fields, None when the bytes are no entry at all."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _plain(value: Json) -> Any:
    if isinstance(value, str):
        return value.encode(
            "utf-8", "backslashreplace"
        ).decode()  # file names may hold bytes that are no text
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence):
        return [_plain(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST_EXACT:
        return str(value)
    return value
