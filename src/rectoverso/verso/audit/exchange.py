"""Are pictures that were trained on, and those that were not, exchangeable to every attack?

If the generator kept nothing of its training pictures, who is a member might as well have been drawn by lot. So it is
drawn by lot, ten thousand times, and it is counted how often the best of all attacks then does as well as it did. That
holds exactly, whatever the scores are like, however the attacks depend on each other, and however many were tried.

1. Each attack is read three times: by the area under its curve, and by the members above the highest hundredth and
   the highest thousandth of the others, since a leak may be a little of all or much of few. Each reading becomes a
   chance (normal; negative hypergeometric).
2. The least of these chances is the statistic. Its distribution comes from the lots, so that it does not matter whether
   they are chances indeed (Westfall and Young's single-step minP).
3. The p-value of an attack is the share of lots in which *any* attack does as well. So it is corrected for the attacks
   that were tried, and the least of them is the p-value of the audit.

What it rests on: the pictures that were not trained on are of the kind of those that were, as when one set was
divided by lot. Where they are not (other years, other cameras), attacks tell the kinds apart, and the p-value is too
small.

Source: P. Westfall and S. Young, "Resampling-Based Multiple Testing", Wiley 1993, algorithm 2.8.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rectoverso.verso.audit.attack import RATES, Attack, Flags, Floats, upper_tail
from rectoverso.verso.screen.replication import chances

# Shapes: L lots, N pictures, of which M members and O others; K attacks.

LOTS = 9_999
CHUNK = 200


@dataclass(frozen=True, slots=True)
class Exchange:
    """``p_value`` of the whole, and of each attack by its name, corrected. ``would_notice``: the share of members
    which, recognised beyond doubt by one attack, would have brought the p-value below ``level``; None where no share
    would.
    """

    p_value: float
    p_values: dict[str, float]
    lots: int
    level: float
    would_notice: float | None


def by_lot(attacks: Sequence[Attack], level: float, seed: int = 0) -> Exchange:
    """Test attacks on the same pictures together."""
    reading = _Reading(attacks[0].members, attacks[0].others)
    found_K = [float(reading.least(attack.is_member_N[None])[0]) for attack in attacks]
    drawn_L = np.concatenate([*_drawn(reading, attacks, seed)])
    p_values = [(1 + int((drawn_L <= found).sum())) / (LOTS + 1) for found in found_K]
    return Exchange(
        p_value=min(p_values),
        p_values={attack.name: p for attack, p in zip(attacks, p_values, strict=True)},
        lots=LOTS,
        level=level,
        would_notice=reading.noticed(_critical(drawn_L, level)),
    )


def _drawn(reading: _Reading, attacks: Sequence[Attack], seed: int) -> Iterator[Floats]:
    """The statistic of each lot."""
    draw = np.random.default_rng(seed)
    is_member_N = np.arange(reading.members + reading.others) < reading.members
    for first in range(0, LOTS, CHUNK):
        lots = min(CHUNK, LOTS - first)
        lot_LN = draw.permuted(np.tile(is_member_N, (lots, 1)), axis=1)
        yield np.min([reading.least(lot_LN[:, attack.place_N]) for attack in attacks], axis=0)


def _critical(drawn_L: Floats, level: float) -> float:
    """What the statistic must be below for a p-value below ``level``; 0 where so few lots cannot show that."""
    as_well = math.ceil(level * (len(drawn_L) + 1) - 1e-9) - 2
    return float(np.sort(drawn_L)[as_well]) if as_well >= 0 else 0.0


class _Reading:
    """How seldom chance would do as well as an attack, of so many members and others."""

    def __init__(self, members: int, others: int) -> None:
        self.members, self.others = members, others
        ranks = sorted({int(rate * others) + 1 for rate in RATES})
        self._chances = {rank: chances(members, rank, others) for rank in ranks}

    def least(self, is_member_LN: Flags) -> Floats:
        """The least of the chances, of each row (L), the highest score first."""
        before_LN = np.cumsum(~is_member_LN, axis=1)
        least_L = self._by_area(is_member_LN)
        for rank, chance in self._chances.items():
            sure_L = ((before_LN < rank) & is_member_LN).sum(axis=1)
            least_L = np.minimum(least_L, chance[sure_L])
        return least_L

    def noticed(self, critical: float) -> float | None:
        """The least share of members which, above all others, comes below ``critical``; the rest lie as by chance."""
        for found in range(1, self.members + 1):
            for rank, chance in self._chances.items():
                as_by_chance = int((self.members - found) * (rank - 1) / (self.others + 1))
                if chance[found + as_by_chance] < critical:
                    return found / self.members
        return None

    def _by_area(self, is_member_LN: Flags) -> Floats:
        """One-sided, by the normal distribution of the sum of ranks (Mann and Whitney 1947)."""
        count = is_member_LN.shape[1]
        ranks_L = is_member_LN @ np.arange(count, 0, -1, dtype=np.float64)
        mean = self.members * (count + 1) / 2
        deviation = math.sqrt(self.members * self.others * (count + 1) / 12)
        return np.array([upper_tail(z) for z in (ranks_L - mean) / deviation])
