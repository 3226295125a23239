"""What audits of the same weights said before, as the ledger of a home tells it, and what it takes to clear that.

A run that was found short could be audited again until it passes: with fewer pictures, with others, without the bar. So
what was found is cleared only by an audit that asked as many of each, beside the same held-out pictures, for a bar as
low where that was what it was short of. Which pictures of a set are asked about is no matter of luck either
(``workflow.members``). What came before is told on the page, passed or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any

from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.verso.ledger.entry import Json
from rectoverso.workflow.ledgers import entries_backwards

AUDITED = "run_audited"
"""The kind of entry that tells of an audit."""

LACKS = frozenset({"weaker", "other_pictures", "no_bar"})
"""What an audit may be short of that found nothing itself."""


@dataclass(frozen=True, slots=True)
class Audited:
    """One audit: what it said, of how many pictures, and beside which (the digest of the held-out data). ``most``: the
    bar that was set, None for none.
    """

    passed: bool
    short: tuple[str, ...]
    members: int
    others: int
    drawn: int
    held_out: str
    most: float | None
    date: str = ""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Audited:
        """From an entry of the ledger; one from before these were told counts as larger than any."""
        members, others, drawn = (int(entry.get(name, 2**53)) for name in ("members", "others", "drawn"))
        short = tuple(map(str, entry["short"]))
        held_out, most = str(entry["held_out"]), entry.get("most")
        return cls(bool(entry["passed"]), short, members, others, drawn, held_out, most, str(entry["at"]))

    @property
    def found(self) -> bool:
        """Whether it found something itself, and was not merely too little to clear what was."""
        return not LACKS.issuperset(self.short)

    def facts(self) -> dict[str, Json]:
        """As an entry tells it, which has a date of its own."""
        told: dict[str, Json] = asdict(self) | {"short": list(self.short)}
        return {name: value for name, value in told.items() if name != "date"}

    def plain(self) -> dict[str, Json]:
        """As JSON keeps it."""
        return self.facts() | {"date": self.date}


def earlier_audits(home: Home, tx: Transaction, weights: str) -> list[Audited]:
    """Audits of these weights in this home, the last first."""
    return [
        Audited.of(entry)
        for _, entry in entries_backwards(home, tx)
        if entry.get("kind") == AUDITED and entry.get("run") == weights
    ]


def lacking(now: Audited, before: Sequence[Audited]) -> tuple[str, ...]:
    """Why an audit that found nothing does not clear what those before (the last first) found; empty where it does."""
    standing = [one for one in takewhile(lambda one: not one.passed, before) if one.found]
    reasons = {
        "weaker": any(_is_smaller(now, one) for one in standing),
        "other_pictures": any(now.held_out != one.held_out for one in standing),
        "no_bar": any(_is_laxer(now, one) for one in standing),
    }
    return tuple(name for name, holds in reasons.items() if holds)


def _is_smaller(now: Audited, before: Audited) -> bool:
    return now.members < before.members or now.others < before.others or now.drawn < before.drawn


def _is_laxer(now: Audited, before: Audited) -> bool:
    if before.most is None or "not_shown" not in before.short:
        return False
    return now.most is None or now.most > before.most
