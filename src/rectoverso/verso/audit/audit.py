"""What an audit found, and whether it is short of the bar.

It is short when the run replicates; when it draws copies of training pictures, be it of one alone; when its pictures,
networks or both tell who was trained on, so clearly that chance would seldom have it; or when a bar was set for how
many are told, and it is not shown to be kept. It passes when none of that was found, which does not prove that there
is nothing: ``would_notice`` says what would have been.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rectoverso.verso.audit.attack import (
    CONFIDENCE,
    RATES,
    Attack,
    Flags,
    Floats,
    Share,
    threshold_ranks,
)
from rectoverso.verso.audit.exchange import Exchange, by_lot
from rectoverso.verso.audit.extraction import Extraction

LEVEL = 0.001
"""Chance would have a lesser p-value once in a thousand audits of runs that give nothing away."""
WEAK_SHARE, WEAK_RATE = 0.05, 0.02
"""An audit is weak that could have missed a larger share of members, or of drawn pictures that come back."""
POINTS = 200
"""Of a curve so many points are kept, the lowest rates whole."""


@dataclass(frozen=True, slots=True)
class Membership:
    """The attacks and what they say together. ``most``: the bar at the first of `RATES`, None for none."""

    attacks: tuple[Attack, ...]
    exchange: Exchange
    most: float | None = None

    @classmethod
    def of(cls, scores: Mapping[str, Floats], is_member_N: Flags, most: float | None = None) -> Membership:
        """From the scores of each attack on the same pictures."""
        attacks = tuple(Attack.of(name, score_N, is_member_N) for name, score_N in scores.items())
        return cls(attacks, by_lot(attacks, LEVEL), most)

    @property
    def recognises(self) -> bool:
        return self.exchange.p_value < LEVEL

    @property
    def is_shown(self) -> bool:
        """Whether the bar is kept: by every attack, with 95 % confidence in all of them together."""
        if self.most is None:
            return True
        found = [attack.at(RATES[0], _each_of(len(self.attacks))) for attack in self.attacks]
        return all(one is not None and one.high <= self.most for one in found)

    @property
    def is_reversed(self) -> bool:
        """Whether others look more like members than members do, which no run brings about: they were chosen."""
        return len(self.attacks) * min(attack.chance_reversed for attack in self.attacks) < LEVEL

    @property
    def best(self) -> Attack:
        """The attack that chance would have least; of equal ones that with the larger area."""
        return min(self.attacks, key=lambda one: (self.exchange.p_values[one.name], -one.area))

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        exchange = self.exchange
        return {
            "members": self.attacks[0].members,
            "others": self.attacks[0].others,
            "p_value": exchange.p_value,
            "lots": exchange.lots,
            "level": exchange.level,
            "would_notice": exchange.would_notice,
            "most_true_positive_rate": self.most,
            "attacks": [self._plain(attack) for attack in self.attacks],
        }

    def _plain(self, attack: Attack) -> dict[str, Any]:
        false_N, true_N = thinned(attack)
        at = [found.plain() for rate in RATES if (found := attack.at(rate)) is not None]
        told = {"attack": attack.name, "p_value": self.exchange.p_values[attack.name]}
        curve = {"false": [round(x, 6) for x in false_N], "true": [round(y, 6) for y in true_N]}
        return told | {"area": round(attack.area, 4), "at": at, "curve": curve}


@dataclass(frozen=True, slots=True)
class Audit:
    """Both parts, and the verdict."""

    membership: Membership
    extraction: Extraction

    @property
    def short(self) -> tuple[str, ...]:
        """Why it is short of the bar; empty where it passed."""
        reasons = {
            "replicates": self.extraction.replication.replicates,
            "copies": self.extraction.returns,
            "recognises": self.membership.recognises,
            "not_shown": not self.membership.is_shown,
        }
        return tuple(name for name, holds in reasons.items() if holds)

    @property
    def passed(self) -> bool:
        return not self.short

    @property
    def is_weak(self) -> bool:
        """Whether it asked so little that a large leak could have gone unnoticed."""
        noticed = self.membership.exchange.would_notice
        return noticed is None or noticed > WEAK_SHARE or self.extraction.replication.at_most > WEAK_RATE

    @property
    def compared(self) -> int:
        """On how many pictures of each side it rests."""
        return min(self.membership.attacks[0].members, self.membership.attacks[0].others)

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "passed": self.passed,
            "short": list(self.short),
            "weak": self.is_weak,
            "compared": self.compared,
            "membership": self.membership.plain(),
            "replication": self.extraction.replication.plain(),
            "extraction": {
                "training_images": len(self.extraction.clusters),
                "copies": self.extraction.copies.plain(),
                "clusters": [cluster.plain() for cluster in self.extraction.clusters],
                "nearest": [cluster.plain() for cluster in self.extraction.nearest],
            },
        }


def least_bar(members: int, others: int, attacks: int) -> float:
    """The lowest bar that so many pictures can show to be kept, where attacks do no better than chance."""
    _, last = threshold_ranks(RATES[0], others, _each_of(attacks))
    by_chance = math.ceil(members * last / (others + 1))
    return Share(min(by_chance, members), members, (1 + _each_of(attacks)) / 2).high


def _each_of(attacks: int) -> float:
    """The confidence of each of so many intervals, of which the upper ends alone are asked, at 95 % in all."""
    return 1 - 2 * (1 - CONFIDENCE) / attacks


def thinned(attack: Attack) -> tuple[list[float], list[float]]:
    """Points of a curve, evenly apart on a logarithmic scale of false positive rates."""
    false_O, true_O = attack.curve()
    places = np.unique(np.geomspace(1, len(false_O), POINTS).round().astype(int)) - 1
    return false_O[places].tolist(), true_O[places].tolist()
