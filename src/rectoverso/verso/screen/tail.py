"""How often unrelated pictures reach a score: counted where they did, by a curve beyond, and bounded whatever it says.

1. Count   Scores are taken in whole steps, and how many pictures came to each is kept.
2. Fit     Those above a high threshold follow a generalised Pareto distribution in whole steps: the probability of a
           step is the difference of two survivals. Shape and scale are the most likely of a grid.
3. Check   As many scores are drawn from the curve, fitted anew and compared with it, 199 times: how often are they as
           far from their curve as the pictures are from theirs?
4. Bound   The upper bound (95 %) is of the counts alone. No curve can make it smaller.

Nor is a rate by the curve ever below the share that came as far: a few pictures far out are too few for step 3 to see,
and more than any curve says. Where the curve does not fit, or too few pictures lie above any threshold, a rate is that
share, the one asked about counted in, which is never too small on average.

Sources: J. Pickands, "Statistical inference using extreme order statistics", Annals of Statistics 3, 1975 (2);
A. Hitz, R. Davis and G. Samorodnitsky, "Discrete Extremes", 2017 (2); V. Choulakian, R. Lockhart and M. Stephens,
"Cramér-von Mises statistics for discrete distributions", 1994 (3); S. Coles and M. Dixon, "Likelihood-based inference
for extreme value models", 1999 (the penalty in 2); C. Clopper and E. Pearson, Biometrika 26, 1934 (4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.screen.replication import upper_bound

# Shapes: G points of the grid of curves, K steps above the threshold and what lies beyond, B redrawn samples.

Numbers = NDArray[np.float64]

LEAST_ABOVE = 30
"""Of fewer pictures above the threshold no curve is made."""

SHARES = (0.25, 0.1, 0.05)
"""How many of the pictures lie above the thresholds that are tried, the lowest first."""

BEYOND = 10
"""A curve is followed to rates of one in ten times as many pictures as were seen, and no further."""

REDRAWN = 199
GOOD, BAD = 0.1, 0.01
_SHAPES = np.linspace(-0.5, 0.5, 41)
_SCALES = np.geomspace(0.4, 2.5, 121)
_SHAPE_SPREAD = 0.15
"""Shapes far from 0 are held to be unlikely beforehand, for few pictures say little about them (Coles and Dixon)."""

_LEAST = 1e-300


class Fit(StrEnum):
    """How well the curve fits: redrawn samples are as far from theirs in at least 10 % (good), 1 % (doubtful), fewer
    (bad: it is not used), or there is none.
    """

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Curve:
    """Of the ``above`` pictures that reach step ``start``; ``shape`` and ``scale`` (in steps) are Pareto's, and
    ``p_value`` is how often scores of this very curve would fit theirs as badly.
    """

    start: int
    above: int
    shape: float
    scale: float
    p_value: float

    @property
    def fit(self) -> Fit:
        if self.p_value >= GOOD:
            return Fit.GOOD
        return Fit.DOUBTFUL if self.p_value >= BAD else Fit.BAD

    def reaching(self, step: int) -> float:
        """The share of these pictures that reach a step from ``start`` on."""
        survival = _survival(np.array([self.shape]), np.array([self.scale]), np.array([step - self.start]))
        return float(survival[0, 0])


@dataclass(frozen=True)
class Tail:
    """``counts``: how many of ``pictures`` came to each step; those that have no score are in no step."""

    pictures: int
    counts: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def curve(self) -> Curve | None:
        """The first that fits well, the lowest threshold first; else the one that fits best; None for too few."""
        best = None
        for start in dict.fromkeys(filter(None, map(self._start, SHARES))):
            curve = _fitted(start, {step: n for step, n in self.counts.items() if step >= start})
            if curve and (best is None or curve.p_value > best.p_value):
                best = curve
            if best and best.fit is Fit.GOOD:
                break
        return best

    @property
    def fit(self) -> Fit:
        return self.curve.fit if self.curve else Fit.TOO_FEW

    @property
    def is_believed(self) -> bool:
        """Whether rates are those of the curve."""
        return self.fit in {Fit.GOOD, Fit.DOUBTFUL}

    @property
    def highest(self) -> int | None:
        """The highest step that a picture reached."""
        return max(self.counts, default=None)

    def reached(self, step: int) -> int:
        """How many pictures came to this step or beyond."""
        return sum(count for at, count in self.counts.items() if at >= step)

    def rate(self, step: int) -> float:
        """How often an unrelated picture comes to this step or beyond."""
        reached, curve = self.reached(step), self.curve
        if curve is None or not self.is_believed or step <= curve.start:
            return (reached + 1) / (self.pictures + 1)
        return max(self.promised(step), reached / self.pictures, 1 / (BEYOND * (self.pictures + 1)))

    def promised(self, step: int) -> float:
        """What the curve alone says of a step beyond its start, however rare: for caution, and never to be told."""
        curve = self.curve
        return (curve.above + 1) / (self.pictures + 1) * curve.reaching(step) if curve else 0.0

    def at_most(self, step: int) -> float:
        """The upper bound of that rate at 95 % confidence."""
        return upper_bound(self.reached(step), self.pictures) if self.pictures else 1.0

    def _start(self, share: float) -> int | None:
        """The highest step that this share of the pictures, and no fewer than 30, reach."""
        wanted, reached = max(LEAST_ABOVE, share * self.pictures), 0
        for step in sorted(self.counts, reverse=True):
            reached += self.counts[step]
            if reached >= wanted:
                return step
        return None


def _fitted(start: int, counts: Mapping[int, int]) -> Curve | None:
    """The most likely curve, checked; None where the scores lie in fewer than three steps and any would do."""
    if len(counts) < 3:
        return None
    last = max(counts) - start
    seen_K = np.array([counts.get(start + k, 0) for k in range(last + 1)] + [0], np.float64)
    total = seen_K.sum()
    mean = max(float((np.arange(last + 2) * seen_K).sum() / total), 1e-3)
    shape_G, scale_G = (grid.ravel() for grid in np.meshgrid(_SHAPES, _SCALES / np.log1p(1 / mean)))
    survival_GK = _survival(shape_G, scale_G, np.arange(last + 2))
    chance_GK = -np.diff(survival_GK, axis=1, append=0.0)
    logs_GK = np.log(np.maximum(chance_GK, _LEAST))
    prior_G = -0.5 * (shape_G / _SHAPE_SPREAD) ** 2
    best = int((logs_GK @ seen_K + prior_G).argmax())
    drawn_BK = np.random.default_rng(0).multinomial(int(total), _normal(chance_GK[best]), size=REDRAWN)
    theirs_B = (drawn_BK @ logs_GK.T + prior_G).argmax(axis=1)
    far_B = _distance(drawn_BK.astype(np.float64), chance_GK[theirs_B])
    far = _distance(seen_K[None], chance_GK[best][None])[0]
    p_value = float(((far_B >= far).sum() + 1) / (REDRAWN + 1))
    return Curve(start, int(total), float(shape_G[best]), float(scale_G[best]), p_value)


def _survival(shape_G: Numbers, scale_G: Numbers, step_K: NDArray[np.int64]) -> Numbers:
    """(G, K): the share that goes as far, after Pareto; of shape 0 exponentially."""
    along_GK = step_K[None] / scale_G[:, None]
    shape_G1 = np.where(np.abs(shape_G) < 1e-9, 1e-9, shape_G)[:, None]
    return np.asarray(np.maximum(1 + shape_G1 * along_GK, 0.0) ** (-1 / shape_G1))


def _distance(counts_BK: Numbers, chance_BK: Numbers) -> Numbers:
    """How far counts lie from what a curve expects, each step weighted by its spread (Anderson and Darling)."""
    share_BK = counts_BK / counts_BK.sum(axis=1, keepdims=True)
    apart_BK = np.cumsum(share_BK - chance_BK, axis=1)
    below_BK = np.clip(np.cumsum(chance_BK, axis=1), 1e-12, 1 - 1e-12)
    return np.asarray((apart_BK**2 * chance_BK / (below_BK * (1 - below_BK))).sum(axis=1))


def _normal(chance_K: Numbers) -> Numbers:
    chance_K = np.maximum(chance_K, 0)
    return np.asarray(chance_K / chance_K.sum())
