"""BigGAN's networks, small: Brock, Donahue and Simonyan 2019 (arXiv:1809.11096), section 3 and appendix B, figure 15.

Generator: the latent is cut into chunks, one for the 4x4 start and one for each residual block (skip-z); a block's
batch norms take gain and bias from its chunk and the embedding of the class, which all blocks share. Critic: residual
blocks that halve, the sum over the last picture's pixels, one logit and the projection on the class (Miyato and
Koyama 2018). Spectral norm everywhere in both, self-attention at one side, orthogonal start. Without classes the
chunks alone set gains and biases, and the projection is left out.

Where this leaves the paper, for the CPU: one halving block a level and none without halving; doubling and halving are
folded into the convolutions (exactly); the skip's 1x1 convolution comes at the smaller side, where it is the same.

Shapes: N images, Z latent, K numbers of condition, F features, C channels, H height, W width.
Pictures are floats in [-1, 1].
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.attention import SelfAttention
from rectoverso.recto.nets.resampling import larger, smaller
from rectoverso.recto.nets.spectral import SpectralConv2d, SpectralEmbedding, SpectralLinear
from rectoverso.recto.systems.recipe import Shape


class ConditionalBatchNorm2d(nn.BatchNorm2d):
    """Batch norm whose gain, 1 + a, and bias, b, are linear in a condition (N, K); appendix B: without biases."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__(channels, affine=False)
        self.gain = SpectralLinear(condition, channels, bias=False)
        self.shift = SpectralLinear(condition, channels, bias=False)

    def forward(self, x_NFHW: Tensor, condition_NK: Tensor | None = None) -> Tensor:
        y_NFHW = super().forward(x_NFHW)
        gain_NF = cast("Tensor", self.gain(condition_NK)).to(y_NFHW.dtype)
        shift_NF = cast("Tensor", self.shift(condition_NK)).to(y_NFHW.dtype)
        return torch.addcmul(shift_NF[:, :, None, None], y_NFHW, 1 + gain_NF[:, :, None, None])


class DoublingBlock(nn.Module):
    """Figure 15b: norm, ReLU, double, 3x3, norm, ReLU, 3x3, beside a doubled 1x1."""

    def __init__(self, inputs: int, outputs: int, condition: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(ConditionalBatchNorm2d(w, condition) for w in (inputs, outputs))
        self.first = SpectralConv2d(inputs, outputs, sides="double")
        self.second = SpectralConv2d(outputs, outputs)
        self.skip = SpectralConv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, condition_NK: Tensor) -> Tensor:
        y = self.first(F.relu(self.norms[0](x, condition_NK)))
        y = cast("Tensor", self.second(F.relu(self.norms[1](y, condition_NK))))
        return y + larger(self.skip(x))


class HalvingBlock(nn.Module):
    """Figure 15c: ReLU, 3x3, ReLU, 3x3, halve, beside a halved 1x1. The first block meets a picture (``is_first``) and
    leaves its first ReLU out.
    """

    def __init__(self, inputs: int, outputs: int, *, is_first: bool) -> None:
        super().__init__()
        self.is_first = is_first
        self.first = SpectralConv2d(inputs, outputs)
        self.second = SpectralConv2d(outputs, outputs, sides="halve")
        self.skip = SpectralConv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x if self.is_first else F.relu(x))
        return cast("Tensor", self.second(F.relu(y)) + self.skip(smaller(x)))


