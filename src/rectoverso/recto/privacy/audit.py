"""An attack on the engine, in one run: does a mechanism that claims an epsilon tell more than it may?

Steinke, Nasr and Jagielski 2023 (arXiv:2305.08846): m canaries, each in the data or not by a coin of its own. Whoever
watches the releases guesses some of the coins, and abstains from the others. Of r guesses at an (epsilon, delta)
private mechanism, the right ones are hardly more than binomial draws of chance e^epsilon / (1 + e^epsilon)
(theorem 5.2). So too many right guesses show that epsilon is higher than claimed, at a stated confidence.

The canaries here are the worst that can be: each has a direction of its own in which nothing else moves (Nasr et al.
2023, "white box"), and whoever guesses sees every release. They see the engine alone: no generator, no real data.

Two mistakes leave the canaries' sums as they were, and have tests of their own here. *Shuffled batches* show in the
counts: a picture that is looked at exactly once in each pass is not taken by chance (`too_regular`). *A divisor that
follows the data* shows when neighbouring sets are run under one secret: then what both release differs by the canary
and by nothing else (`leaks_size`).

Shapes: M canaries, T steps, D parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, chi2

Bits = NDArray[np.bool_]
Reals = NDArray[np.float64]


class Run(Protocol):
    """A training to be audited: with the canaries that are ``there`` (M,), which are M of the parameters, it gives
    every step's release (T, D) and which canaries it took (T, M).
    """

    def __call__(self, there: Bits, seed: int) -> tuple[Reals, Bits]: ...


@dataclass(frozen=True, slots=True)
class Audit:
    """``epsilon``: the true one is at least that, at the confidence asked for, against the ``claimed`` one; by
    ``right`` of ``guesses`` at ``canaries`` coins.
    """

    claimed: float
    epsilon: float
    right: int
    guesses: int
    canaries: int

    @property
    def is_broken(self) -> bool:
        """Whether the claim cannot be true."""
        return self.epsilon > self.claimed


def audit(
    run: Run,
    *,
    claimed: float,
    delta: float,
    canaries: int,
    guesses: int,
    seed: int = 0,
    confidence: float = 0.95,
) -> Audit:
    """Run once with half of the canaries, and say what epsilon the guesses prove. ``guesses`` is fixed before."""
    there = np.random.default_rng(seed).random(canaries) < 0.5
    release_TD, _ = run(there, seed)
    score_M = release_TD.sum(0)[:canaries]
    right = _right(score_M, there, guesses)
    least = least_epsilon(right, guesses, canaries, delta, 1 - confidence)
    return Audit(claimed, least, right, guesses, canaries)


def _right(score_M: Reals, there: Bits, guesses: int) -> int:
    """Guess "there" of the highest half of scores and "not" of the lowest."""
    order = np.argsort(score_M, kind="stable")
    out, in_ = order[: guesses // 2], order[len(order) - (guesses - guesses // 2) :]
    return int((~there[out]).sum() + there[in_].sum())


def least_epsilon(right: int, guesses: int, canaries: int, delta: float, chance: float) -> float:
    """The largest epsilon for which so many right guesses, or more, have at most this chance."""
    low, high = 0.0, 50.0
    if chance_of(right, guesses, canaries, low, delta) > chance:
        return 0.0
    for _ in range(50):
        middle = (low + high) / 2
        is_unlikely = chance_of(right, guesses, canaries, middle, delta) <= chance
        low, high = (middle, high) if is_unlikely else (low, middle)
    return low


def chance_of(right: int, guesses: int, canaries: int, epsilon: float, delta: float) -> float:
    """The most that the chance of so many right guesses can be (Steinke et al. 2023, theorem 5.2 and appendix D):
    the binomial tail, and what delta may add to it.
    """
    p = 1 / (1 + math.exp(-epsilon))
    below_I = binom.sf(np.arange(right - 1, -2, -1), guesses, p)  # of at least right - i
    beta = float(below_I[0])
    gain_I = (below_I[1 : right + 1] - beta) / np.arange(1, right + 1)
    alpha = max(0.0, float(gain_I.max(initial=0.0)))
    return min(1.0, beta + alpha * delta * 2 * canaries)


def too_regular(taken_TM: Bits, rate: float) -> float:
    """The chance that pictures taken each by itself with probability ``rate`` would be taken as evenly as this, or more
    so: small where batches are cut from an order.

    Under Poisson sampling how often a picture comes within a window of 1 / rate steps varies like a binomial; cut from
    an order, it comes once. The sum of squares of its distances is a chi square, nearly.
    """
    window = round(1 / rate)
    parts = len(taken_TM) // window
    count_PM = taken_TM[: parts * window].reshape(parts, window, -1).sum(1)
    spread = window * rate * (1 - rate)
    total = float(((count_PM - window * rate) ** 2).sum() / spread)
    return float(chi2.cdf(total, count_PM.size))


def leaks_size(release: Callable[[int], Reals], *, canaries: int, count: int, tolerance: float) -> bool:
    """Whether a release tells how many pictures there are: under one secret, the same step on ``count`` pictures and
    one more, which says nothing, must be the same in all parameters but the canaries', up to ``tolerance``.

    ``release`` gives a step's release (D,) of so many silent pictures.
    """
    before, after = release(count), release(count + 1)
    return bool(np.abs(before - after)[canaries:].max() > tolerance)
