"""The second accountant, and the one that certifies: the whole distribution of the privacy loss, on a grid, folded.

The loss of one step (`moments` says which mechanism) is put on a grid of losses so that it only grows worse: the mass
between two points goes to both, in the shares that leave the probabilities of numerator and denominator what they were
(Doroshenko, Ghazi, Kamath, Kumar and Manurangsi 2022, "connect the dots", arXiv:2207.04380). The sum over steps is the
n-th power of its Fourier transform (Koskela, Jälkö and Honkela 2020, arXiv:1906.03049). What the grid does not hold
is counted as if it gave everything away. So the epsilon is an upper bound, but for rounding, which `ROUNDING` covers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from rectoverso.recto.privacy.moments import least

Reals = NDArray[np.float64]

FINENESS = 24
"""Points of the grid to a deviation of one step's loss."""
COARSEST = 0.005
MOST_OF_ONE, MOST_OF_ALL = 2**17, 2**21
"""Points of one step's grid and of that of all steps: beyond them it is coarser, which costs epsilon and not truth."""
REACH = 13.0
"""Deviations of the noise beyond which a step's mass counts as lost: 1e-38 of it."""
TAIL = 1e-4
"""What may lie outside of the grid after all steps, as a share of delta."""
ROUNDING = 4e-16
"""What each step may add to delta by rounding."""


def epsilon(*, rate: float, noise: float, steps: int, delta: float) -> float:
    """The epsilon of so many steps at ``delta``."""
    return max(_summed(rate, noise, sign, steps, delta).epsilon(delta) for sign in (1, -1))


@dataclass(frozen=True, slots=True)
class Losses:
    """Masses (K,) of the losses (K,), and what is ``lost``: mass of an infinite loss."""

    loss_K: Reals
    mass_K: Reals
    lost: float

    def delta(self, epsilon: float) -> float:
        """The mass-weighted (1 - exp(epsilon - loss))+."""
        over_K = self.loss_K > epsilon
        return self.lost + float(-(self.mass_K[over_K] * np.expm1(epsilon - self.loss_K[over_K])).sum())

    def epsilon(self, delta: float) -> float:
        """The least epsilon with this delta; infinite where the grid has lost too much."""
        return math.inf if self.lost > delta else least(self.delta, delta, float(self.loss_K[-1]))


def _summed(rate: float, noise: float, sign: int, steps: int, delta: float) -> Losses:
    one, grid = _one(rate, noise, sign, steps)
    mean = float((one.loss_K * one.mass_K).sum())
    low, high = (_reach(one, steps, TAIL * delta, side) for side in (-1, 1))
    first = math.floor(min(low, 2 * mean * steps, 0.0) / grid)
    count = 1 << (math.ceil(high / grid) - first + len(one.mass_K)).bit_length()
    ring_K = np.zeros(count)
    place_K = np.rint(one.loss_K / grid).astype(np.int64)
    np.add.at(ring_K, place_K % count, one.mass_K)
    folded_K = np.fft.irfft(np.fft.rfft(ring_K) ** steps, count).clip(0)
    loss_K: Reals = (first + np.arange(count, dtype=np.float64)) * grid
    mass_K = np.roll(folded_K, -first)
    lost = -math.expm1(steps * math.log1p(-min(one.lost, 0.5))) + 2 * TAIL * delta + steps * ROUNDING
    return Losses(loss_K, mass_K, lost)


def _reach(one: Losses, steps: int, tail: float, side: int) -> float:
    """Beyond which loss, on this side, the sum has at most ``tail`` of its mass (Chernoff)."""
    t_T = side * np.geomspace(1e-3, 1e3, 120)
    exponent_TK = t_T[:, None] * one.loss_K + np.log(one.mass_K + 1e-300)
    most_T = exponent_TK.max(1)
    k_T = np.log(np.exp(exponent_TK - most_T[:, None]).sum(1)) + most_T
    return float(side * ((steps * k_T - math.log(tail)) / abs(t_T)).min())


def _one(rate: float, noise: float, sign: int, steps: int) -> tuple[Losses, float]:
    """One step's losses, and the distance of their grid."""
    x_X = np.linspace(-REACH * noise, 1 + REACH * noise, 4_001)
    loss_X = sign * _loss(x_X, rate, noise)
    p_X = _density(x_X, rate if sign > 0 else 0.0, noise)
    share_X = p_X / p_X.sum()
    mean = float((share_X * loss_X).sum())
    spread = math.sqrt(float((share_X * (loss_X - mean) ** 2).sum()))
    all_steps = 2 * steps * abs(mean) + 30 * math.sqrt(steps) * spread
    grid = min(COARSEST, spread / FINENESS)
    grid = max(grid, float(np.ptp(loss_X)) / MOST_OF_ONE, all_steps / MOST_OF_ALL)
    k_K = np.arange(math.floor(loss_X.min() / grid), math.ceil(loss_X.max() / grid) + 1)
    edge_K = k_K * grid
    over_K, under_K = _between(edge_K, rate, noise, sign)
    # Of a cell's mass, the share of its upper end: the one that keeps the denominator's mass too.
    upper_K = np.clip(-(over_K - under_K * np.exp(edge_K[:-1])) / np.expm1(-grid), 0, over_K)
    mass_K = np.zeros(len(edge_K))
    mass_K[1:] += upper_K
    mass_K[:-1] += over_K - upper_K
    return Losses(edge_K, mass_K, max(0.0, 1 - float(mass_K.sum())) + 2 * float(ndtr(-REACH))), grid


def _between(edge_K: Reals, rate: float, noise: float, sign: int) -> tuple[Reals, Reals]:
    """The numerator's and the denominator's mass (K - 1,) of losses between neighbouring edges."""
    x_K = _where(sign * edge_K, rate, noise)
    with_K, without_K = (abs(_mass(x_K[:-1], x_K[1:], r, noise)) for r in (rate, 0.0))
    return (with_K, without_K) if sign > 0 else (without_K, with_K)


def _where(loss_K: Reals, rate: float, noise: float) -> Reals:
    """The x at which p1 / p0 has these logarithms; minus infinity below the least that it has."""
    inner_K = np.expm1(loss_K) / rate
    with np.errstate(divide="ignore", invalid="ignore"):
        x_K = noise**2 * np.log1p(inner_K) + 0.5
    return np.where(inner_K > -1, x_K, -np.inf)


def _loss(x_X: Reals, rate: float, noise: float) -> Reals:
    shift_X = (2 * x_X - 1) / (2 * noise**2)
    return shift_X if rate == 1 else np.log1p(rate * np.expm1(shift_X))


def _density(x_X: Reals, rate: float, noise: float) -> Reals:
    without_X, shifted_X = (np.exp(-(((x_X - at) / noise) ** 2) / 2) for at in (0.0, 1.0))
    return (1 - rate) * without_X + rate * shifted_X


def _mass(from_K: Reals, to_K: Reals, rate: float, noise: float) -> Reals:
    """The mass of p1 (of p0 at rate 0) between two places."""

    def between(at: float) -> Reals:
        a_K, b_K = (from_K - at) / noise, (to_K - at) / noise
        flipped_K = np.minimum(a_K, b_K) > 0  # where both are large, their distance is told by the other tail
        plain_K, other_K = ndtr(b_K) - ndtr(a_K), ndtr(-a_K) - ndtr(-b_K)
        between_K: Reals = np.where(flipped_K, other_K, plain_K)
        return between_K

    mass_K: Reals = (1 - rate) * between(0.0) + rate * between(1.0)
    return mass_K
