"""Does a batch of pictures, or the run that drew them, bring training pictures back? Counted, with bounds that hold.

1. Each picture has a conformal p-value: the share of strangers, pictures that are no versions of a training picture,
   that are as near to one as it is, itself counted in. Of an ordinary picture it is below x with a chance of at most x.
2. Benjamini and Hochberg choose, over the batch, those that are to be called suspects, so that at most a stated share
   of them is expected to be ordinary. It holds for such p-values although they share their strangers. A batch of fewer
   than 20 counts as 20, for else one picture alone would be called at a p-value of a tenth.
3. The share that comes nearer to a training picture than every stranger, as one that is brought back does, is bounded
   from above at 95 % (Clopper and Pearson). Those are counted whether they are suspects or not: what 2 calls depends on
   the whole batch, of 512 pictures against 2,000 strangers no fewer than three, so that a count of suspects bounds
   nothing. None among N pictures means at most about 3 / N.
4. A batch replicates if far more of it is among the nearest than chance would put there: as many new pictures below a
   rank of the strangers have a chance that is known exactly, whatever the pictures are like. That alone would also
   stop what is a little nearer than strangers throughout, as a generator's pictures are that draw nothing unusual; so
   it has to be many times what is expected.

Sources: S. Bates et al., "Testing for outliers with conformal p-values", Annals of Statistics 51, 2023 (1, 2);
Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", JRSS B 57, 1995 (2); C. Clopper and E. Pearson,
Biometrika 26, 1934 (3). The chance of 4 is that of the negative hypergeometric distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Finding, Outcome

Numbers = NDArray[np.float64]

FALSE_DISCOVERIES = 0.10
"""Of the pictures that are called suspects, at most this share is expected to be ordinary."""

FEWEST = 20
"""Fewer pictures than this are judged as if there were as many, the others as ordinary as can be. Of 20 the first is
called at a p-value of 0.005, which is what the check of each picture goes by.
"""

CONFIDENCE = 0.95
NEAREST_SHARE = 0.01
REPLICATES_AT = 0.001
REPLICATES_TIMES = 5
"""A batch replicates if chance would bring so many near ones less often than this, and they are so many times more than
are expected.
"""


def p_values(ratios: Numbers, strangers: Numbers) -> Numbers:
    """How often a stranger is as near as each of ``ratios``, conformally; ``strangers`` are sorted ratios."""
    as_near = np.searchsorted(strangers, ratios, side="right")
    return np.asarray((as_near + 1) / (len(strangers) + 1), np.float64)


def discoveries(
    p_values_N: Numbers, rate: float = FALSE_DISCOVERIES, *, fewest: int = FEWEST
) -> NDArray[np.bool_]:
    """Which of them to call suspects, so that a share of at most ``rate`` of these is expected to be none. Less than
    ``fewest`` count as so many.
    """
    count = len(p_values_N)
    order = np.sort(p_values_N)
    below = np.flatnonzero(order <= rate * np.arange(1, count + 1) / max(count, fewest))
    level = order[below[-1]] if len(below) else -1.0
    return np.asarray(p_values_N <= level)


def upper_bound(found: int, count: int, confidence: float = CONFIDENCE) -> float:
    """The share of which ``found`` or fewer among ``count`` would be seen with a chance of 1 - confidence only."""
    if found >= count:
        return 1.0
    logs = _log_factorials(count)
    k = np.arange(found + 1)
    choices = logs[count] - logs[k] - logs[count - k]
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        chance = np.exp(choices + k * np.log(share) + (count - k) * np.log1p(-share)).sum()
        low, high = (share, high) if chance > 1 - confidence else (low, share)
    return high


def chance_of(near: int, count: int, rank: int, strangers: int) -> float:
    """How often ``near`` or more of ``count`` ordinary pictures lie below the rank-th (from 1) of the strangers."""
    return float(chances(count, rank, strangers)[near])


def chances(count: int, rank: int, strangers: int) -> Numbers:
    """The same for each number from none to all of them (count + 1)."""
    logs = _log_factorials(count + strangers)
    k = np.arange(count + 1)
    # Of all orders in which pictures and strangers can lie: k pictures before the rank-th stranger, the others after.
    before = logs[k + rank - 1] - logs[k] - logs[rank - 1]
    after = logs[count - k + strangers - rank] - logs[count - k] - logs[strangers - rank]
    total = logs[count + strangers] - logs[count] - logs[strangers]
    return np.asarray(np.minimum(1.0, np.cumsum(np.exp(before + after - total)[::-1])[::-1]))


@dataclass(frozen=True, slots=True)
class Replication:
    """What was seen of ``compared`` pictures against ``strangers``.

    ``suspects``: their places in the batch. ``at_most``: the upper 95 % bound of the share of all such pictures that is
    nearer to a training picture than every stranger. ``near``: how many are nearer than the strangers' nearest
    hundredth, where ``expected`` are, and ``chance`` how often so many would be.
    """

    compared: int
    strangers: int
    suspects: tuple[int, ...]
    at_most: float
    near: int
    expected: float
    chance: float

    @classmethod
    def of_findings(cls, findings: Sequence[Finding]) -> Replication | None:
        """From the findings of a batch, of which those count that were compared with the same strangers as the last.
        None where no picture was compared with strangers.
        """
        strangers = [one.evidence.get("strangers") for one in findings]
        last = next(filter(None, reversed(strangers)), None)
        if last is None:
            return None
        places = [place for place, number in enumerate(strangers) if number == last]
        rows = [findings[place] for place in places]
        identical = [at for at, one in enumerate(rows) if one.outcome is Outcome.BLOCK]
        found = cls.of([one.evidence["p_value"] for one in rows], last, identical)
        return replace(found, suspects=tuple(places[at] for at in found.suspects))

    @classmethod
    def of(cls, p_values_N: Sequence[float], strangers: int, identical: Sequence[int] = ()) -> Replication:
        """From p-values against that many strangers. ``identical``: places that are suspects whatever else there is."""
        p_N = np.asarray(p_values_N, np.float64)
        suspects = sorted({*np.flatnonzero(discoveries(p_N)).tolist(), *identical})
        rank = max(1, int(NEAREST_SHARE * (strangers + 1)))
        near, nearest = (_before(rank_, p_N, strangers) for rank_ in (rank, 1))
        return cls(
            compared=len(p_N),
            strangers=strangers,
            suspects=tuple(suspects),
            at_most=upper_bound(max(nearest, len(suspects)), len(p_N)) if len(p_N) else 1.0,
            near=near,
            expected=len(p_N) * rank / (strangers + 1),
            chance=chance_of(near, len(p_N), rank, strangers) if len(p_N) and strangers else 1.0,
        )

    @property
    def replicates(self) -> bool:
        return self.chance < REPLICATES_AT and self.near >= REPLICATES_TIMES * self.expected

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "compared": self.compared,
            "strangers": self.strangers,
            "suspects": len(self.suspects),
            "false_discovery_rate": FALSE_DISCOVERIES,
            "at_most": round(self.at_most, 6),
            "confidence": CONFIDENCE,
            "near": self.near,
            "expected": round(self.expected, 3),
            "chance": float(f"{self.chance:.3g}"),
            "replicates": self.replicates,
        }


def _before(rank: int, p_values_N: Numbers, strangers: int) -> int:
    """How many lie before the rank-th (from 1) of the strangers: a p-value of rank / (n + 1) has rank - 1 of them as
    near. The half lets it be rounded, as records do.
    """
    return int((p_values_N <= (rank + 0.5) / (strangers + 1)).sum())


def _log_factorials(most: int) -> Numbers:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])