class BigGenerator(nn.Module):
    """Latents (N, Z) and labels (N,) or None to pictures (N, C, H, W).

    ``threshold``, a buffer, is the truncation trick: above 0, latents are taken as `truncated`. ``attention_px``: the
    side above which there is no attention; it comes at the largest side up to it.
    """

    threshold: Tensor

    def __init__(self, shape: Shape, *, latent: int, width: int, embedding: int, attention_px: int) -> None:
        super().__init__()
        widths = level_widths(shape.levels, width)
        self.sides = shape.start
        chunk = latent // (shape.levels + 1)
        self.chunks = [latent - shape.levels * chunk, *[chunk] * shape.levels]
        condition = chunk + (embedding if shape.classes else 0)
        self.of_class = nn.Embedding(shape.classes, embedding) if shape.classes else None
        if self.of_class is not None:
            nn.init.orthogonal_(self.of_class.weight)
        self.start = SpectralLinear(self.chunks[0], widths[0] * shape.start[0] * shape.start[1])
        self.blocks = nn.ModuleList(DoublingBlock(w, v, condition) for w, v in pairwise(widths))
        self.attends_after = attending_level(shape, attention_px)
        self.attention = SelfAttention(widths[self.attends_after]) if self.attends_after else None
        self.norm = nn.BatchNorm2d(widths[-1])
        self.to_picture = SpectralConv2d(widths[-1], shape.channels)
        self.register_buffer("threshold", torch.zeros(()))
        self.settled: float | None = None

    def settle(self) -> None:
        """Take the threshold for a number that never changes, as an export must."""
        self.settled = self.threshold.item()

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        threshold = self.threshold.item() if self.settled is None else self.settled
        z_NZ = truncated(z_NZ, threshold) if threshold else z_NZ
        chunk_NK = torch.split(z_NZ, self.chunks, dim=1)
        x = self.start(chunk_NK[0]).view(len(z_NZ), *self.sides, -1).permute(0, 3, 1, 2)
        class_NK = [] if self.of_class is None else [cast("Tensor", self.of_class(label_N))]
        for level, (block, z_NK) in enumerate(zip(self.blocks, chunk_NK[1:], strict=True), 1):
            x = block(x, torch.cat([z_NK, *class_NK], 1))
            if self.attention is not None and level == self.attends_after:
                x = self.attention(x)
        return torch.tanh(cast("Tensor", self.to_picture(F.relu(self.norm(x)))))

    def matrices(self) -> list[Tensor]:
        """The weights that orthogonal regularisation is for: all but the embedding (section 3.1)."""
        return [
            weight for name, weight in self.named_parameters() if weight.dim() > 1 and "of_class" not in name
        ]


class BigCritic(nn.Module):
    """Pictures (N, C, H, W) and labels (N,) or None to one logit each (N,)."""

    def __init__(self, shape: Shape, *, width: int, attention_px: int) -> None:
        super().__init__()
        widths = [shape.channels, *reversed(level_widths(shape.levels, width)[:-1])]
        self.blocks = nn.ModuleList(
            HalvingBlock(w, v, is_first=step == 0) for step, (w, v) in enumerate(pairwise(widths))
        )
        # The side that the generator attends at, as far as there is a block that leads to it.
        self.attends_after = max(1, shape.levels - attending_level(shape, attention_px))
        has_attention = attending_level(shape, attention_px) > 0
        self.attention = SelfAttention(widths[self.attends_after]) if has_attention else None
        self.logit = SpectralLinear(widths[-1], 1)
        self.of_class = SpectralEmbedding(shape.classes, widths[-1]) if shape.classes else None

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None = None) -> Tensor:
        x = x_NCHW
        for step, block in enumerate(self.blocks, 1):
            x = block(x)
            if self.attention is not None and step == self.attends_after:
                x = self.attention(x)
        f_NF = F.relu(x).float().sum(dim=(2, 3))
        logit_N = cast("Tensor", self.logit(f_NF))[:, 0]
        if self.of_class is None:
            return logit_N
        return logit_N + (f_NF * cast("Tensor", self.of_class(label_N))).sum(1)


def level_widths(levels: int, width: int) -> list[int]:
    """Channels from the first picture on: the last has ``width``, each before twice as many, at most 4 times up to 32
    pixels and 16 times above (table 4 and following).
    """
    most = 4 if levels <= 3 else 16
    return [width * min(most, 2**level) for level in reversed(range(levels + 1))]


def attending_level(shape: Shape, attention_px: int) -> int:
    """How many doublings lead to the largest side up to ``attention_px``; 0 where that is the start or below it."""
    levels = [level for level in range(shape.levels + 1) if min(shape.start) << level <= attention_px]
    return max(levels, default=0)


def truncated(z_NZ: Tensor, threshold: float) -> Tensor:
    """Normal numbers as numbers of the normal distribution cut off at +-``threshold`` (section 3.1).

    The paper draws again what falls outside. This takes each number to the one of the same rank, which has the same
    distribution, needs no second draw, and moves smoothly with the threshold.
    """
    below = 0.5 * (1 + math.erf(-threshold / math.sqrt(2)))
    rank_NZ = below + (1 - 2 * below) * torch.special.ndtr(z_NZ.double())
    cut_NZ: Tensor = torch.special.ndtri(rank_NZ)
    return cut_NZ.to(z_NZ.dtype)
