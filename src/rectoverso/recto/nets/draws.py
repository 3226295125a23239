"""Which of many a number between 0 and 1 chooses: temperature, the likeliest few, and the inverse of the sum.

Shapes: N choices, K options.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Sampling:
    """``temperature``: below 1 the likely becomes likelier. ``top_k``: only so many of the likeliest (0: all).
    ``top_p``: only as many of the likeliest as have this chance together (Holtzman et al. 2020).
    """

    temperature: float = 1.0
    top_k: int = field(default=0, metadata={"least": 0})
    top_p: float = 1.0


def uniforms(noise_N: Tensor) -> Tensor:
    """Normal numbers as numbers between 0 and 1 of the same rank: the normal distribution's own sum."""
    uniform_N: Tensor = torch.special.ndtr(noise_N.double())
    return uniform_N


def drawn(logit_NK: Tensor, uniform_N: Tensor, sampling: Sampling) -> Tensor:
    """The option (N,) at which the sum of chances, the likeliest first, passes the number."""
    chance_NK, order_NK = chances(logit_NK, sampling)
    sum_NK = chance_NK.cumsum(1)
    passed_N1 = torch.searchsorted(sum_NK, uniform_N[:, None].double() * sum_NK[:, -1:])
    return order_NK.gather(1, passed_N1.clamp_max(logit_NK.shape[1] - 1))[:, 0]


def chances(logit_NK: Tensor, sampling: Sampling) -> tuple[Tensor, Tensor]:
    """The chance of each option that is left, the likeliest first, and which option it is."""
    scaled_NK = logit_NK.double() / max(sampling.temperature, 1e-6)
    chance_NK, order_NK = torch.sort(torch.softmax(scaled_NK, 1), dim=1, descending=True, stable=True)
    before_NK = chance_NK.cumsum(1) - chance_NK
    left_NK = (
        before_NK < sampling.top_p
    )  # the likeliest stays whatever is asked, for nothing stands before it
    left_NK[:, 0] = True
    if sampling.top_k:
        left_NK[:, sampling.top_k :] = False
    chance_NK = torch.where(left_NK, chance_NK, 0.0)
    return chance_NK / chance_NK.sum(1, keepdim=True), order_NK
