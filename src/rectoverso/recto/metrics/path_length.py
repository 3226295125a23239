"""Perceptual path length: how much a picture changes when its latent takes a tiny step.

Karras et al. 2019 (arXiv:1812.04948, section 4.1): ``d(G(at t), G(at t + e))^2 / e^2`` between pairs of latents, t
uniform from 0 to 1, e = 1e-4. In W along a straight line where the generator has a mapping network, else in Z along a
great circle (slerp). The highest and the lowest hundredth are left out, as that paper's figures do. ``d`` is the
Euclidean distance of the chosen features, not LPIPS, so a length compares only with lengths of the same features.

Shapes: N images, P pairs, Z latent, F features.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from rectoverso.recto.metrics.estimate import Estimate
from rectoverso.recto.metrics.features import Features
from rectoverso.recto.train.streams import Streams

PATHS = 2000
STEP = 1e-4
LEFT_OUT = 0.01
BATCH = 100
METHOD = "standard error over the paths, without the hundredths that are left out, normal"

Make = Callable[[Tensor, Tensor | None], Tensor]


@dataclass(frozen=True, slots=True)
class PathLength:
    """The mean length, and the space that the paths lie in."""

    estimate: Estimate
    space: Literal["z", "w"]


@torch.inference_mode()
def path_length(
    module: nn.Module, noise_NZ: Tensor, label_N: Tensor | None, features: Features, seed: int = 0
) -> PathLength:
    """The mean path length of a generator, a path from each latent of the first half (N / 2, Z) to its partner in the
    second half, by the label of the first.
    """
    pairs = len(noise_NZ) // 2
    t_P = torch.from_numpy(Streams(seed).uniforms("path", 0, pairs, 1)[:, 0]).float()
    lengths = []
    for first in range(0, pairs, BATCH):
        these = slice(first, min(first + BATCH, pairs))
        a_NZ, b_NZ = noise_NZ[these], noise_NZ[pairs:][these]
        label = None if label_N is None else label_N[these]
        lengths.append(_lengths(module, (a_NZ, b_NZ), label, t_P[these], features))
    length_P = torch.cat(lengths).double()
    kept_P = _without_extremes(length_P)
    error = float(kept_P.std() / len(kept_P) ** 0.5)
    return PathLength(Estimate.normal(float(kept_P.mean()), error, METHOD, least=0.0), space_of(module))


def space_of(module: nn.Module) -> Literal["z", "w"]:
    """``w`` for a generator that has a ``mapping`` from latents and a ``synthesis`` from what that gives."""
    return "w" if hasattr(module, "mapping") and hasattr(module, "synthesis") else "z"


def slerp(a_PZ: Tensor, b_PZ: Tensor, t_P: Tensor) -> Tensor:
    """Between two latents along the great circle of their directions; the length goes evenly from one to the other."""
    long_a, long_b = a_PZ.norm(dim=1, keepdim=True), b_PZ.norm(dim=1, keepdim=True)
    cosine_P1 = (a_PZ / long_a * (b_PZ / long_b)).sum(1, keepdim=True).clamp(-1, 1)
    angle_P1, t_P1 = torch.acos(cosine_P1).clamp(min=1e-7), t_P[:, None]
    mixed = torch.sin((1 - t_P1) * angle_P1) * a_PZ / long_a + torch.sin(t_P1 * angle_P1) * b_PZ / long_b
    between: Tensor = mixed / torch.sin(angle_P1).clamp(min=1e-7) * torch.lerp(long_a, long_b, t_P1)
    return between


def _lengths(
    module: nn.Module, ends: tuple[Tensor, Tensor], label_P: Tensor | None, t_P: Tensor, features: Features
) -> Tensor:
    """Length (P,) of one step on each path. Both pictures of a step go through in one batch."""
    a, b = (end.double() for end in ends)
    t = t_P.double()
    if space_of(module) == "w":
        a, b = (module.mapping(end, label_P).double() for end in ends)  # type: ignore[operator]
        steps = [torch.lerp(a, b, _like(at, a)) for at in (t, t + STEP)]
    else:
        steps = [slerp(a, b, at) for at in (t, t + STEP)]
    x = torch.cat(steps).float()
    label_N = None if label_P is None else label_P.repeat(2)
    picture_NCHW = module.synthesis(x) if space_of(module) == "w" else module(x, label_N)  # type: ignore[operator]
    here_PF, there_PF = features.embed(picture_NCHW)[0].double().chunk(2)
    length_P: Tensor = (here_PF - there_PF).square().sum(1) / STEP**2
    return length_P


def _like(t_P: Tensor, w: Tensor) -> Tensor:
    """One number a path, shaped to go with latents that may have one row a layer."""
    return t_P.view(-1, *[1] * (w.dim() - 1)).expand_as(w)


def _without_extremes(length_P: Tensor) -> Tensor:
    low, high = length_P.quantile(LEFT_OUT), length_P.quantile(1 - LEFT_OUT)
    return length_P[(low <= length_P) & (length_P <= high)]
