"""What one attack can tell: how many members it recognises, at how many false alarms.

An attack gives each picture a score, the higher the likelier it was trained on (a *member*). What counts is not how
well it sorts all pictures but whether it is sure of some: the share of members that lie above nearly every picture that
was not trained on, which is the true positive rate at a low false positive rate.

Where the threshold of such a rate lies is known from the others alone, and a hundredth of few pictures is a throw of
dice. So the interval of a true positive rate has two parts: between which others the threshold lies, by order
statistics, and the interval of Clopper and Pearson for the members above either. Each has half of an end's error.

Sources: N. Carlini et al., "Membership Inference Attacks From First Principles", IEEE S&P 2022 (what to report);
C. Clopper and E. Pearson, Biometrika 26, 1934 (the intervals).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.screen.replication import upper_bound

# Shapes: N pictures, of which M members and O others.

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

RATES = (0.01, 0.001)
"""The false positive rates at which members are counted."""
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """``found`` of ``count``, and its exact two-sided interval at 95 %, or at another ``confidence``."""

    found: int
    count: int
    confidence: float = CONFIDENCE

    @property
    def value(self) -> float:
        return self.found / self.count if self.count else 0.0

    @property
    def low(self) -> float:
        return 1 - upper_bound(self.count - self.found, self.count, self._each) if self.count else 0.0

    @property
    def high(self) -> float:
        return upper_bound(self.found, self.count, self._each) if self.count else 1.0

    @property
    def _each(self) -> float:
        """The confidence of each of the two ends."""
        return 1 - (1 - self.confidence) / 2

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        told = {"value": self.value, "low": self.low, "high": self.high}
        return {"found": self.found, "count": self.count} | {name: round(n, 6) for name, n in told.items()}


@dataclass(frozen=True, slots=True)
class Recognised:
    """The members above all but ``allowed`` of the ``others``: the share at the false positive rate ``rate``.

    ``low`` and ``high``: the interval of the true positive rate where that is the false positive rate among all
    pictures of the kind, at 95 % or another confidence.
    """

    rate: float
    members: Share
    low: float
    high: float
    allowed: int
    others: int

    @property
    def at_most(self) -> float:
        """What the false positive rate of this threshold is at most, with 97.5 % confidence."""
        return Share(self.allowed, self.others).high

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        interval = {"low": round(self.low, 6), "high": round(self.high, 6)}
        return {
            "false_positive_rate": self.rate,
            "false_positives": self.allowed,
            "false_positive_rate_at_most": round(self.at_most, 6),
            "true_positive_rate": self.members.plain() | interval,
        }


@dataclass(frozen=True, slots=True)
class Attack:
    """What one attack says: the places of the pictures in the order of its scores, the highest first, and which of them
    in this order are members.
    """

    name: str
    place_N: NDArray[np.int64]
    is_member_N: Flags

    @classmethod
    def of(cls, name: str, score_N: Floats, is_member_N: Flags, seed: int = 0) -> Attack:
        """From scores, higher for what seems a member. Equal ones fall in an order that knows no membership; what is no
        number comes last.
        """
        lot_N = np.random.default_rng(seed).permutation(len(score_N))
        place_N = np.lexsort((lot_N, -np.where(np.isnan(score_N), -np.inf, score_N)))
        return cls(name, place_N, is_member_N[place_N])

    @property
    def members(self) -> int:
        return int(self.is_member_N.sum())

    @property
    def others(self) -> int:
        return len(self.is_member_N) - self.members

    @property
    def area(self) -> float:
        """Under the ROC curve: how often a member has the higher score of two. Half is chance."""
        before_N = np.cumsum(self.is_member_N)
        return float(before_N[~self.is_member_N].sum()) / max(1, self.members * self.others)

    @property
    def chance(self) -> float:
        """How often lots have as large an area (normal; Mann and Whitney 1947)."""
        return upper_tail(self._deviations)

    @property
    def chance_reversed(self) -> float:
        """How often lots have as small an area."""
        return upper_tail(-self._deviations)

    @property
    def _deviations(self) -> float:
        """How many standard deviations the area lies above chance."""
        spread = math.sqrt((self.members + self.others + 1) / (12 * max(1, self.members * self.others)))
        return (self.area - 0.5) / spread

    def at(self, rate: float, confidence: float = CONFIDENCE) -> Recognised | None:
        """What is recognised at a false positive rate; None where too few others are there to tell it."""
        allowed = int(rate * self.others + 1e-9)
        if not allowed:
            return None
        found = Share(len(self.above(allowed + 1)), self.members)
        first, last = threshold_ranks(rate, self.others, confidence)
        each = (1 + confidence) / 2  # each end has half of the error, and each part of an end half of that
        low = Share(len(self.above(first)), self.members, each).low if first else 0.0
        high = Share(len(self.above(last)), self.members, each).high if last <= self.others else 1.0
        return Recognised(rate, found, low, high, allowed=allowed, others=self.others)

    def above(self, rank: int) -> NDArray[np.int64]:
        """The places of the members above the rank-th (from 1) of the others, the highest first."""
        before = int(np.flatnonzero(~self.is_member_N)[rank - 1])
        return self.place_N[:before][self.is_member_N[:before]]

    def curve(self) -> tuple[Floats, Floats]:
        """False and true positive rates, both ascending, one point for each picture that was not trained on."""
        others_N = ~self.is_member_N
        true_O = np.cumsum(self.is_member_N)[others_N] / max(1, self.members)
        return np.arange(1, self.others + 1) / max(1, self.others), np.asarray(true_O, np.float64)


@cache
def threshold_ranks(rate: float, others: int, confidence: float = CONFIDENCE) -> tuple[int, int]:
    """Between which of the ``others``, counted from the highest, the threshold of a false positive rate lies: the last
    whose own rate is surely no larger (0 for none), and the first whose own is surely no smaller (others + 1 for none).
    """
    each = (1 + confidence) / 2
    first = int(rate * others) + 1
    while first and Share(first - 1, others, each).high > rate:
        first -= 1
    last = max(first, 1)
    while last <= others and Share(last, others, each).low < rate:
        last += 1
    return first, last


def upper_tail(deviations: float) -> float:
    """How often the normal distribution lies so many standard deviations above its mean."""
    return math.erfc(deviations / math.sqrt(2)) / 2
