"""Layers with an equalised learning rate (Karras et al. 2018, section 4.1), and what else that paper's networks share.

Weights are drawn from N(0, 1) and multiplied at every use by He's constant: Adam moves all weights by equal steps, so
now all layers learn equally fast, whatever the range of their weights.

Shapes: N images, G pictures a group, F features, I and O channels in and out, H height, W width.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.resampling import RESAMPLED

SLOPE = 0.2
RECTIFIED = math.sqrt(2)
"""He's gain where a rectifier follows (He et al. 2015, eq. 10)."""


class EqualConv2d(nn.Module):
    """A convolution of kernel side 1 or 3, with doubling before it or halving after it where wanted."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        gain: float = RECTIFIED,
        bias: bool = True,
        sides: Literal["same", "double", "halve"] = "same",
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale = gain / math.sqrt(inputs * kernel**2)
        self.sides = sides

    def forward(self, x_NIHW: Tensor) -> Tensor:
        return RESAMPLED[self.sides](x_NIHW, self.weight * self.scale, self.bias)


class EqualLinear(nn.Module):
    """A fully connected layer (N, I) -> (N, O); ``rate`` makes it learn that many times slower or faster."""

    def __init__(
        self, inputs: int, outputs: int, *, gain: float = RECTIFIED, rate: float = 1.0, bias: float = 0.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.scale, self.rate = gain * rate / math.sqrt(inputs), rate

    def forward(self, x_NI: Tensor) -> Tensor:
        return F.linear(x_NI, self.weight * self.scale, self.bias * self.rate)


def pixel_norm(x: Tensor) -> Tensor:
    """Each pixel's features (dimension 1) scaled to a mean square of 1 (Karras et al. 2018, section 4.2)."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)


def leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, SLOPE)


def with_group_deviation(x_NFHW: Tensor, group: int, sides: int = 1) -> Tensor:
    """The features and one more map (N, F + 1, H, W): how much they differ within groups of pictures that stand side
    by side (Karras et al. 2018, section 3). A generator that always makes the same picture is seen at once.

    Where real and generated pictures come in one batch, it has two ``sides``, and a group is never of both. The group
    shrinks to what divides a side.
    """
    count = len(x_NFHW)
    group = math.gcd(group, count // sides) if count % sides == 0 else 1
    x_gGFHW = x_NFHW.float().reshape(-1, group, *x_NFHW.shape[1:])
    # By hand, because `var` takes ten times as long.
    variance_gFHW = (x_gGFHW - x_gGFHW.mean(dim=1, keepdim=True)).square().mean(dim=1)
    deviation_gFHW = (variance_gFHW + 1e-8).sqrt()
    deviation_N = deviation_gFHW.mean(dim=(1, 2, 3)).repeat_interleave(group)
    map_N1HW = deviation_N[:, None, None, None].expand(-1, 1, *x_NFHW.shape[2:])
    joined_NFHW = torch.cat([x_NFHW, map_N1HW.to(x_NFHW.dtype)], 1)
    return joined_NFHW.contiguous(memory_format=torch.channels_last)
