"""What the pictures of one batch say of a watermark together, where each by itself leaves it open.

The p-values of different pictures under one key are independent, so their product has a known tail (`tails`). It is
combined over the pictures in which no mark was found: those that lost most of it (many times saved, or small) then
speak up together, and pictures that never had one stay silent.

Of the marks that generators were ingrained with, the votes are summed instead: pictures of one generator may be alike
in what they vote, and the tail of the sum holds all the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rectoverso.types import Report


@dataclass(frozen=True, slots=True)
class Together:
    """``count`` pictures without a mark of their own, and how often as many without any would say as much."""

    count: int
    found: bool
    p_value: float


def together(reports: Sequence[Report]) -> Together | None:
    """The answer of at least two different pictures in which no mark was found; None where there are fewer.

    A copy of a picture says nothing new: it has the same p-value to the last bit, and is counted once.
    """
    from rectoverso.verso.mark.watermark import FOUND_AT
    from rectoverso.verso.mark.watermark.tails import log_of_together

    readings = [one.watermark for one in reports if not one.watermark.found]
    p_values = [one.p_value for one in readings if one.p_value]
    p_values = [*{p for p in p_values if p < 1}, *(p for p in p_values if p == 1)]
    if len(p_values) < 2:
        return None
    p_value = math.exp(log_of_together([math.log(p) for p in p_values]))
    return Together(len(p_values), p_value <= FOUND_AT, p_value)


def leaning_together(reports: Sequence[Report]) -> Together | None:
    """The same of the ingrained mark, over the pictures in which it was not found, as they lie."""
    import numpy as np

    from rectoverso.verso.mark.watermark import FOUND_AT
    from rectoverso.verso.mark.watermark.ingrained import WAVES, together_p_value

    votes = [np.array(one.ingrained.votes) for one in reports if not one.ingrained.found]
    votes = [one for one in votes if len(one) == WAVES and np.isfinite(one).all()]
    if len(votes) < 2:
        return None
    p_value = together_p_value(votes)
    return Together(len(votes), p_value <= FOUND_AT, p_value)
