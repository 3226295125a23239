"""The pictures between seeds: along the sphere on which latents lie, or straight through the styles.

Shapes: N images, Z latent, W style, L layers that take a style.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from rectoverso.recto.sample.controls import Controls, check_steps
from rectoverso.recto.sample.painter import PLAIN, Code, Painter
from rectoverso.recto.train.streams import Streams

PARALLEL = 1e-4
"""Below this angle between two latents (in radians) the sphere is flat."""


@dataclass(frozen=True, slots=True)
class Between:
    """The place ``share`` (0 to 1) of the way from the seed ``start`` to the seed ``end``, and its code."""

    start: int
    end: int
    share: float
    code: Code


def path(
    painter: Painter, seeds: Sequence[int], steps: int, label: int | None = None, controls: Controls = PLAIN
) -> Iterator[Between]:
    """``steps`` places from each seed to the next, both ends among them; ``steps`` is at least 2.

    Controls apply to the codes of the seeds. A class cannot change gradually without a mapping: there the whole path
    has ``label``, or else the first seed's own. Raises BadSetting and UnknownName.
    """
    check_steps("steps", steps)
    painter.check(controls)
    if painter.style is None and label is None:
        drawn_1 = painter.label(Streams(seeds[0]), None)
        label = None if drawn_1 is None else int(drawn_1)
    codes = {seed: painter.code(seed, label, controls) for seed in seeds}
    for start, end in pairwise(seeds):
        for step in range(steps):
            share = step / (steps - 1)
            yield Between(start, end, share, between(codes[start], codes[end], share))


def between(start: Code, end: Code, share: float) -> Code:
    """The code ``share`` of the way; of latents by `slerp`, of styles on the straight line."""
    if start.styles_1LW is not None and end.styles_1LW is not None:
        return Code(None, torch.lerp(start.styles_1LW, end.styles_1LW, share), None)
    if start.latent_1Z is None or end.latent_1Z is None:
        raise TypeError("one code has styles and the other has latents")
    return Code(slerp(start.latent_1Z, end.latent_1Z, share), None, start.label_1)


def slerp(start_NZ: Tensor, end_NZ: Tensor, share: float) -> Tensor:
    """Spherical interpolation (Shoemake 1985; for latents White 2016, arXiv:1609.04468): the direction turns evenly and
    the length goes evenly from one to the other, so that what lies between is as long as a drawn latent.
    """
    start_N1, end_N1 = (x_NZ.norm(dim=1, keepdim=True).clamp_min(1e-12) for x_NZ in (start_NZ, end_NZ))
    from_NZ, to_NZ = start_NZ / start_N1, end_NZ / end_N1
    length_N1 = torch.lerp(start_N1, end_N1, share)
    angle_N1 = (from_NZ * to_NZ).sum(1, keepdim=True).clamp(-1, 1).acos()
    sine_N1 = angle_N1.sin()
    turned_NZ = ((1 - share) * angle_N1).sin() / sine_N1 * from_NZ + (
        share * angle_N1
    ).sin() / sine_N1 * to_NZ
    flat_N1 = (angle_N1 < PARALLEL) | (math.pi - angle_N1 < PARALLEL)
    return length_N1 * torch.where(flat_N1, torch.lerp(from_NZ, to_NZ, share), turned_NZ)
