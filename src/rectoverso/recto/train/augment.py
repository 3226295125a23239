"""Adaptive discriminator augmentation: the critic sees real and generated pictures only through random changes.

Karras et al. 2020 (Training Generative Adversarial Networks with Limited Data, arXiv:2006.06676). Each change happens
with probability p < 1, so the unchanged picture stays the most likely one and the changes do not leak into what the
generator learns (section 2.2). p follows the share of real pictures that the critic rates as real (section 3).

Everything is a function of uniform numbers that are handed in, a row for each picture, and can be differentiated with
respect to the picture (once: torch has no second derivative of resampling on a CPU).

Two differences from the paper: pictures are resampled bilinearly, not through sym6 wavelets at twice the size, and the
image-space filters, noise and cutout are left out, as the paper does too (they do not help, section 4.1).

Shapes: N images, U uniform numbers, C channels, H height, W width.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

UNIFORMS = 28
HEARD_EVERY = 4
"""Turns between two corrections of p."""


class Augment(nn.Module):
    """The probability of the changes, and what it follows: buffers, part of the critic's state and of exact resume."""

    p: Tensor
    signs: Tensor
    heard: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("p", torch.zeros(()))
        self.register_buffer("signs", torch.zeros(()))  # sum of real logits' signs since the last correction
        self.register_buffer("heard", torch.zeros(()))  # and how many those were

    @torch.no_grad()
    def hear(self, sign: Tensor, count: int, *, target: float, images: float, most: float) -> None:
        """Take in the mean sign of the logits of ``count`` real pictures. Every fourth time p moves towards where the
        mean of all (r_t, eq. 1) is ``target``, at the speed of 0 to 1 in ``images`` images, and at most to ``most``.
        """
        self.signs += sign * count
        self.heard += count
        if self.heard.item() < HEARD_EVERY * count:
            return
        step = (self.signs / self.heard - target).sign() * self.heard / images
        self.p.copy_((self.p + step).clamp(0, most))
        self.signs.zero_()
        self.heard.zero_()


def changed(x_NCHW: Tensor, u_NU: Tensor, p: float) -> Tensor:
    """The pictures after moves and colour changes, each with probability ``p``; u_NU is (N, 28) within 0 and 1."""
    draw = Draw(u_NU.to(x_NCHW.device), p)
    x_NCHW = x_NCHW.float()
    return recoloured(moved(x_NCHW, moves(draw, *x_NCHW.shape[2:])), colours(draw))


class Draw:
    """Hands out the random numbers of one call, column by column."""

    def __init__(self, u_NU: Tensor, p: float) -> None:
        self.u_NU, self.p, self.next = u_NU.double(), p, 0

    def uniform(self) -> Tensor:
        """Numbers (N,) between 0 and 1."""
        self.next += 1
        return self.u_NU[:, self.next - 1]

    def happens(self, p: float | None = None) -> Tensor:
        """1 for the pictures to which the next change happens, else 0 (N,)."""
        return (self.uniform() < (self.p if p is None else p)).double()

    def normal(self) -> Tensor:
        """Standard normal numbers (N,), 0 where the change does not happen."""
        happens_N = self.happens()
        normal_N: Tensor = torch.special.ndtri(self.uniform())
        return happens_N * normal_N


def moves(draw: Draw, height: int, width: int) -> Tensor:
    """Where each pixel of the changed picture comes from, as matrices (N, 3, 3) on pixels from the middle (B.2).

    Flips, quarter turns (half turns where the sides differ) and shifts by whole pixels copy pixels; scales, turns and
    fractional shifts resample. Their distributions are their own inverses, so it does not matter which way is drawn.
    """
    mirror = 1 - 2 * draw.happens() * (draw.uniform() < 0.5)
    matrix = scaling(mirror, torch.ones_like(mirror))
    turns = torch.floor(draw.uniform() * 4) if height == width else 2 * torch.floor(draw.uniform() * 2)
    matrix = matrix @ turning(draw.happens() * turns * math.pi / 2)
    whole = draw.happens()
    right, down = ((whole * (draw.uniform() * 0.25 - 0.125) * side).round() for side in (width, height))
    matrix = matrix @ shifting(right, down)
    scale = torch.exp2(0.2 * draw.normal())
    matrix = matrix @ scaling(scale, scale)
    # Two chances, before and after the uneven scale, which together are p.
    p_turn = 1 - math.sqrt(1 - draw.p)
    matrix = matrix @ turning(draw.happens(p_turn) * (2 * draw.uniform() - 1) * math.pi)
    uneven = torch.exp2(0.2 * draw.normal())
    matrix = matrix @ scaling(uneven, 1 / uneven)
    matrix = matrix @ turning(draw.happens(p_turn) * (2 * draw.uniform() - 1) * math.pi)
    shifted = draw.happens()
    right, down = (shifted * 0.125 * torch.special.ndtri(draw.uniform()) * side for side in (width, height))
    return matrix @ shifting(right, down)


