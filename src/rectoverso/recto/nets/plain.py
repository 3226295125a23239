"""The plain pair: the fastest networks we know that learn 32x32 pictures on two CPU cores in minutes.

Generator: linear to 4x4, then {double, 3x3 convolution, batch norm, ReLU} up to the side, 3x3 to the picture, tanh.
The norm's gain and bias belong to the class when there are classes. Critic: 3x3 convolution, 4x4 stride-2
convolutions down to 4x4, leaky ReLU, a hidden layer, one logit plus the projection on the class (Miyato and Koyama
2018). No norms, no residual blocks: at this length of training, pictures seen a second beat everything else
(docs/log.md). With a ``patch`` above 1 both begin and end at squares of pixels instead of pixels.

One convolution after a doubling by nearest neighbour leaves a tartan in pictures of 64x64 and more: rows and columns,
as the squares have edges. ``refined`` generators double smoothly, and a second convolution adds what is fine.

Shapes: N images, Z latent, F features, C channels, H height, W width. Pictures are floats in [-1, 1].
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.layers import ClassBatchNorm2d, DownConv2d, UpConv2d
from rectoverso.recto.systems.recipe import Shape

FULL_PX = 32
"""Up to this side the critic starts at full resolution; above, its first step already halves the picture."""
SLOPE = 0.2


class PlainGenerator(nn.Module):
    """Latents (N, Z) and labels (N,) or None to pictures (N, C, H, W).

    ``modulated``: the latent also sets gain and bias of every norm, so that it is heard at every resolution.
    ``tile``: the features of the full side have a bias for each place of a tile of so many pixels a side, which repeats
    over the picture; 0: none. Without it a place that is not at an edge can hardly be told from the next.
    """

    def __init__(
        self,
        shape: Shape,
        *,
        latent: int,
        width: int,
        patch: int = 1,
        modulated: bool = False,
        refined: bool = False,
        tile: int = 0,
    ) -> None:
        super().__init__()
        self.patch = patch
        widths = generator_widths(levels_of(shape, patch), width)
        self.sides = shape.start
        self.start = nn.Linear(latent, widths[0] * self.sides[0] * self.sides[1], bias=False)
        heard = latent if modulated else 0
        self.norms = nn.ModuleList(ClassBatchNorm2d(w, shape.classes, heard) for w in widths)
        self.stages = nn.ModuleList(UpConv2d(w, v, smooth=refined) for w, v in pairwise(widths))
        self.refinements = nn.ModuleList(Refinement(w, shape.classes, heard) for w in widths[1:] if refined)
        self.to_picture = nn.Conv2d(widths[-1], shape.channels * patch**2, 3, padding=1)
        self.tile_FSS: nn.Parameter | None = None
        if tile:
            self.give_tile(tile)

    def give_tile(self, tile: int) -> None:
        """Have biases of a tile from now on, which are 0 and so change nothing yet."""
        side = max(1, tile // self.patch)
        self.tile_FSS = nn.Parameter(torch.zeros(self.to_picture.in_channels, side, side))

    def tiled(self, x_NFHW: Tensor) -> Tensor:
        """Features with the biases of their places."""
        if self.tile_FSS is None:
            return x_NFHW
        height, width = x_NFHW.shape[2:]
        down, across = (-(-side // self.tile_FSS.shape[1]) for side in (height, width))
        return x_NFHW + self.tile_FSS.repeat(1, down, across)[:, :height, :width]

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        x = self.start(z_NZ).view(len(z_NZ), *self.sides, -1).permute(0, 3, 1, 2)
        x = F.relu(self.norms[0](x, label_N, z_NZ))
        for level, stage in enumerate(self.stages):
            x = stage(x)
            x = self.tiled(x) if level == len(self.stages) - 1 else x
            x = F.relu(self.norms[level + 1](x, label_N, z_NZ))
            x = self.refinements[level](x, label_N, z_NZ) if self.refinements else x
        return torch.tanh(F.pixel_shuffle(self.to_picture(x), self.patch))


class Refinement(nn.Module):
    """A 3x3 convolution and its norm, added to features (N, F, H, W) that stay as large as they are."""

    def __init__(self, width: int, classes: int, latent: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = ClassBatchNorm2d(width, classes, latent)

    def forward(self, x_NFHW: Tensor, label_N: Tensor | None, z_NZ: Tensor) -> Tensor:
        return F.relu(x_NFHW + self.norm(self.conv(x_NFHW), label_N, z_NZ))


class PlainCritic(nn.Module):
    """Pictures (N, C, H, W) and labels (N,) or None to one logit each (N,). ``pooled``: its halvings are means of
    squares after a 3x3 convolution, instead of every second place of a 4x4 one.
    """

    def __init__(self, shape: Shape, *, width: int, patch: int = 1, pooled: bool = False) -> None:
        super().__init__()
        self.patch = patch
        halving = DownConv2d if pooled else strided
        at_full = min(shape.height_px, shape.width_px) <= FULL_PX
        channels = shape.channels * patch**2
        self.first = nn.Conv2d(channels, width, 3, padding=1) if at_full else halving(channels, width)
        levels = levels_of(shape, patch)
        widths = critic_widths(levels if at_full else levels - 1, width)
        self.stages = nn.ModuleList(halving(w, v) for w, v in pairwise(widths))
        self.hidden = nn.Linear(widths[-1] * shape.start[0] * shape.start[1], widths[-1])
        self.logit = nn.Linear(widths[-1], 1)
        self.of_class = nn.Embedding(shape.classes, widths[-1]) if shape.classes else None
        if self.of_class is not None:
            nn.init.normal_(self.of_class.weight, std=widths[-1] ** -0.5)

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None = None) -> Tensor:
        return self.rated(self.features(x_NCHW), label_N)

    def features(self, x_NCHW: Tensor) -> Tensor:
        """What is looked at in a picture (N, F)."""
        x = F.leaky_relu(self.first(F.pixel_unshuffle(x_NCHW, self.patch)), SLOPE)
        for stage in self.stages:
            x = F.leaky_relu(stage(x), SLOPE)
        return F.leaky_relu(self.hidden(x.permute(0, 2, 3, 1).flatten(1)), SLOPE)

    def rated(self, f_NF: Tensor, label_N: Tensor | None) -> Tensor:
        """One logit each (N,), with the projection on the class where there are classes (Miyato and Koyama 2018)."""
        logit_N = cast("Tensor", self.logit(f_NF))[:, 0]
        if self.of_class is None:
            return logit_N
        return logit_N + (f_NF * cast("Tensor", self.of_class(label_N))).sum(1)

    def named(self, f_NF: Tensor) -> Tensor:
        """A logit for each class (N, K), from the vectors of the projection."""
        assert self.of_class is not None  # noqa: S101 - asked only where there are classes
        return F.linear(f_NF, self.of_class.weight)


def strided(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)


def levels_of(shape: Shape, patch: int) -> int:
    """How many doublings are left to a network that sees squares of ``patch`` pixels a side."""
    return shape.levels - patch.bit_length() + 1


def generator_widths(levels: int, width: int) -> list[int]:
    """Channels from the first picture on: the last has ``width``, each before twice as many, at most 4 times."""
    return [width * min(4, 2**level) for level in reversed(range(levels + 1))]


def critic_widths(levels: int, width: int) -> list[int]:
    """Channels from the full side down: ``width``, doubling, at most 4 times."""
    return [width * min(4, 2**level) for level in range(levels + 1)]
