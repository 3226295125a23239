"""Convolutions of small pictures with large kernels, as products in the frequency domain.

A 5x5 kernel takes 25 multiplications a pixel; in the frequency domain of an 8x8 picture it takes 2.3 (Mathieu, Henaff
and LeCun 2014). On so small a picture the transforms are plain matrix products, so the whole layer is four of them,
which run at the machine's full speed in either precision and which autograd can differentiate, twice if need be:

    y = C' [ (A x) . (B w) ]            x: pictures, w: kernel, C': transposed, the dot: one product a frequency

A, B and C hold the cosines and sines of a circle of P x P places, just long enough that what wraps around falls on
zeros. A complex product takes three real ones (Gauss), whose sums are already in the rows of A, B and C.

The kernel is transformed anew at every call, which pays for a batch; when evaluating, pictures come one by one, and the
layers compute as the plain ones that they are made from.

Shapes: N pictures, I and O channels in and out, H height and width of the smaller side, p = H * H pixels,
t taps, R real products, 2.3 p for a 5x5 kernel at H = 8.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.layers import SameConv2d, SameConvTranspose2d


class CircularProduct(nn.Module):
    """Small pictures (p, N, I) with a kernel (t, I, O) to pictures (p, N, O), zeros around them.

    The kernel's taps are the displacements -reach to reach in both directions, row by row. Pixel i of the result sees
    tap d at pixel i + d, as a convolution layer has it, or at i - d (``transposed``).
    """

    analysis_Rp: Tensor
    taps_Rt: Tensor
    synthesis_pR: Tensor

    def __init__(self, side: int, reach: int, *, transposed: bool) -> None:
        super().__init__()
        pixels, taps = range(side), range(-reach, reach + 1)
        around = side + reach  # what leaves at one edge comes in at the other, among the zeros
        cos_fp, sin_fp = waves(around, pixels)
        real_ft, imaginary_ft = waves(around, taps)
        imaginary_ft = -imaginary_ft if transposed else imaginary_ft
        own_f = np.array([opposite(f, around) == f for f in frequencies(around)])
        stands_for_f1 = np.where(own_f, 1.0, 2.0)[:, None]  # itself, and its opposite

        # x has the parts (cos, -sin) and w (real, imaginary). Gauss: wr (xr + xi), xr (wi - wr) and xi (wr + wi) are
        # k1, k2, k3 with yr = k1 - k3, yi = k1 + k2. Frequencies that are their own opposite need k1 alone.
        def rows(first: np.ndarray, *others: np.ndarray) -> Tensor:
            return torch.from_numpy(np.concatenate([first, *(part[~own_f] for part in others)])).float()

        self.register_buffer("analysis_Rp", rows(cos_fp - sin_fp, cos_fp, -sin_fp), persistent=False)
        taps_Rt = rows(real_ft, imaginary_ft - real_ft, real_ft + imaginary_ft)
        self.register_buffer("taps_Rt", taps_Rt, persistent=False)
        real_fp, imaginary_fp = stands_for_f1 * cos_fp / around**2, -stands_for_f1 * sin_fp / around**2
        synthesis_pR = rows(real_fp + imaginary_fp, imaginary_fp, -real_fp).T.contiguous()
        self.register_buffer("synthesis_pR", synthesis_pR, persistent=False)

    def forward(self, x_pNI: Tensor, w_tIO: Tensor) -> Tensor:
        products = len(self.analysis_Rp)
        x_RNI = (self.analysis_Rp @ x_pNI.flatten(1)).view(products, *x_pNI.shape[1:])
        w_RIO = (self.taps_Rt @ w_tIO.flatten(1)).view(products, *w_tIO.shape[1:])
        y_RNO = torch.bmm(x_RNI, w_RIO)
        return (self.synthesis_pR @ y_RNO.flatten(1)).view(-1, *y_RNO.shape[1:])


def frequencies(around: int) -> list[tuple[int, int]]:
    """One of each pair of opposite frequencies of a real picture of that side."""
    every = list(product(range(around), range(around)))
    return [f for f in every if f <= opposite(f, around)]


def opposite(frequency: tuple[int, int], around: int) -> tuple[int, int]:
    return -frequency[0] % around, -frequency[1] % around


def waves(around: int, places: range) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine (f, places squared) of each frequency at each place of a square, row by row."""
    turns_fp = np.array(frequencies(around)) @ np.array(list(product(places, repeat=2))).T
    angle_fp = 2 * np.pi * turns_fp / around
    return np.cos(angle_fp), np.sin(angle_fp)