def moved(x_NCHW: Tensor, matrix_N33: Tensor) -> Tensor:
    """The pictures resampled bilinearly, mirrored beyond their edges; those that stay are the same numbers."""
    height, width = x_NCHW.shape[2:]
    to_pixels = torch.tensor([width / 2, height / 2, 1.0], dtype=matrix_N33.dtype, device=x_NCHW.device)
    theta_N23 = (matrix_N33 * to_pixels / to_pixels[:, None])[:, :2].float()
    grid_NHW2 = F.affine_grid(theta_N23, list(x_NCHW.shape), align_corners=False)
    y_NCHW = F.grid_sample(x_NCHW, grid_NHW2, padding_mode="reflection", align_corners=False)
    stays_N = (matrix_N33 == torch.eye(3, dtype=matrix_N33.dtype, device=x_NCHW.device)).all(2).all(1)
    return torch.where(stays_N[:, None, None, None], x_NCHW, y_NCHW)


def colours(draw: Draw) -> Tensor:
    """Brightness, contrast, luma flip, hue and saturation as matrices (N, 3, 4) on red, green, blue and 1 (B.3)."""
    bright_N, contrast_N = 0.2 * draw.normal(), torch.exp2(0.5 * draw.normal())
    flip_N = draw.happens() * (draw.uniform() < 0.5)
    hue_N = draw.happens() * (2 * draw.uniform() - 1) * math.pi
    saturation_N = torch.exp2(draw.normal())
    eye = torch.eye(3, dtype=bright_N.dtype, device=bright_N.device)
    grey = torch.full_like(eye, 1 / 3)  # the projection on the axis of greys
    around = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=eye.dtype, device=eye.device)
    around = around / math.sqrt(3)  # the vector product with that axis

    def wide(factor_N: Tensor) -> Tensor:
        return factor_N[:, None, None]

    flipping = eye - 2 * wide(flip_N) * grey
    # Rodrigues: a turn about the axis, then everything off the axis by the saturation.
    turning = grey + wide(hue_N.cos()) * (eye - grey) + wide(hue_N.sin()) * around
    saturating = grey + wide(saturation_N) * (eye - grey)
    linear_N33 = saturating @ turning @ flipping * wide(contrast_N)
    offset_N31 = linear_N33 @ (wide(bright_N) * torch.ones_like(eye[:, :1]))
    return torch.cat([linear_N33, offset_N31], 2)


def recoloured(x_NCHW: Tensor, matrix_N34: Tensor) -> Tensor:
    """The pictures with their colours changed: three channels, or one grey one, or three times alpha and alpha, which
    stays: what is invisible is black before and after (`data.pixels`).
    """
    matrix_N34 = matrix_N34.float()
    inks = 1 if x_NCHW.shape[1] < 3 else 3
    if inks == 1:  # what happens to a grey colour, as the mean of what comes out
        gain = matrix_N34[:, :, :3].sum(2).mean(1)[:, None, None]
        matrix_N34 = torch.cat([gain, matrix_N34[:, :, 3:].mean(1, keepdim=True)], 2)
    linear, offset = matrix_N34[:, :, :inks], matrix_N34[:, :, inks:]
    ink_NCHW, alpha_NCHW = x_NCHW[:, :inks], x_NCHW[:, inks:]
    if not alpha_NCHW.shape[1]:
        return torch.baddbmm(offset, linear, ink_NCHW.flatten(2)).view_as(ink_NCHW)
    # A colour c in [-1, 1] comes as (c + 1) a - 1 with a share a of 1: so it is for c' = A c + b.
    share_N1P = (alpha_NCHW.flatten(2) + 1) / 2
    lit_NCP = torch.baddbmm((offset + 1) * share_N1P - 1, linear, ink_NCHW.flatten(2) + 1 - share_N1P)
    return torch.cat([lit_NCP.view_as(ink_NCHW), alpha_NCHW], 1)


def scaling(across_N: Tensor, down_N: Tensor) -> Tensor:
    """Matrices (N, 3, 3) that scale about the middle."""
    return torch.diag_embed(torch.stack([across_N, down_N, torch.ones_like(across_N)], 1))


def turning(angle_N: Tensor) -> Tensor:
    """Matrices (N, 3, 3) that turn about the middle, in radians."""
    cos, sin, zero, one = angle_N.cos(), angle_N.sin(), torch.zeros_like(angle_N), torch.ones_like(angle_N)
    return torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], 1).view(-1, 3, 3)


def shifting(right_N: Tensor, down_N: Tensor) -> Tensor:
    """Matrices (N, 3, 3) that shift, in pixels."""
    zero, one = torch.zeros_like(right_N), torch.ones_like(right_N)
    return torch.stack([one, zero, right_N, zero, one, down_N, zero, zero, one], 1).view(-1, 3, 3)
