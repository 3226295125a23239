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
_OURS = ("v", "seq", "at", "kind")


def entry_bytes(seq: int, at: datetime, kind: str, facts: Mapping[str, Json]) -> bytes:
    """The bytes that are hashed and stored; whole numbers past 2**53 become text."""
    taken = [name for name in _OURS if name in facts]
    if taken:
        raise ValueError(f"an entry names these itself: {taken}")
    own: dict[str, Any] = {"v": VERSION, "seq": seq, "at": timestamp(at), "kind": kind}
    return rfc8785.dumps(own | {name: _plain(value) for name, value in facts.items()})


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