class FourierConvTranspose2d(SameConvTranspose2d):
    """Keras' ``Conv2DTranspose(O, 5, S, padding="same", use_bias=False)``, S 1 or 2, for pictures of one side."""

    def __init__(self, inputs: int, outputs: int, stride: int, side: int) -> None:
        super().__init__(inputs, outputs, 5, stride)
        self.square = stride
        self.product = CircularProduct(side, 2 // stride, transposed=True)

    def forward(self, x_NIHH: Tensor, output_size: list[int] | None = None) -> Tensor:
        if not self.training:
            return super().forward(x_NIHH, output_size)
        x_pNI = parted(x_NIHH, 1).flatten(2)
        if self.square == 1:
            w_tIO = self.weight.permute(2, 3, 0, 1).flatten(0, 1)
        else:
            w_tIO = parted_kernel(self.weight).permute(2, 0, 3, 4, 1).flatten(2)
        return joined(self.product(x_pNI, w_tIO), self.square)


class FourierConv2d(SameConv2d):
    """Keras' ``Conv2D(O, 5, strides=2, padding="same")`` for pictures of one even side."""

    def __init__(self, inputs: int, outputs: int, side: int) -> None:
        super().__init__(inputs, outputs, 5, 2)
        self.product = CircularProduct(side // 2, 1, transposed=False)

    def forward(self, x_NIWW: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x_NIWW)
        w_tIO = parted_kernel(self.weight).permute(2, 3, 4, 1, 0).flatten(1, 3)
        y_pNO = self.product(parted(x_NIWW, 2).flatten(2), w_tIO)
        assert self.bias is not None  # noqa: S101 - as made
        return joined(y_pNO + self.bias.to(y_pNO.dtype), 1)


def parted_kernel(w_AB55: Tensor) -> Tensor:
    """The kernel of a stride-2 layer as nine taps (A, B, 9, 2, 2) for each pixel of a 2x2 square.

    Tap k meets pixel 2 i + k - 1 of the larger picture: with a zero before it, tap 2 (d + 1) + a meets 2 (i + d) + a.
    """
    w_AB3232 = F.pad(w_AB55, (1, 0, 1, 0)).view(*w_AB55.shape[:2], 3, 2, 3, 2)
    return w_AB3232.transpose(3, 4).flatten(2, 3)


def parted(x_NIWW: Tensor, square: int) -> Tensor:
    """Pictures of side S H as (p, N, S, S, I): each S x S square becomes one pixel of many channels."""
    count, channels, side = x_NIWW.shape[:3]
    x_NWWI = dense(x_NIWW.permute(0, 2, 3, 1))
    x_NHSHSI = x_NWWI.view(count, side // square, square, side // square, square, channels)
    return dense(x_NHSHSI.permute(1, 3, 0, 2, 4, 5)).flatten(0, 1)


def joined(y_pNO: Tensor, square: int) -> Tensor:
    """The reverse of `parted`: (p, N, S S O) as pictures (N, O, S H, S H)."""
    side, count = math.isqrt(len(y_pNO)), y_pNO.shape[1]
    y_HHNSSO = dense(y_pNO).view(side, side, count, square, square, -1)
    y_NHSHSO = dense(y_HHNSSO.permute(2, 0, 3, 1, 4, 5))
    return y_NHSHSO.flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)


def dense(x: Tensor) -> Tensor:
    """The tensor in one block of memory, and its gradient too: what comes before and after is then fast."""
    laid: Tensor = _Dense.apply(x)  # type: ignore[no-untyped-call]
    return laid


class _Dense(torch.autograd.Function):
    generate_vmap_rule = True  # a private critic's pictures have a gradient each (`privacy.engine`)

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.contiguous()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None: ...

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        del ctx
        return dense(slope)
