"""What is claimed of a work: what its owner asks, what kind of right it is, where and until when, and how sure it is.

The words here are those of the catalogue and of the command; what they lead to is decided in ``verso.screen.claims``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Self

EUROPEAN_UNION = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)


class Asked(StrEnum):
    """What the owner asks when a picture is alike."""

    BLOCK = "block"
    REVIEW = "review"
    CREDIT = "credit"


class Kind(StrEnum):
    """What is protected."""

    EXACT = "exact"
    CHARACTER = "character"
    LOGO = "logo"
    LIKENESS = "likeness"
    STYLE = "style"
    HERITAGE = "heritage"


class State(StrEnum):
    """How sure the claim is. A withdrawn one is kept, and nothing is compared with it."""

    ASSERTED = "asserted"
    VERIFIED = "verified"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights in a work. ``since`` and ``until`` are its first and last day (UTC), None where there is none.

    ``territory`` has two-letter codes of ISO 3166, or ``EU``; none is everywhere.
    """

    licence: str = ""
    contact: str = ""
    territory: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    asked: Asked = Asked.BLOCK
    kind: Kind = Kind.EXACT

    def hold_on(self, day: date) -> bool:
        """Whether they have begun and not ended; both days count."""
        return (self.since is None or self.since <= day) and not self.have_ended(day)

    def have_ended(self, day: date) -> bool:
        return self.until is not None and self.until < day

    def reach(self, territory: Collection[str]) -> bool:
        """Whether they hold somewhere in these countries; none named, on either side, is everywhere."""
        if not self.territory or not territory:
            return True
        return not _countries(self.territory).isdisjoint(_countries(territory))

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it, by the names of the catalogue's columns."""
        return {
            "licence": self.licence,
            "contact": self.contact,
            "territory": list(self.territory),
            "from": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "asked": self.asked.value,
            "kind": self.kind.value,
        }

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """What ``plain`` was made from."""
        return cls(
            licence=plain["licence"],
            contact=plain["contact"],
            territory=tuple(plain["territory"]),
            since=date.fromisoformat(plain["from"]) if plain["from"] else None,
            until=date.fromisoformat(plain["until"]) if plain["until"] else None,
            asked=Asked(plain["asked"]),
            kind=Kind(plain["kind"]),
        )


def _countries(codes: Collection[str]) -> set[str]:
    return {*codes} | (EUROPEAN_UNION if "EU" in codes else set())
