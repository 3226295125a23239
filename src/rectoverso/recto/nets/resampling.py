"""A 3x3 convolution together with a doubling or halving of the picture, as one strided convolution with a 4x4 kernel;
and doubling, halving and blurring by themselves.

Nearest-neighbour doubling holds each pixel four times and 2x2 pooling adds each four, so taps that meet the same pixel
are added beforehand: 16 multiplications for each pixel of the smaller picture instead of 36, and the large picture in
between is never made. Both are exact (also at the edges, which are zeros).

Shapes: N images, I and O channels in and out, H height, W width of the input.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ROWS_4x3 = torch.tensor([[1.0, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]])
"""Tap r of the large kernel is the sum of these taps of the small one, in each direction."""
FOLD_16x9 = torch.kron(ROWS_4x3, ROWS_4x3)
BACKWARDS_16x9 = torch.kron(ROWS_4x3.flip(0), ROWS_4x3.flip(0))
"""For a transposed convolution, which walks its kernel backwards."""
SMOOTH_ROWS_6x3 = torch.tensor([[1.0, 0, 0], [3, 1, 0], [3, 3, 1], [1, 3, 3], [0, 1, 3], [0, 0, 1]]) / 4
SMOOTHLY_36x9 = torch.kron(SMOOTH_ROWS_6x3.flip(0), SMOOTH_ROWS_6x3.flip(0))
"""The same where what is doubled also goes through [1 2 1], so that its squares have no edges."""


def convolved(x_NIHW: Tensor, w_OIKK: Tensor, bias_O: Tensor | None = None) -> Tensor:
    """A convolution with zeros around, of the same sides: (N, O, H, W)."""
    return F.conv2d(x_NIHW, w_OIKK, bias_O, padding=w_OIKK.shape[-1] // 2)


def doubled(x_NIHW: Tensor, w_OI33: Tensor, bias_O: Tensor | None = None) -> Tensor:
    """Nearest-neighbour doubling, then a 3x3 convolution: (N, O, 2 H, 2 W)."""
    w_IO44 = folded(w_OI33.transpose(0, 1), BACKWARDS_16x9)
    return F.conv_transpose2d(x_NIHW, w_IO44, bias_O, stride=2, padding=1)


def doubled_smoothly(x_NIHW: Tensor, w_OI33: Tensor, bias_O: Tensor | None = None) -> Tensor:
    """Nearest-neighbour doubling, [1 2 1] in both directions, then a 3x3 convolution, zeros around them all: (N, O,
    2 H, 2 W). 36 multiplications for each pixel of the smaller picture, and no slower to speak of.
    """
    w_IO66 = folded(w_OI33.transpose(0, 1), SMOOTHLY_36x9)
    return F.conv_transpose2d(x_NIHW, w_IO66, bias_O, stride=2, padding=2)


def halved(x_NIHW: Tensor, w_OI33: Tensor, bias_O: Tensor | None = None) -> Tensor:
    """A 3x3 convolution, then the mean of each 2x2 square: (N, O, H / 2, W / 2)."""
    return F.conv2d(x_NIHW, folded(w_OI33) / 4, bias_O, stride=2, padding=1)


def folded(w_OI33: Tensor, fold_KK9: Tensor = FOLD_16x9) -> Tensor:
    """The kernel (O, I, K, K) that adds what copies of the small one, each a pixel apart, would (K = 4 for four)."""
    side = math.isqrt(len(fold_KK9))
    return (w_OI33.flatten(2) @ fold_KK9.to(w_OI33).T).view(*w_OI33.shape[:2], side, side)


def larger(x_NIHW: Tensor) -> Tensor:
    """Each pixel four times: (N, I, 2 H, 2 W)."""
    return F.interpolate(x_NIHW, scale_factor=2, mode="nearest")


def smaller(x_NIHW: Tensor) -> Tensor:
    """The mean of each 2x2 square: (N, I, H / 2, W / 2)."""
    return F.avg_pool2d(x_NIHW, 2)


def blurred(x_NIHW: Tensor) -> Tensor:
    """Each channel through [1 2 1] in both directions, zeros around. After a doubling that makes [1 3 3 1]."""
    return F.conv2d(x_NIHW, binomial(x_NIHW), padding=1, groups=x_NIHW.shape[1])


def larger_smoothly(x_NIHW: Tensor) -> Tensor:
    """The picture at twice its sides, through [1 3 3 1] in both directions, its edges repeated."""
    x_NIHW = F.pad(larger(x_NIHW), (1, 1, 1, 1), mode="replicate")
    return F.conv2d(x_NIHW, binomial(x_NIHW), groups=x_NIHW.shape[1])


def binomial(x_NIHW: Tensor) -> Tensor:
    """[1 2 1] times itself as one kernel a channel (I, 1, 3, 3), in the picture's precision."""
    row = torch.tensor([0.25, 0.5, 0.25])
    return torch.outer(row, row).to(x_NIHW).expand(x_NIHW.shape[1], 1, -1, -1).contiguous()


def smooth_over(x_NCHW: Tensor, hole_N1HW: Tensor) -> Tensor:
    """Pictures whose holes (1 there, else 0) are filled with what is around, the smoother the farther from the rim:
    pull and push (Gortler et al. 1996, "The Lumigraph", section 3.4). Sides need not be even.
    """
    known_N1HW = 1 - hole_N1HW
    if min(x_NCHW.shape[2:]) == 1 or bool((known_N1HW > 0).all()):
        mean = (x_NCHW * known_N1HW).sum((2, 3), keepdim=True) / known_N1HW.sum(
            (2, 3), keepdim=True
        ).clamp_min(1e-6)
        return torch.where(known_N1HW > 0, x_NCHW, mean)
    pushed = smooth_over(*halved_around(x_NCHW, hole_N1HW))
    around = F.interpolate(pushed, size=x_NCHW.shape[2:], mode="bilinear", align_corners=False)
    return torch.where(known_N1HW > 0, x_NCHW, around)


def halved_around(x_NCHW: Tensor, hole_N1HW: Tensor) -> tuple[Tensor, Tensor]:
    """Pictures at half their sides (N, C, H / 2, W / 2), rounded up, each pixel the mean of those of its square that
    are known, and holes (N, 1, H / 2, W / 2) where none of them is.
    """
    known_N1HW = 1 - hole_N1HW
    share_N1HW = F.avg_pool2d(known_N1HW, 2, ceil_mode=True)
    half_NCHW = F.avg_pool2d(x_NCHW * known_N1HW, 2, ceil_mode=True) / share_N1HW.clamp_min(1e-6)
    return half_NCHW, (share_N1HW == 0).to(share_N1HW.dtype)


@torch.no_grad()
def begun_alike(conv: nn.Conv2d, patch: int) -> nn.Conv2d:
    """The convolution with equal weights for all pixels of a square that `pixel_shuffle` will lay out of its channels:
    it begins without chequers (Aitken et al. 2017, arXiv:1707.02937).
    """
    if patch > 1:
        same = patch**2
        conv.weight.copy_(conv.weight[::same].repeat_interleave(same, 0))
        if conv.bias is not None:
            conv.bias.copy_(conv.bias[::same].repeat_interleave(same, 0))
    return conv


RESAMPLED = {"same": convolved, "double": doubled, "halve": halved}
"""A convolution by what it does to the sides."""
