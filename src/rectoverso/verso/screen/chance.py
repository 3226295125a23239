"""How often an unrelated picture scores as high: the number that every finding of similarity carries, and its words.

Measured on this register's own negatives where it is calibrated (calibration.py), else the bounds that the shipped
limits come with, or what the description of the user's weights says. The pixels of a work are another matter: nothing
but a copy has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rectoverso.types import Message, Outcome
from rectoverso.verso.screen.cascade import AnyMatch
from rectoverso.verso.screen.embedding import NearMatch
from rectoverso.verso.screen.gallery import Match, Method


class Basis(StrEnum):
    """Where the number comes from."""

    CALIBRATED = "calibrated"
    SHIPPED = "shipped"
    DESCRIBED = "described"
    IDENTICAL = "identical"


@dataclass(frozen=True, slots=True)
class Chance:
    """``p_value``: how often an unrelated picture is as near to any work of the register, by the same score; None
    where that was never measured. ``at_most``: its upper bound at 95 % confidence, None where there is none.
    ``pictures``: on how many it was measured here, 0 for a shipped bound. ``is_beyond``: none of them scored as high.
    """

    basis: Basis
    p_value: float | None
    at_most: float | None
    pictures: int = 0
    is_beyond: bool = False

    @classmethod
    def shipped(cls, match: AnyMatch) -> Chance:
        """By the limit that the match reached; below all of them nothing is known."""
        if is_identical(match):
            return cls(Basis.IDENTICAL, 0.0, 0.0)
        rate = None if match.outcome is Outcome.PASS else match.false_positive_rate
        if isinstance(match, NearMatch):  # somebody's word, and no bound
            return cls(Basis.DESCRIBED, rate, None)
        return cls(Basis.SHIPPED, rate, rate)

    @property
    def one_in(self) -> int | None:
        """Of so many unrelated pictures one scores as high, in two digits."""
        return _one_in(self.p_value)

    @property
    def one_in_at_least(self) -> int | None:
        """And of so many at least, at 95 % confidence."""
        return _one_in(self.at_most)

    @property
    def message(self) -> Message:
        """The sentence."""
        facts = {"one_in": self.one_in, "at_least": self.one_in_at_least, "pictures": self.pictures}
        name = "beyond" if self.is_beyond else self.basis.value
        name = "unknown" if self.p_value is None else name
        return Message(f"screen.chance.{name}", {key: _grouped(number) for key, number in facts.items()})

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "basis": self.basis.value,
            "p_value": _short(self.p_value),
            "at_most": _short(self.at_most),
            "one_in": self.one_in,
            "one_in_at_least": self.one_in_at_least,
            "pictures": self.pictures,
        }


def is_identical(match: AnyMatch) -> bool:
    """Whether the very pixels are the same."""
    return isinstance(match, Match) and match.method is Method.EXACT


def _one_in(rate: float | None) -> int | None:
    """Rounded down, so that it never sounds rarer than it is."""
    if not rate:
        return None
    whole = int(1 / rate + 1e-9)
    unit = int(10 ** max(0, len(str(whole)) - 2))
    return whole // unit * unit


def _short(rate: float | None) -> float | None:
    return None if rate is None else float(f"{rate:.3g}")


def _grouped(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"
