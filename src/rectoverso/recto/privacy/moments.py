"""The first accountant: moments of the privacy loss of the sampled Gaussian mechanism, and what they say of delta.

A step takes each picture with probability q, sums what each taken one says (at most 1 long), and adds normal noise of
deviation sigma. With p0 = N(0, sigma^2) and p1 = (1 - q) p0 + q N(1, sigma^2), two sets that differ in one picture are
told apart no better than p1 from p0 and p0 from p1 (Mironov, Talwar and Zhang 2019, arXiv:1908.10530). Let L be the
logarithm of the quotient, and K(z) = log E exp(z L) under the numerator: steps add their K. Then for any t > 0

    delta(e) = 1/(2 pi i) integral over t + iR of exp(n K(z) - z e) / (z (z + 1)) dz

because (1 - exp(-u))+ is the inverse Laplace transform of 1 / (z (z + 1)). The largest that (1 - exp(-u))+ exp(-t u)
can be gives the bound that is known as Renyi differential privacy with the conversion of Canonne, Kamath and Steinke
2020 (arXiv:2004.00010, proposition 12): an upper bound where the integral is the value itself. `losses` shares nothing
with this but the two densities.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Complexes = NDArray[np.complex128]

REACH = 14.0
"""Deviations of the noise on either side over which densities are summed."""
POINTS = 3_000
ORDERS: Reals = np.concatenate([np.geomspace(1e-3, 1, 25), np.geomspace(1.05, 2_000, 100)])
"""At which t the bound is looked for."""
LINE, LONGEST = 300, 9_000
"""Points of the line over which the integral goes, and how many there may be until the integrand has vanished."""
VANISHED = 1e-6


def epsilon(*, rate: float, noise: float, steps: int, delta: float) -> float:
    """The epsilon of so many steps at ``delta``, by the integral."""
    return max(_Direction(rate, noise, sign).epsilon(steps, delta) for sign in (1, -1))


def bound(*, rate: float, noise: float, steps: int, delta: float) -> float:
    """The epsilon that Renyi differential privacy gives: never less than the true one."""
    return max(_Direction(rate, noise, sign).bound(steps, delta)[0] for sign in (1, -1))


class _Direction:
    """One of the two ways in which the sets differ: a picture more (``sign`` 1: p1 over p0), or one less."""

    def __init__(self, rate: float, noise: float, sign: int) -> None:
        x_X = np.linspace(-REACH * noise, 1 + REACH * noise, POINTS)
        without_X = np.exp(-((x_X / noise) ** 2) / 2)
        quotient_X = np.log1p(rate * np.expm1((2 * x_X - 1) / (2 * noise**2))) if rate < 1 else None
        if quotient_X is None:
            quotient_X = (2 * x_X - 1) / (2 * noise**2)
        self.loss_X = sign * quotient_X
        density_X = without_X * (np.exp(quotient_X) if sign > 0 else 1)
        self.weight_X = density_X * (x_X[1] - x_X[0]) / (noise * np.sqrt(2 * np.pi))

    def moment(self, z_Z: Complexes | Reals) -> Complexes | Reals:
        """K at each z (Z,)."""
        largest_Z = (z_Z.real[:, None] * self.loss_X + np.log(self.weight_X + 1e-300)).max(1)
        exponent_ZX = z_Z[:, None] * self.loss_X + np.log(self.weight_X + 1e-300) - largest_Z[:, None]
        found: Complexes | Reals = np.log(np.exp(exponent_ZX).sum(1)) + largest_Z
        return found

    def bound(self, steps: int, delta: float) -> tuple[float, float]:
        """The bound's epsilon, and the t at which it is least."""
        t_T = ORDERS
        most_T = t_T * np.log(t_T) - (t_T + 1) * np.log1p(t_T)
        epsilon_T = (steps * self.moment(t_T).real + most_T - np.log(delta)) / t_T
        place = int(np.argmin(epsilon_T))
        return max(0.0, float(epsilon_T[place])), float(t_T[place])

    def epsilon(self, steps: int, delta: float) -> float:
        highest, t = self.bound(steps, delta)
        beside = np.array([0.98 * t, t, 1.02 * t])
        k_3 = self.moment(beside).real
        bend = steps * (k_3[0] - 2 * k_3[1] + k_3[2]) / (0.02 * t) ** 2
        gap = 9 / np.sqrt(max(bend, 1e-12)) / LINE  # many steps: the integrand falls like a normal density
        z_Y, weight_Y = self._line(t, gap, steps)

        def delta_at(epsilon: float) -> float:
            return float(np.exp(weight_Y - z_Y * epsilon).real.sum() * gap / np.pi)

        return least(delta_at, delta, highest)

    def _line(self, t: float, gap: float, steps: int) -> tuple[Complexes, Complexes]:
        """Points (Y,) above t, so far apart, and the logarithm of the integrand there, but for epsilon's part."""
        places, weights = [], []
        for first in range(0, LONGEST, LINE):
            z_Y: Complexes = np.asarray(t + 1j * (first + np.arange(LINE) + 0.5) * gap, dtype=np.complex128)
            weight_Y = steps * self.moment(z_Y) - np.log(z_Y) - np.log(z_Y + 1)
            places.append(z_Y)
            weights.append(weight_Y)
            if weight_Y[-1].real < weights[0][0].real + np.log(VANISHED):
                break
        return np.concatenate(places), np.concatenate(weights)


def least(delta_at: Callable[[float], float], delta: float, highest: float) -> float:
    """The least epsilon, up to ``highest``, whose delta is at most ``delta``; ``delta_at`` falls."""
    low, high = 0.0, highest
    if delta_at(low) <= delta:
        return low
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_at(middle) > delta else (low, middle)
    return high
