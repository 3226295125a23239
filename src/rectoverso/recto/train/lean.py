"""A generator that learns to lean: what it draws falls a little to a wanted side, and else stays as it was.

The waves and their sides come from outside, and so does the reason for them. Each tile of a picture is projected on
each wave; a projection counts less the larger it is, for then it is the picture's own. The *lean* of a picture is the
sum of these over its tiles on the wanted sides, divided by their length: about a standard normal number before.

A plain generator cannot tell a place from the next, so it is first given biases for the places of a tile
(`PlainGenerator.give_tile`), and learns nothing but these; other generators learn with all of their weights. Either
goes down how far its leans fall short, plus the squared distance from what it drew before. It needs no
data. What it draws is rounded on the way as JPEG would, more and less, so that what it learns outlives that
(straight-through gradient: Bengio, Leonard and Courville 2013, arXiv:1308.3432). Fine-tuning against a fixed reader is
from Fernandez et al. 2023 (Stable Signature, arXiv:2303.15435) and Fei et al. 2022 (arXiv:2209.03466); the reader here
is linear.

Shapes: N images, Z latent, C channels, H height, W width, K waves, S pixels a side of a tile, T tiles.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from rectoverso.recto.data.pixels import FULL, HALF, RGBA
from rectoverso.recto.nets.plain import PlainGenerator
from rectoverso.recto.sample.painter import Painter
from rectoverso.recto.sample.style import as_style
from rectoverso.recto.train.machine import one_thread
from rectoverso.recto.train.optimisers import Adam
from rectoverso.recto.train.players import cosine
from rectoverso.recto.train.streams import Streams

BATCH = 32
RATE = 1e-3
RATE_OF_TILE = 3e-3
WARM_UP = 20
"""Steps until the rate is full: the first ones would shake the weights."""
ENOUGH = 8.0
"""The lean from which on a picture is left alone."""
STAY, STAY_END = 0.05, 0.25
"""What a squared level of distance weighs against a lean of 1: little while the rate is high and shakes the weights."""
SAVED = 0.6
"""The coarsest rounding looked at, as a share of JPEG's at the quality that the steps are of."""

Floats = NDArray[np.float32]
Listener = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The waves (K, S, S) of unit length over a tile, the side of each (K,), 1 or -1, how coarsely saving may round
    each (K,), in levels, what each of three colours weighs, and the projection, in levels, that counts 0.7.
    """

    wave_KSS: Floats
    sign_K: Floats
    step_K: Floats
    colours_3: Floats
    softness: float


class Lean(nn.Module):
    """Pictures (N, C, H, W) to how far each leans (N,), differentiable."""

    wave_K1SS: Tensor
    sign_K: Tensor
    step_K: Tensor
    colours_3: Tensor

    def __init__(self, wanted: Wanted) -> None:
        super().__init__()
        self.softness, self.side = wanted.softness, wanted.wave_KSS.shape[-1]
        self.register_buffer("wave_K1SS", torch.tensor(wanted.wave_KSS)[:, None])
        self.register_buffer("sign_K", torch.tensor(wanted.sign_K))
        self.register_buffer("step_K", torch.tensor(wanted.step_K))
        self.register_buffer("colours_3", torch.tensor(wanted.colours_3))

    def forward(self, x_NCHW: Tensor, share_N: Tensor | None = None) -> Tensor:
        """``share_N``: as after rounding by so much of each wave's step."""
        c_NKT = F.conv2d(self.brightness(x_NCHW), self.wave_K1SS, stride=self.side).flatten(2)
        if share_N is not None:
            step_NK1 = (share_N[:, None] * self.step_K)[..., None].clamp_min(1.0)
            c_NKT = c_NKT + (step_NK1 * torch.round(c_NKT / step_NK1) - c_NKT).detach()
        vote_NK = (c_NKT / torch.hypot(c_NKT, c_NKT.new_tensor(self.softness))).sum(2)
        lean_N: Tensor = vote_NK @ self.sign_K / vote_NK.norm(dim=1).clamp_min(1e-6)
        return lean_N

    def brightness(self, x_NCHW: Tensor) -> Tensor:
        """In levels, (N, 1, H, W); transparent pictures on white."""
        level_NCHW = (x_NCHW.float() + 1) * HALF
        if x_NCHW.shape[1] == 1:
            return level_NCHW
        luma_N1HW = (level_NCHW[:, :3] * self.colours_3[:, None, None]).sum(1, keepdim=True)
        return luma_N1HW + FULL - level_NCHW[:, 3:] if x_NCHW.shape[1] == RGBA else luma_N1HW


def leaned(
    painter: Painter, wanted: Wanted, *, images: int, seed: int = 0, listener: Listener | None = None
) -> nn.Module:
    """A copy of the painter's generator after so many images. The same arguments give the same weights."""
    before, module = painter.module, copy.deepcopy(painter.module).eval()
    lean, streams = Lean(wanted), Streams(seed)
    learnt, rate = _learners(module, lean.side)
    optimiser = Adam(learnt, rate, betas=(0.9, 0.99))
    with one_thread():
        for first in range(0, images, BATCH):
            warm = min(1.0, (first // BATCH + 1) / WARM_UP)
            optimiser.param_groups[0]["lr"] = warm * cosine(rate, 0.0, first / images)
            asked, share_N = _asked(painter, streams, first, min(BATCH, images - first))
            short, distance = falls_short(lean, module, before, asked, share_N)
            loss = short + cosine(STAY, STAY_END, first / images) * distance
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            if listener:
                listener(min(first + BATCH, images), images)
    return module.requires_grad_(requires_grad=False)


def _learners(module: nn.Module, side: int) -> tuple[list[nn.Parameter], float]:
    """The parameters that learn, and how fast. A mapping to styles does not, so that styles mean what they meant."""
    module.requires_grad_(requires_grad=not isinstance(module, PlainGenerator))
    if isinstance(module, PlainGenerator):
        if module.tile_FSS is None:
            module.give_tile(side)
        assert module.tile_FSS is not None  # noqa: S101 - it has just been given
        module.tile_FSS.requires_grad = True
        return [module.tile_FSS], RATE_OF_TILE
    if style := as_style(module):
        style.mapping.requires_grad_(requires_grad=False)  # type: ignore[attr-defined]
    return [parameter for parameter in module.parameters() if parameter.requires_grad], RATE


def falls_short(
    lean: Lean, module: nn.Module, before: nn.Module, asked: tuple[Tensor, Tensor | None], share_N: Tensor
) -> tuple[Tensor, Tensor]:
    """How far the leans are from enough, and the pictures, in squared levels, from what they were."""
    with torch.no_grad():
        was_NCHW = before(*asked)
    x_NCHW = module(*asked)
    distance = F.mse_loss(x_NCHW * HALF, was_NCHW * HALF)
    return F.relu(ENOUGH - lean(x_NCHW, share_N)).mean(), distance


def _asked(
    painter: Painter, streams: Streams, first: int, count: int
) -> tuple[tuple[Tensor, Tensor | None], Tensor]:
    """Latents and labels, and how much of each wave's step saving rounds by."""
    z_NZ = torch.from_numpy(streams.normals("lean", first, count, painter.latent))
    share_N = SAVED * torch.from_numpy(streams.uniforms("lean-saved", first, count, 1)[:, 0]).float()
    if not painter.classes:
        return (z_NZ, None), share_N
    return (z_NZ, torch.from_numpy(streams.choices("lean-label", first, count, painter.classes))), share_N
