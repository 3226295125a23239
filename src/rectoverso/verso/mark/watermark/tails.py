"""How often chance alone would do as well: bounds that hold whatever the picture shows.

All are Chernoff's: P(sum >= x) <= E[exp(t sum)] / exp(t x) for every t above 0, here the least over a grid of t. They
are logs, for what a good mark shows is far below what a float can hold.

Shapes: N terms.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

_TILTS = np.geomspace(0.05, 2000, 64).tolist()
_TABLED, _STEPS = 30, 200


def log_tail_of_turns(total: float, size_N: Reals) -> float:
    """At most how often waves of these sizes at uniform phases have real parts that sum as high."""
    return _log_tail(total, size_N, _log_mean_over_turn)


def log_tail_of_signs(total: float, size_N: Reals) -> float:
    """At most how often values of these sizes with random signs sum as high."""
    return _log_tail(total, size_N, _log_cosh)


def _log_tail(total: float, size_N: Reals, log_mean: Callable[[Reals], Reals]) -> float:
    spread = float(np.sqrt(np.square(size_N).sum()))
    if not spread or total <= 0:
        return 0.0
    even_N, z = size_N / spread, total / spread
    return min(0.0, _least(lambda t: float(log_mean(t * even_N).sum()) - t * z, near=2 * z))


def _least(log_bound: Callable[[float], float], near: float) -> float:
    """The least over the grid, downhill from near there: a log of means is convex, so there is but one valley."""
    at = min(bisect(_TILTS, near), len(_TILTS) - 1)
    least = log_bound(_TILTS[at])
    for way in (-1, 1):
        while 0 <= at + way < len(_TILTS) and (value := log_bound(_TILTS[at + way])) < least:
            at, least = at + way, value
    return least


def _log_mean_over_turn(x: Reals) -> Reals:
    """The log of I0(x), which is the mean of exp(x cos) over a turn. It is convex, so that a line between two points of
    the table lies above it and the bound stays one; beyond 30 by its asymptotic series (Abramowitz and Stegun 1964,
    9.7.1).
    """
    value, slope = _table()
    place = np.minimum(x, _TABLED) * _STEPS
    step = place.astype(np.intp)
    log_mean: Reals = value[step] + (place - step) * slope[step]
    if x.max(initial=0.0) <= _TABLED:
        return log_mean
    large = np.maximum(x, _TABLED)
    further = 1 / (8 * large) + 9 / (128 * large**2) + 75 / (1024 * large**3)
    series = large - 0.5 * np.log(2 * np.pi * large) + np.log1p(further)
    return np.where(x > _TABLED, series, log_mean)


@lru_cache(maxsize=1)
def _table() -> tuple[Reals, Reals]:
    """The log of I0 at each step up to ``_TABLED``, and how far it is to the next."""
    value = np.log(np.i0(np.arange(_TABLED * _STEPS + 2) / _STEPS))
    return value[:-1], np.diff(value)


def _log_cosh(x: Reals) -> Reals:
    log_cosh: Reals = np.abs(x) + np.log1p(np.exp(-2 * np.abs(x))) - np.log(2)
    return log_cosh


def log_of_together(log_p: Sequence[float]) -> float:
    """The log of one p-value for several independent ones, from their logs: the tail of their product (Fisher 1925)."""
    x, count = -sum(log_p), len(log_p)
    if x <= 0:
        return 0.0
    terms = np.arange(count) * np.log(x) - np.array([math.lgamma(n + 1) for n in range(count)])
    return min(0.0, float(-x + np.logaddexp.reduce(terms)))
