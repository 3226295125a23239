"""A discrete autoencoder: pictures to a grid of codes and back (Ramesh et al. 2021, arXiv:2102.12092, section 2.1).

Each place of the grid holds one of K codes. While it learns, codes are drawn by the Gumbel-softmax (Jang et al. 2017;
Maddison et al. 2017), whose temperature falls; afterwards each place holds its likeliest code.

Departures, for minutes on two cores: a code's logit is how near it is to what the encoder sees (Takida et al. 2022,
arXiv:2205.07547, section 3), in a space of few features (Yu et al. 2022, arXiv:2110.04627, section 3.2) that a batch
norm holds in place, so that no code wins everywhere; squares of 2x2 pixels come in and go out as one; a few 3x3 blocks;
the mean square of the difference (a normal likelihood) instead of the logit-Laplace, for pictures whose colours may be
0 and 255.

Shapes: N images, C channels, H height, W width, K codes, D features, Y and X sides of the grid, G = Y X its places.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.share import share
from rectoverso.recto.systems.recipe import Shape

PATCH = 2
"""Pixels a side that come in and go out as one."""
WIDEST = 2
BLOCKS = 2
DRAWS = 2**16
FEATURES = 6
"""Of a code, in the space where codes are near or far: so few that the pictures' fill it, and most codes are used."""
SHARP, SPEED = 1.5, 3.0
"""The logarithm of what distances are multiplied by, at the start, and how much faster it moves than other numbers."""
SOFT = 0.3
"""The decoder's last layer, at the start, against the others."""


