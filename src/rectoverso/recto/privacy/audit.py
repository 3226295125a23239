"""An attack on the engine, in one run: does a mechanism that claims an epsilon tell more than it may?

Steinke, Nasr and Jagielski 2023 (arXiv:2305.08846): m canaries, each in the data or not by a coin of its own. Whoever
watches the releases guesses some of the coins, and abstains from the others. Of r guesses at an (epsilon, delta)
private mechanism, the right ones are hardly more than binomial draws of chance e^epsilon / (1 + e^epsilon)
(theorem 5.2). So too many right guesses show that epsilon is higher than claimed, at a stated confidence.

The canaries here are the worst that can be: each has a direction of its own in which nothing else moves (Nasr et al.
2023, "white box"), and whoever guesses sees every release. They see the engine alone: no generator, no real data.

Mistakes that leave the canaries' sums as they were, or move them by less than guesses can tell, have tests of their
own here. *Batches that are no Poisson samples* (cut from an order, of one size, in blocks, some pictures more often)
show in the counts (`chance_taken`). *Noise that is too small, or the same twice*, shows where no canary is
(`chance_noisy`). *A divisor that follows the data* shows when neighbouring sets are run under one secret: then what
both release differs by the canary and by nothing else (`leaks_size`).

Shapes: M canaries, T steps, D parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, chdtr, chdtrc

Bits = NDArray[np.bool_]
Reals = NDArray[np.float64]


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


def coins(canaries: int, seed: int) -> Bits:
    """Which canaries (M,) are in the data."""
    return np.random.default_rng(seed).random(canaries) < 0.5


def audit(
    score_M: Reals, there: Bits, *, claimed: float, delta: float, guesses: int, confidence: float = 0.95
) -> Audit:
    """What epsilon the guesses prove by what was seen of each canary. ``guesses`` is fixed before."""
    right = _right(score_M, there, guesses)
    least = least_epsilon(right, guesses, len(there), delta, 1 - confidence)
    return Audit(claimed, least, right, guesses, len(there))


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
    below_I = bdtrc(np.arange(right - 1, -2, -1), guesses, p)  # of at least right - i
    beta = float(below_I[0])
    gain_I = (below_I[1 : right + 1] - beta) / np.arange(1, right + 1)
    alpha = max(0.0, float(gain_I.max(initial=0.0)))
    return min(1.0, beta + alpha * delta * 2 * canaries)


def chance_taken(taken_TM: Bits, rate: float) -> float:
    """The chance that pictures taken each by itself with probability ``rate`` would be taken as evenly, or as unevenly,
    as this: small where they are not (Poisson sampling).

    Three counts vary like binomials then: how often each picture comes within a window of 1 / rate steps (once, where
    batches are cut from an order), how many come in a step (as many, where batches have one size), how often each
    comes in all.
    """
    window = round(1 / rate)
    parts = len(taken_TM) // window
    in_windows_PM = taken_TM[: parts * window].reshape(parts, window, -1).sum(1)
    counts = (in_windows_PM, window), (taken_TM.sum(1), taken_TM.shape[1]), (taken_TM.sum(0), len(taken_TM))
    found = (_chance((count - n * rate) / math.sqrt(n * rate * (1 - rate))) for count, n in counts)
    return min(1.0, len(counts) * min(found))


def chance_noisy(release_TS: Reals, deviation: float) -> float:
    """The chance that independent normal numbers of this deviation would be as small or large as these, of steps and
    of parameters that no picture moves, or their sums over steps, or over parameters: small where noise is not what is
    claimed, or is used twice.
    """
    noise_TS = release_TS / deviation
    sums = (
        noise_TS,
        noise_TS.sum(0) / math.sqrt(len(noise_TS)),
        noise_TS.sum(1) / math.sqrt(noise_TS.shape[1]),
    )
    return min(1.0, len(sums) * min(_chance(sum_) for sum_ in sums))


def _chance(standard: Reals) -> float:
    """That the squares of so many standard numbers, nearly normal, add up to so little, or to so much."""
    total = float((standard**2).sum())
    return 2 * min(float(chdtr(standard.size, total)), float(chdtrc(standard.size, total)))


def leaks_size(release: Callable[[int], Reals], *, canaries: int, count: int, tolerance: float) -> bool:
    """Whether a release tells how many pictures there are: under one secret, the same step on ``count`` pictures and
    one more, which says nothing, must be the same in all parameters but the canaries', up to ``tolerance``.

    ``release`` gives a step's release (D,) of so many silent pictures.
    """
    before, after = release(count), release(count + 1)
    return bool(np.abs(before - after)[canaries:].max() > tolerance)
