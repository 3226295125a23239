"""One thing that somebody said about the use of a picture, with the very words that said it.

Signals are read, never fetched. Of several the strictest counts, whoever said it; what cannot be understood is not
taken for a yes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MOST_RAW = 1000
"""Characters of the words themselves that are kept; their digest is that of all of what was read."""


class Says(StrEnum):
    """What a signal says of training, the strictest first. ``constrained``: under conditions, so it is no yes."""

    RESERVED = "reserved"
    CONSTRAINED = "constrained"
    UNCLEAR = "unclear"
    ALLOWED = "allowed"


STRICTNESS = tuple(Says)


class SignalKind(StrEnum):
    """Where a signal stood, and in which vocabulary."""

    TDMREP_HEADER = "tdmrep_header"
    TDMREP_META = "tdmrep_meta"
    TDMREP_FILE = "tdmrep_file"
    TDMREP_XMP = "tdmrep_xmp"
    AIPREF_HEADER = "aipref_header"
    AIPREF_ROBOTS = "aipref_robots"
    CONTENT_SIGNAL = "content_signal"
    RSL = "rsl"
    ROBOTS_AGENTS = "robots_agents"
    AI_TXT = "ai_txt"
    NOAI_HEADER = "noai_header"
    NOAI_META = "noai_meta"
    PLUS_XMP = "plus_xmp"
    CAWG = "cawg"
    C2PA = "c2pa"
    ISCC = "iscc"


@dataclass(frozen=True, slots=True)
class Source:
    """What was read: where it lay (a path within the source, or a column), and the SHA-256 of its bytes."""

    where: str
    digest: str

    @classmethod
    def of(cls, where: str, data: bytes) -> Source:
        return cls(where, hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True)
class Signal:
    """``raw`` are the words themselves, at most ``MOST_RAW`` characters of them."""

    kind: SignalKind
    says: Says
    raw: str
    source: Source

    def plain(self) -> dict[str, str]:
        """As a manifest keeps it."""
        return {
            "kind": self.kind.value,
            "says": self.says.value,
            "raw": sound(self.raw[:MOST_RAW]),
            "where": self.source.where,
            "sha256": self.source.digest,
        }

    @classmethod
    def of_plain(cls, row: Mapping[str, Any]) -> Signal:
        """From `plain`."""
        source = Source(row["where"], row["sha256"])
        return cls(SignalKind(row["kind"]), Says(row["says"]), row["raw"], source)


def sound(text: str) -> str:
    """The text without halves of letters (lone surrogates), which no file takes: question marks stand in for them."""
    return text.encode("utf-8", "replace").decode()


def strictest(answers: Iterable[Says]) -> Says | None:
    """The strictest of several answers; None where there is none."""
    return min(answers, key=STRICTNESS.index, default=None)
