"""The growing pair: Karras, Aila, Laine and Lehtinen 2018 (Progressive GAN, arXiv:1710.10196, section 2 and table 2).

Generator: latent scaled to the unit sphere, 4x4, then for each level {double, two 3x3 convolutions}, leaky ReLU and
pixel norm after each, and a 1x1 convolution to the picture, without a last activation. Critic: the mirror, with the
standard deviation within the batch as one more map at 4x4. All levels are there from the start; ``growth``, a buffer,
says how many of them are in use: 1.25 is the first whole and a quarter of the second (figure 2). It is stored with the
weights, so that a run that is looked at early shows the pictures it can make by then.

Where this leaves the paper: halving is part of the convolution before it, in front of bias and leaky ReLU; with classes
the critic adds a projection (Miyato and Koyama 2018) where the paper has an auxiliary classifier.

Shapes: N images, Z latent, F features, C channels, H height, W width; h and w, the sides of the level now reached.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from rectoverso.recto.nets.equalised import (
    RECTIFIED,
    EqualConv2d,
    EqualLinear,
    leaky,
    pixel_norm,
    with_group_deviation,
)
from rectoverso.recto.nets.mlp import class_rows, with_class
from rectoverso.recto.nets.resampling import larger, smaller
from rectoverso.recto.systems.recipe import Shape

GROUP = 4


class Growing(nn.Module):
    """What is ``growth`` levels tall, 0 to ``levels``."""

    growth: Tensor

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels
        self.settled: float | None = None
        self.register_buffer("growth", torch.tensor(float(levels)))

    def grow(self, growth: float) -> None:
        self.growth.fill_(growth)

    def settle(self) -> None:
        """Take the growth for a number that never changes, as an export must."""
        self.settled = self.growth.item()

    def reached(self) -> tuple[int, float]:
        """The highest level in use and how much of it is faded in, above 0 and up to 1."""
        growth = self.growth.item() if self.settled is None else self.settled
        level = min(self.levels, math.ceil(growth))
        return level, growth - level + 1


class GrowingGenerator(Growing):
    """Latents (N, Z) and labels (N,) or None to pictures (N, C, H, W), whatever the growth."""

    def __init__(self, shape: Shape, *, latent: int, width: int) -> None:
        super().__init__(shape.levels)
        widths = level_widths(shape.levels, width)
        self.sides = shape.start
        start = widths[0] * shape.start[0] * shape.start[1]
        # A quarter of He's gain, as in the authors' networks: the first layer then learns more slowly.
        self.start = EqualLinear(latent, start, gain=RECTIFIED / 4)
        self.of_class = class_rows(shape.classes, start)
        if self.of_class is not None:
            # A class weighs as much as one number of the latent, not more than all of them.
            nn.init.normal_(self.of_class.weight, std=self.start.scale)
        self.first = EqualConv2d(widths[0], widths[0])
        self.doubling = nn.ModuleList(EqualConv2d(w, v, sides="double") for w, v in pairwise(widths))
        self.second = nn.ModuleList(EqualConv2d(v, v) for v in widths[1:])
        self.to_picture = nn.ModuleList(EqualConv2d(w, shape.channels, 1, gain=1) for w in widths)

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        x_NCHW = self.grown(z_NZ, label_N)
        for _ in range(self.levels - self.reached()[0]):
            x_NCHW = larger(x_NCHW)
        return x_NCHW

    def grown(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        """Pictures of the sides now reached (N, C, h, w)."""
        level, alpha = self.reached()
        x = with_class(self.start(pixel_norm(z_NZ)), self.of_class, label_N)
        x = pixel_norm(leaky(x.view(len(z_NZ), *self.sides, -1).permute(0, 3, 1, 2)))
        x = below = pixel_norm(leaky(self.first(x)))
        for doubling, second in zip(self.doubling[:level], self.second[:level], strict=True):
            below, x = x, pixel_norm(leaky(doubling(x)))
            x = pixel_norm(leaky(second(x)))
        picture = cast("Tensor", self.to_picture[level](x))
        if alpha == 1:
            return picture
        return torch.lerp(larger(self.to_picture[level - 1](below)), picture, alpha)


class GrowingCritic(Growing):
    """Pictures (N, C, h, w) of the sides now reached, or (N, C, H, W), which it makes smaller, and labels (N,) or None
    to one logit each (N,).
    """

    def __init__(self, shape: Shape, *, width: int) -> None:
        super().__init__(shape.levels)
        widths = level_widths(shape.levels, width)
        self.height_px = shape.start[0]
        self.from_picture = nn.ModuleList(EqualConv2d(shape.channels, w, 1) for w in widths)
        self.first = nn.ModuleList(EqualConv2d(v, v) for v in widths[1:])
        self.halving = nn.ModuleList(EqualConv2d(v, w, sides="halve") for w, v in pairwise(widths))
        self.last = EqualConv2d(widths[0] + 1, widths[0])
        self.hidden = EqualLinear(widths[0] * shape.start[0] * shape.start[1], widths[0])
        self.logit = EqualLinear(widths[0], 1, gain=1)
        self.of_class = class_rows(shape.classes, widths[0])
        if self.of_class is not None:
            nn.init.normal_(self.of_class.weight, std=widths[0] ** -0.5)

    def forward(self, x_NChw: Tensor, label_N: Tensor | None = None) -> Tensor:
        level, alpha = self.reached()
        while x_NChw.shape[2] > self.height_px << level:
            x_NChw = smaller(x_NChw)
        x = leaky(self.from_picture[level](x_NChw))
        for step in reversed(range(level)):
            x = leaky(self.halving[step](leaky(self.first[step](x))))
            if step == level - 1 and alpha < 1:
                x = torch.lerp(leaky(self.from_picture[step](smaller(x_NChw))).to(x.dtype), x, alpha)
        x = leaky(self.last(with_group_deviation(x, GROUP, sides=2)))
        f_NF = leaky(self.hidden(x.permute(0, 2, 3, 1).flatten(1)))
        logit_N = cast("Tensor", self.logit(f_NF))[:, 0]
        if self.of_class is None:
            return logit_N
        return logit_N + (f_NF * cast("Tensor", self.of_class(label_N))).sum(1)


def level_widths(levels: int, width: int) -> list[int]:
    """Channels from the first picture on: the last has ``width``, each before twice as many, at most 8 times."""
    return [width * min(8, 2**level) for level in reversed(range(levels + 1))]


def faded(x_NCHW: Tensor, levels: int, growth: float) -> Tensor:
    """Real pictures as a network of this growth should make them (N, C, h, w): smaller, and while a level fades in,
    with as much of its detail (section 2: the data are interpolated like the networks).
    """
    level = min(levels, math.ceil(growth))
    for _ in range(levels - level):
        x_NCHW = smaller(x_NCHW)
    alpha = growth - level + 1
    return x_NCHW if alpha == 1 else torch.lerp(larger(smaller(x_NCHW)), x_NCHW, alpha)
