"""Layers that contradict one another: each is asked what it says, and no two may answer a question otherwise.

    which asset     credential, watermark, label
    made by AI      credential, label, China's block (which only ever says yes), the record of the asset
    which picture   watermark (the released picture of the asset it names), fingerprint (the picture seen here)
    which bytes     credential (these), ledger and record (those that were released)
    when            credential (made) <= time-stamp (signed) <= ledger (recorded)

The third and fourth are answered where pictures and ledgers are looked at; here stand the others. What anybody can lay
beside a file (a proof of another one) speaks for nobody and contradicts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise

from rectoverso.types import Message

TOLERANCE = timedelta(minutes=10)
"""By how much the clocks of a signer, an authority and a ledger may differ."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What one layer says, each None where it says nothing. ``layer`` is a name of the catalogue (`verify.witness`);
    ``asset`` an id or, from a small watermark, its beginning (``0123...``).
    """

    layer: str
    asset: str | None = None
    ai_generated: bool | None = None
    time: str | None = None


def contradictions(witnesses: Sequence[Witness]) -> tuple[Message, ...]:
    """An evidence row for every two layers that disagree. Times have to come in the order of ``witnesses``."""
    return (*_assets(witnesses), *_makers(witnesses), *_times(witnesses))


def _assets(witnesses: Sequence[Witness]) -> Iterator[Message]:
    for one, other in combinations([told for told in witnesses if told.asset], 2):
        if not _can_be_one(str(one.asset), str(other.asset)):
            yield _disagree("asset", one, other, says=one.asset, but=other.asset)


def _can_be_one(one: str, other: str) -> bool:
    begins = min(one.rstrip("."), other.rstrip("."), key=len)
    return one.startswith(begins) and other.startswith(begins)


def _makers(witnesses: Sequence[Witness]) -> Iterator[Message]:
    told = [one for one in witnesses if one.ai_generated is not None]
    for one, other in combinations(told, 2):
        if one.ai_generated != other.ai_generated:
            says, but = (one, other) if one.ai_generated else (other, one)
            yield _disagree("maker", says, but)


def _times(witnesses: Sequence[Witness]) -> Iterator[Message]:
    told = [(one, at) for one in witnesses if (at := _moment(one.time))]
    for (one, before), (other, after) in pairwise(told):
        if after + TOLERANCE < before:
            yield _disagree("time", one, other, says=one.time, but=other.time)


def _moment(time: str | None) -> datetime | None:
    """None for a time that is none, or in no time zone."""
    try:
        at = datetime.fromisoformat(time) if time else None
    except ValueError:
        return None
    return at if at and at.tzinfo else None


def _disagree(about: str, one: Witness, other: Witness, **facts: object) -> Message:
    names = {"one": Message(f"verify.witness.{one.layer}"), "other": Message(f"verify.witness.{other.layer}")}
    return Message(f"verify.evidence.contradiction_{about}", {**names, **facts})