class Grid:
    """Where the codes of a picture lie: its sides halved until the shorter one is nearest above ``places``."""

    def __init__(self, shape: Shape, places: int) -> None:
        shorter = min(shape.height_px, shape.width_px)
        self.halvings = max(1, (shorter // places).bit_length() - 1)
        self.height, self.width = shape.height_px >> self.halvings, shape.width_px >> self.halvings
        self.fits = (self.height << self.halvings, self.width << self.halvings) == (
            shape.height_px,
            shape.width_px,
        )

    @property
    def places(self) -> int:
        return self.height * self.width


class CodeBook(nn.Module):
    """Both ways: ``encoder`` to logits of codes, ``decoder`` back."""

    def __init__(self, shape: Shape, grid: Grid, *, codes: int, width: int) -> None:
        super().__init__()
        self.encoder = Narrowing(shape.channels, FEATURES, grid.halvings, width)
        self.norm = nn.BatchNorm2d(FEATURES, affine=False)
        self.sharpness = nn.Parameter(torch.tensor(SHARP / SPEED))
        self.decoder = CodeDecoder(shape, grid, codes=codes, width=width)
        started(self)
        self.decoder.last.weight.data.mul_(SOFT)

    @torch.no_grad()
    def codes(self, x_NCHW: Tensor) -> Tensor:
        """The likeliest code of each place (N, G), row by row."""
        seen_NDYX, norm = self.encoder(x_NCHW).float(), self.norm
        return self.logits(F.batch_norm(seen_NDYX, norm.running_mean, norm.running_var)).argmax(1).flatten(1)

    def relaxed(self, x_NCHW: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
        """Pictures as they come back through drawn, relaxed codes, and the logits (N, K, Y, X) of those."""
        logit_NKYX = self.logits(self.norm(self.encoder(x_NCHW).float()))
        drawn_NKYX = torch.softmax((logit_NKYX + gumbels(logit_NKYX)) / temperature, 1)
        return self.decoder.drawn(drawn_NKYX), logit_NKYX

    def logits(self, seen_NDYX: Tensor) -> Tensor:
        """The nearer a code is to what the encoder sees, the likelier (N, K, Y, X)."""
        book_KD = self.decoder.book.weight
        with torch.autocast(seen_NDYX.device.type, enabled=False):
            near_NKYX = F.conv2d(2 * seen_NDYX, book_KD[:, :, None, None], -book_KD.square().sum(1))
            return (SPEED * self.sharpness).exp() * (near_NKYX - seen_NDYX.square().sum(1, keepdim=True))


class Narrowing(nn.Module):
    """Convolutions from pictures (N, C, H, W) down to a grid of features (N, D, Y, X)."""

    def __init__(self, channels: int, outputs: int, halvings: int, width: int) -> None:
        super().__init__()
        widths = [width * min(WIDEST, 2**level) for level in range(halvings)]
        self.first = nn.Conv2d(channels * PATCH**2, widths[0], 3, padding=1)
        self.downs = nn.ModuleList(nn.Conv2d(w, v, 4, stride=2, padding=1) for w, v in pairwise(widths))
        self.blocks = nn.ModuleList(Residual(widths[-1]) for _ in range(BLOCKS))
        self.last = nn.Conv2d(widths[-1], outputs, 1, bias=False)  # what follows has its own, or a norm

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x = self.first(F.pixel_unshuffle(x_NCHW, PATCH))
        for down in self.downs:
            x = down(F.relu(x))
        for block in self.blocks:
            x = block(x)
        told: Tensor = self.last(F.relu(x))
        return told


class CodeDecoder(nn.Module):
    """Codes of a grid to pictures (N, C, H, W)."""

    def __init__(self, shape: Shape, grid: Grid, *, codes: int, width: int) -> None:
        super().__init__()
        self.sides = (grid.height, grid.width)
        widths = [width * min(WIDEST, 2**level) for level in reversed(range(grid.halvings))]
        self.book = nn.Embedding(codes, FEATURES)
        self.first = nn.Conv2d(FEATURES, widths[0], 1)
        self.blocks = nn.ModuleList(Residual(widths[0]) for _ in range(BLOCKS))
        self.ups = nn.ModuleList(nn.Conv2d(w, 4 * v, 3, padding=1) for w, v in pairwise(widths))
        self.inner = nn.Conv2d(widths[-1], widths[-1], 3, padding=1)
        self.last = nn.Conv2d(widths[-1], shape.channels * PATCH**2, 3, padding=1)

    def forward(self, code_NG: Tensor) -> Tensor:
        """Pictures of whole codes (N, G)."""
        found_NGD: Tensor = self.book(code_NG)
        return self.made(found_NGD.transpose(1, 2).reshape(len(code_NG), -1, *self.sides))

    def drawn(self, share_NKYX: Tensor) -> Tensor:
        """Pictures of shares of codes."""
        return self.made(F.conv2d(share_NKYX, self.book.weight.T[:, :, None, None]))

    def made(self, x_NDYX: Tensor) -> Tensor:
        x = self.first(x_NDYX.contiguous(memory_format=torch.channels_last))
        for block in self.blocks:
            x = block(x)
        for up in self.ups:
            x = F.pixel_shuffle(up(F.relu(x)), 2)
        x = self.inner(F.relu(x))
        return torch.tanh(F.pixel_shuffle(self.last(F.relu(x)), PATCH))


class Residual(nn.Module):
    """x plus what two convolutions make of it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 1)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        added_NCHW: Tensor = self.second(F.relu(self.first(F.relu(x_NCHW))))
        return x_NCHW + added_NCHW


def started(net: nn.Module) -> None:
    """Convolutions that keep the variance through rectifiers (He et al. 2015), blocks that add nothing yet."""
    for part in net.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    for part in net.modules():
        if isinstance(part, Residual):
            nn.init.zeros_(part.second.weight)


def divergence(logit_NKYX: Tensor) -> Tensor:
    """How far the codes' chances are from even ones, in nats: KL(q, uniform) = sum_k q_k ln(K q_k), the mean over
    pictures and places (the sum over places would grow with the picture).
    """
    log_q_NKYX = torch.log_softmax(logit_NKYX.float(), 1)
    codes = logit_NKYX.shape[1]
    return (log_q_NKYX.exp() * (log_q_NKYX + math.log(codes))).sum(1).mean()


def gumbels(like_N: Tensor) -> Tensor:
    """Gumbel noise of this shape, -ln(-ln u), with four 16-bit draws a random word; see `layers.Dropout`."""
    seed, numbers = int(torch.randint(2**62, ())), like_N.numel() * share().processes
    words = np.random.SFC64(seed).random_raw(-(-numbers // 4))
    draws = share().own(words.view(np.uint16)[:numbers], len(like_N)).astype(np.float32)
    u = torch.from_numpy((draws + 0.5) / DRAWS).to(like_N.device)
    return -torch.log(-torch.log(u)).view(like_N.shape)
