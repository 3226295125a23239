"""How often chance alone would do as well: bounds that hold whatever the picture shows.

All are Chernoff's: P(sum >= x) <= E[exp(t sum)] / exp(t x) for every t above 0, here the least over a grid of t. They
are logs, for what a good mark shows is far below what a float can hold.

Shapes: N terms, T values of t.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


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
    t_T = _tilts()
    log_T = log_mean(t_T[:, None] * even_N).sum(axis=1) - t_T * z
    return min(0.0, float(log_T.min()))


@lru_cache(maxsize=1)
def _tilts() -> Reals:
    return np.geomspace(0.05, 2000, 60)


def _log_mean_over_turn(x: Reals) -> Reals:
    """The log of I0(x), which is the mean of exp(x cos) over a turn. Beyond 30 by its asymptotic series (Abramowitz
    and Stegun 1964, 9.7.1).
    """
    small, large = np.minimum(x, 30.0), np.maximum(x, 30.0)
    series = large - 0.5 * np.log(2 * np.pi * large) + np.log1p(1 / (8 * large) + 9 / (128 * large**2))
    return np.where(x > 30, series, np.log(np.i0(small)))


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
