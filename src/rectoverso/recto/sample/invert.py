"""Which code draws this picture? Found by descent from several starts.

The loss is the distance of the pictures (`eye`). The code is the latent, kept near the sphere on which drawn latents
lie, or one style for all layers where there is a mapping (Abdal et al. 2019; Karras et al. 2020, section 5). The
generator stays as it is; `tuned` moves a copy of it the rest of the way.

Shapes: N starts, Z latent, W style, L layers, C channels, H height.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.sample.eye import Eye
from rectoverso.recto.sample.likeness import psnr_db, ssim
from rectoverso.recto.sample.painter import Code, Painter
from rectoverso.recto.train.machine import one_thread
from rectoverso.recto.train.optimisers import Adam
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Pixels

POOL = 256
"""Random codes among which the nearest become starts."""
STEPS, STARTS = 200, 4
RATE, WARM_SHARE = 0.1, 0.05
SPHERE_WEIGHT = 0.01


@dataclass(frozen=True, slots=True)
class Inverted:
    """The code found and how alike its picture is; ``start`` is the loss of the best start before the descent,
    ``loss`` after it.
    """

    code: Code
    picture: Pixels
    psnr_db: float
    ssim: float
    start: float
    loss: float


def invert(
    painter: Painter,
    target: Pixels,
    *,
    critic: nn.Module | None = None,
    label: int | None = None,
    seed: int = 0,
    starts: int = STARTS,
    steps: int = STEPS,
) -> Inverted:
    """The code whose picture comes nearest to ``target`` (uint8 HWC, of the generator's size).

    Without ``label`` the starts bring their own classes and the best one's is kept. The same arguments give the same
    code. With networks that have been trained, what is nothing like the training images is not found; PSNR and SSIM
    say so.
    """
    for module in (painter.module, critic):
        if module is not None:
            module.requires_grad_(False).eval()
    with one_thread():
        eye = Eye(critic, to_tensor(target[None]))
        code_ND, label_N = _starts(painter, eye, label, seed, starts)
        before_N = losses(painter, eye, code_ND, label_N)
        code_ND = descend(painter, eye, code_ND, label_N, steps)
        after_N = losses(painter, eye, code_ND, label_N)
        best = int(after_N.argmin())
        code = _code(painter, code_ND[best : best + 1], None if label_N is None else label_N[best : best + 1])
    picture = painter.paint(code)
    return Inverted(
        code,
        picture,
        psnr_db(target, picture),
        ssim(target, picture),
        before_N[best].item(),
        after_N[best].item(),
    )


@torch.no_grad()
def _starts(
    painter: Painter, eye: Eye, label: int | None, seed: int, starts: int
) -> tuple[Tensor, Tensor | None]:
    """The nearest of many random codes (N, D) with their classes (N,)."""
    streams = Streams(seed)
    z_NZ = torch.from_numpy(streams.normals("invert", 0, POOL, painter.latent))
    label_N = None
    if painter.classes:
        label_N = torch.from_numpy(streams.choices("invert-label", 0, POOL, painter.classes))
        label_N = label_N if label is None else torch.full_like(label_N, label)
    code_ND = z_NZ if painter.style is None else painter.style.mapping(z_NZ, label_N)
    loss_N = torch.cat(
        [
            losses(
                painter,
                eye,
                code_ND[first : first + 32],
                None if label_N is None else label_N[first : first + 32],
            )
            for first in range(0, POOL, 32)
        ]
    )
    nearest_N = loss_N.argsort(stable=True)[:starts]
    return code_ND[nearest_N], None if label_N is None else label_N[nearest_N]


def descend(painter: Painter, eye: Eye, code_ND: Tensor, label_N: Tensor | None, steps: int) -> Tensor:
    """Every code (N, D) down its own loss, by Adam with a short warm-up and half a cosine; the best place of each on
    the way, so that no start ends worse than it began.
    """
    code_ND = code_ND.clone().requires_grad_(True)
    best_ND = code_ND.detach().clone()
    best_N = torch.full((len(code_ND),), math.inf)
    optimiser = Adam([code_ND], betas=(0.9, 0.99))
    for step in range(steps + 1):
        share = step / max(steps, 1)
        optimiser.param_groups[0]["lr"] = (
            RATE * min(1, share / WARM_SHARE) * (1 + math.cos(math.pi * share)) / 2
        )
        loss_N = losses(painter, eye, code_ND, label_N)
        better_N = loss_N.detach() < best_N
        best_N = torch.where(better_N, loss_N.detach(), best_N)
        best_ND = torch.where(better_N[:, None], code_ND.detach(), best_ND)
        (code_ND.grad,) = torch.autograd.grad(loss_N.sum(), code_ND)
        optimiser.step()
    return best_ND


def losses(painter: Painter, eye: Eye, code_ND: Tensor, label_N: Tensor | None) -> Tensor:
    """How far each code (N, D) is from where latents are drawn, and its picture from what is wanted (N,)."""
    loss_N = eye.losses(painter.draw(_code(painter, code_ND, label_N)))
    if painter.style is None:  # drawn latents lie near a sphere of the radius sqrt(Z)
        loss_N = loss_N + SPHERE_WEIGHT * (code_ND.norm(dim=1) / painter.latent**0.5 - 1).square()
    return loss_N


def _code(painter: Painter, code_ND: Tensor, label_N: Tensor | None) -> Code:
    if painter.style is None:
        return Code(code_ND, None, label_N)
    return Code(None, code_ND[:, None].repeat(1, painter.style.styles, 1), None)
