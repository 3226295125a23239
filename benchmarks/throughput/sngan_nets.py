"""SNGAN's residual networks for 32 pixels, as Mimicry has them, written in our layers.

Miyato et al. 2018, arXiv:1802.05957, appendix B, table 4. Only for measuring speed beside Mimicry. The same functions
with the same parameters; where an order is free, the cheaper one: the 1x1 convolution of a shortcut comes at the
smaller side, and the mean of squares after a 3x3 convolution is folded into it. Mimicry's ReLUs work in place, so that
the critic's shortcuts begin behind the block's first one, and do so here.

Shapes: N images, Z latent, C channels, H height, W width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.resampling import smaller
from rectoverso.recto.nets.spectral import SpectralConv2d, SpectralLinear
from rectoverso.recto.systems.biggan import BigNets
from rectoverso.recto.systems.recipe import Shape


@dataclass(frozen=True, slots=True)
class SnganNets(BigNets):
    latent: int = 128
    generator_width: int = 256
    critic_width: int = 128

    def generator(self, shape: Shape) -> nn.Module:
        return SnganGenerator(shape, self.latent, self.generator_width)

    def critic(self, shape: Shape) -> nn.Module:
        return SnganCritic(shape, self.critic_width)


class SnganGenerator(nn.Module):
    """Latents (N, Z) to pictures (N, C, H, W). ``threshold`` is what `biggan` writes its truncation to."""

    threshold: Tensor

    def __init__(self, shape: Shape, latent: int, width: int) -> None:
        super().__init__()
        self.sides = shape.start
        self.start = nn.Linear(latent, width * shape.start[0] * shape.start[1])
        self.blocks = nn.Sequential(*(UpBlock(width) for _ in range(shape.levels)))
        self.norm = nn.BatchNorm2d(width)
        self.to_picture = nn.Conv2d(width, shape.channels, 3, padding=1)
        self.register_buffer("threshold", torch.zeros(()))

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        del label_N
        x = self.start(z_NZ).view(len(z_NZ), *self.sides, -1).permute(0, 3, 1, 2)
        return torch.tanh(cast("Tensor", self.to_picture(F.relu(self.norm(self.blocks(x))))))


class UpBlock(nn.Module):
    """Norm, ReLU, double, 3x3, norm, ReLU, 3x3, beside a doubled 1x1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(2))
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.skip = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(larger(F.relu(self.norms[0](x))))
        return cast("Tensor", self.second(F.relu(self.norms[1](y)))) + larger(self.skip(x))


class SnganCritic(nn.Module):
    """Pictures (N, C, H, W) to one logit each (N,)."""

    def __init__(self, shape: Shape, width: int) -> None:
        super().__init__()
        halving = [DownBlock(shape.channels, width, is_first=True), DownBlock(width, width)]
        self.blocks = nn.Sequential(*halving, SameBlock(width), SameBlock(width))
        self.logit = SpectralLinear(width, 1)

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None = None) -> Tensor:
        del label_N
        f_NC = F.relu(self.blocks(x_NCHW)).float().sum(dim=(2, 3))
        return cast("Tensor", self.logit(f_NC))[:, 0]


class DownBlock(nn.Module):
    """ReLU (not on the picture); then 3x3, ReLU, 3x3, halve, beside a halved 1x1."""

    def __init__(self, inputs: int, outputs: int, *, is_first: bool = False) -> None:
        super().__init__()
        self.is_first = is_first
        self.first = SpectralConv2d(inputs, outputs)
        self.second = SpectralConv2d(outputs, outputs, sides="halve")
        self.skip = SpectralConv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = x if self.is_first else F.relu(x)
        return cast("Tensor", self.second(F.relu(self.first(x))) + self.skip(smaller(x)))


class SameBlock(nn.Module):
    """ReLU; then 3x3, ReLU, 3x3, beside nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = (SpectralConv2d(width, width) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x)
        return x + cast("Tensor", self.second(F.relu(self.first(x))))


def larger(x_NCHW: Tensor) -> Tensor:
    """Twice the sides, bilinear."""
    return F.interpolate(x_NCHW, scale_factor=2, mode="bilinear", align_corners=False)
