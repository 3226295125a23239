"""What a number of noisy steps costs, by two accountants that must agree, and how much noise a budget asks for."""

from __future__ import annotations

from functools import lru_cache

from rectoverso.recto.privacy import losses, moments

AGREEMENT = 0.02
"""By how much, of the smaller one, the two accountants may differ."""
LEAST_DELTA = 1e-9
"""Below it rounding would count."""
LEAST_NOISE, MOST_NOISE = 0.3, 1e5
CLOSE = 1e-4


class AccountantsDisagree(ArithmeticError):
    """The two accountants came to different numbers: a mistake in one of them, and no number is given."""


@lru_cache(maxsize=64)
def epsilon(*, rate: float, noise: float, steps: int, delta: float) -> float:
    """The epsilon of ``steps`` steps of the sampled Gaussian mechanism at ``delta``, adding or removing one picture.

    ``rate``: the probability with which a step takes each picture; ``noise``: the deviation over the most that one
    picture adds. It is that of `losses`, which bounds from above. Raises AccountantsDisagree unless `moments` comes to
    the same and no more than its own bound.
    """
    if not steps:
        return 0.0
    folded = losses.epsilon(rate=rate, noise=noise, steps=steps, delta=delta)
    integrated = moments.epsilon(rate=rate, noise=noise, steps=steps, delta=delta)
    if abs(folded - integrated) > AGREEMENT * min(folded, integrated) + CLOSE:
        raise AccountantsDisagree(f"{folded} and {integrated} of {steps} steps")
    return folded


@lru_cache(maxsize=64)
def noise_for(*, epsilon: float, rate: float, steps: int, delta: float) -> float:
    """The least noise, to one in ten thousand, with which ``steps`` steps cost at most ``epsilon`` at ``delta``."""
    low, high = LEAST_NOISE, LEAST_NOISE
    while _costs(rate, high, steps, delta) > epsilon:
        low, high = high, 2 * high
        if high > MOST_NOISE:
            raise OverflowError(f"no noise up to {MOST_NOISE} is enough")
    while high - low > CLOSE * low:
        middle = (low + high) / 2
        low, high = (middle, high) if _costs(rate, middle, steps, delta) > epsilon else (low, middle)
    return high


def _costs(rate: float, noise: float, steps: int, delta: float) -> float:
    return losses.epsilon(rate=rate, noise=noise, steps=steps, delta=delta)
