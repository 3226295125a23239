"""A generator that has learnt one real picture: pivotal tuning (Roich, Mokady, Bermano and Cohen-Or 2021,
arXiv:2106.05744).

`invert` finds the *pivot*, the code whose picture is nearest. Then the weights of a copy of the generator go down the
distance between the pivot's picture and the real one (section 3.2, eq. 2), while what codes near the pivot draw is to
stay as it was (section 3.3, eq. 4 and 5): without that, edits of the code would no longer mean what they mean in the
run. The run's own weights do not move.

Where this leaves the paper: the distance is that of `eye`; the neighbours lie at a share of the way to a random code
instead of at a fixed length, for latents here are of any size; and the rate falls to nothing along half a cosine.

Shapes: Z latent, W style, L layers that take a style, C channels, H height.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import safetensors.torch
import torch
from torch import Tensor, nn

from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.sample.eye import Eye, pyramid
from rectoverso.recto.sample.likeness import psnr_db, ssim
from rectoverso.recto.sample.painter import Code, Painter
from rectoverso.recto.train.machine import one_thread
from rectoverso.recto.train.optimisers import Adam
from rectoverso.recto.train.players import cosine
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Pixels

STEPS = 100
RATE = 1e-3
NEAR = 0.5
"""How far on the way from the pivot to a random code the neighbours are that should stay as they were."""
LOCALITY = 0.1
"""The weight of that (section 4: the same)."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """A painter that has learnt one picture, what it draws from the pivot, and how alike that is."""

    painter: Painter
    picture: Pixels
    psnr_db: float
    ssim: float

    def weights(self) -> bytes:
        """The tuned generator's as a safetensors file, from which this picture can be drawn again."""
        state = self.painter.module.state_dict()
        return safetensors.torch.save({name: value.contiguous() for name, value in state.items()})


def tuned(
    painter: Painter,
    pivot: Code,
    target: Pixels,
    *,
    critic: nn.Module | None = None,
    seed: int = 0,
    steps: int = STEPS,
) -> Tuned:
    """A painter like ``painter`` whose weights have moved until ``pivot`` draws ``target`` (uint8 HWC), or as near as
    ``steps`` steps come. The same arguments give the same weights; ``painter`` stays as it is.
    """
    module = copy.deepcopy(painter.module).eval().requires_grad_(requires_grad=True)
    learner = Painter(module, latent=painter.latent, classes=painter.classes, directions=painter.directions)
    optimiser = Adam(module.parameters(), RATE, betas=(0.9, 0.99))
    target_1CHW, streams = to_tensor(target[None]), Streams(seed)
    if critic is not None:
        critic.requires_grad_(requires_grad=False).eval()
    with one_thread():
        eye = Eye(critic, target_1CHW)
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = cosine(RATE, 0.0, step / steps)
            near = neighbour(painter, pivot, streams, step)
            loss = eye.losses(learner.draw(pivot)).sum() + LOCALITY * moved(painter, learner, near)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
    module.requires_grad_(requires_grad=False)
    picture = learner.paint(pivot)
    return Tuned(learner, picture, psnr_db(target, picture), ssim(target, picture))


def moved(before: Painter, now: Painter, code: Code) -> Tensor:
    """How far what a code draws has moved."""
    with torch.no_grad():
        was_1CHW = before.draw(code)
    return pyramid(now.draw(code), was_1CHW).sum()


@torch.no_grad()
def neighbour(painter: Painter, pivot: Code, streams: Streams, step: int) -> Code:
    """A code `NEAR` the pivot, on the way to a random one (section 3.3, eq. 4)."""
    z_1Z = torch.from_numpy(streams.normals("tune", step, 1, painter.latent))
    if painter.style is None or pivot.styles_1LW is None:
        assert pivot.latent_1Z is not None  # noqa: S101 - a code is one or the other
        return Code(torch.lerp(pivot.latent_1Z, z_1Z, NEAR), None, pivot.label_1)
    label_1 = None
    if painter.classes:
        label_1 = torch.from_numpy(streams.choices("tune-label", step, 1, painter.classes))
    return Code(None, torch.lerp(pivot.styles_1LW, painter.styles(z_1Z, label_1), NEAR), None)
