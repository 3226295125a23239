"""The source article's networks: the DCGAN of Radford, Metz and Chintala (2016) as Keras' tutorial cuts it down.

Generator: latent 100, dense to 8x8x256 without bias, batch norm and LeakyReLU 0.3, 5x5 transposed convolutions to 128
(stride 1), 64 (stride 2) and the picture's channels (stride 2), tanh. Critic: 5x5 stride-2 convolutions to 64 and
128, LeakyReLU, dropout 0.3, one logit. Each doubling of the side beyond 32 adds one stride-2 stage to both.

Shapes: N images, Z latent, C channels, H height, W width. Pictures are floats in [-1, 1].
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.fourier import FourierConv2d, FourierConvTranspose2d
from rectoverso.recto.nets.layers import (
    Dropout,
    SameConv2d,
    SameConvTranspose2d,
    SubpixelConv2d,
    SubpixelConvTranspose2d,
)

SLOPE = 0.3
START_PX = 8
KERAS_EPSILON, KERAS_MOMENTUM = 1e-3, 0.01  # Keras writes the momentum as 0.99, the share that is kept


class ArticleGenerator(nn.Module):
    """Latents (N, Z), and labels that it has no use for, to pictures (N, C, H, W)."""

    def __init__(self, size: int, channels: int, *, latent: int = 100, width: int = 64) -> None:
        super().__init__()
        widths = generator_widths(size, width)
        self.start = widths[0]
        self.dense = nn.Linear(latent, START_PX * START_PX * self.start, bias=False)
        self.norms = nn.ModuleList([keras_norm1d(self.dense.out_features), *map(keras_norm2d, widths[1:])])
        stages: list[nn.Module] = [FourierConvTranspose2d(widths[0], widths[1], 1, START_PX)]
        stages += [FourierConvTranspose2d(w, v, 2, START_PX) for w, v in pairwise(widths[1:3])]
        stages += [SameConvTranspose2d(w, v, 5, 2) for w, v in pairwise(widths[2:])]
        self.stages = nn.ModuleList(stages)
        self.to_picture = SubpixelConvTranspose2d(widths[-1], channels)
        glorot(self)

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        del label_N  # the article's networks know no classes
        x = F.leaky_relu(self.norms[0](self.dense(z_NZ)), SLOPE)
        # Keras reshapes to (8, 8, 256), channels last, and so does this: the same numbers at the same places.
        x = x.view(-1, START_PX, START_PX, self.start).permute(0, 3, 1, 2)
        for stage, norm in zip(self.stages, list(self.norms)[1:], strict=True):
            x = F.leaky_relu(norm(stage(x)), SLOPE)
        return torch.tanh(cast("Tensor", self.to_picture(x)))


class ArticleCritic(nn.Module):
    """Pictures (N, C, H, W) to one logit each (N,): how real it looks."""

    def __init__(self, size: int, channels: int, *, width: int = 64, dropout: float = 0.3) -> None:
        super().__init__()
        widths = [channels, *(width * 2**level for level in range(doublings(size)))]
        stages: list[nn.Module] = [SubpixelConv2d(*widths[:2])]
        stages += [SameConv2d(w, v, 5, 2) for w, v in pairwise(widths[1:-1])]
        stages += [FourierConv2d(w, v, 2 * START_PX) for w, v in pairwise(widths[1:][-2:])]
        self.stages = nn.ModuleList(stages)
        self.dropout = Dropout(dropout)
        self.logit = nn.Linear(START_PX * START_PX * widths[-1], 1)
        glorot(self)

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None = None) -> Tensor:
        del label_N
        for stage in self.stages:
            x_NCHW = self.dropout(F.leaky_relu(stage(x_NCHW), SLOPE))
        return cast("Tensor", self.logit(x_NCHW.permute(0, 2, 3, 1).flatten(1)))[:, 0]


def doublings(size: int) -> int:
    """How many times 8 pixels are doubled to make the side."""
    return (size // START_PX).bit_length() - 1


def generator_widths(size: int, width: int) -> list[int]:
    """Channels from the 8x8 start on: 256, 128, 64 at 32 pixels, 256, 128, 64, 32 at 64."""
    return [4 * width, *(2 * width // 2**level for level in range(doublings(size)))]


def keras_norm1d(features: int) -> nn.BatchNorm1d:
    return nn.BatchNorm1d(features, eps=KERAS_EPSILON, momentum=KERAS_MOMENTUM)


def keras_norm2d(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=KERAS_EPSILON, momentum=KERAS_MOMENTUM)


def glorot(module: nn.Module) -> None:
    """Keras' start: Glorot uniform weights and zero biases."""
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
