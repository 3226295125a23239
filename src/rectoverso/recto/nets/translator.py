"""A network from pictures to pictures of the same sides: halvings, residual blocks, doublings.

Johnson, Alahi and Fei-Fei 2016 (arXiv:1603.08155), as CycleGAN (Zhu et al. 2017, arXiv:1703.10593, section 7.2) and
pix2pixHD's global generator (Wang et al. 2018, arXiv:1711.11585, section 3.2) use it: reflected edges, instance norm
without gain, two convolutions a block. Departures: pictures are doubled by nearest neighbour and a 3x3 convolution
instead of a transposed one, which leaves fewer chequers; with ``patch`` above 1 squares of so many pixels a side come
in and go out as one pixel each, which spares the costliest resolution.

Shapes: N images, I and O channels in and out, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.resampling import begun_alike, doubled

WIDEST = 8
"""A network is at most so many times as wide inside as at its full side."""


Norm = Callable[[Tensor], Tensor]


def channel_norm(x_NCHW: Tensor, epsilon: float = 1e-5) -> Tensor:
    """Instance norm without gain or bias (Ulyanov et al. 2016): each channel of each picture by itself."""
    var_NC11, mean_NC11 = torch.var_mean(x_NCHW.float(), (2, 3), correction=0, keepdim=True)
    gain_NC11 = (var_NC11 + epsilon).rsqrt()
    return torch.addcmul((-mean_NC11 * gain_NC11).to(x_NCHW.dtype), x_NCHW, gain_NC11.to(x_NCHW.dtype))


def picture_norm(x_NCHW: Tensor) -> Tensor:
    """All channels of a picture together (Ba et al. 2016): unlike `channel_norm` it leaves the colour of a picture, or
    the class of a map, that is the same everywhere.
    """
    return F.group_norm(x_NCHW, 1)


class Translator(nn.Module):
    """Pictures (N, I, H, W) to pictures (N, O, H, W) in [-1, 1] after tanh; ``raw`` leaves that out."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        width: int,
        downs: int,
        blocks: int,
        patch: int = 1,
        norm: Norm = channel_norm,
        raw: bool = False,
    ) -> None:
        super().__init__()
        self.patch, self.raw, self.norm = patch, raw, norm
        kernel = 7 if patch == 1 else 5
        widths = [min(width * 2**level, width * WIDEST) for level in range(downs + 1)]
        self.first = Reflected(inputs * patch**2, width, kernel)
        self.downs = nn.ModuleList(nn.Conv2d(w, v, 4, stride=2, padding=1) for w, v in pairwise(widths))
        self.blocks = nn.ModuleList(Residual(widths[-1], norm) for _ in range(blocks))
        self.ups = nn.ModuleList(Up(w, v) for w, v in pairwise(reversed(widths)))
        self.last = Reflected(width, outputs * patch**2, kernel)
        begun_alike(self.last.conv, patch)

    def forward(self, x_NIHW: Tensor) -> Tensor:
        x = F.relu(self.norm(self.first(F.pixel_unshuffle(x_NIHW, self.patch))))
        for down in self.downs:
            x = F.relu(self.norm(down(x)))
        for block in self.blocks:
            x = block(x)
        for up in self.ups:
            x = F.relu(self.norm(up(x)))
        y_NOHW: Tensor = F.pixel_shuffle(self.last(x), self.patch)
        return y_NOHW if self.raw else torch.tanh(y_NOHW)


class Reflected(nn.Module):
    """A convolution of the same sides that sees the picture mirrored beyond its edges."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.around = kernel // 2
        self.conv = nn.Conv2d(inputs, outputs, kernel)

    def forward(self, x_NIHW: Tensor) -> Tensor:
        around = (self.around,) * 4
        mode = "reflect" if min(x_NIHW.shape[2:]) > self.around else "replicate"
        padded: Tensor = self.conv(F.pad(x_NIHW, around, mode=mode))
        return padded


class Residual(nn.Module):
    """x plus what two convolutions make of it."""

    def __init__(self, width: int, norm: Norm = channel_norm) -> None:
        super().__init__()
        self.norm = norm
        self.first = Reflected(width, width, 3)
        self.second = Reflected(width, width, 3)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = F.relu(self.norm(self.first(x_NCHW)))
        return x_NCHW + self.norm(self.second(y_NCHW))


class Up(nn.Module):
    """Twice the sides, by nearest neighbour and a 3x3 convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, x_NIHW: Tensor) -> Tensor:
        return doubled(x_NIHW, self.weight, self.bias)
