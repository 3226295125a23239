"""A network from pictures to pictures of the same sides that says what to add to what it is shown.

Ronneberger et al. 2015 (U-net, arXiv:1505.04597): halvings, doublings, and what was seen on the way down is beside what
comes up. Residual blocks begin with their norm (He et al. 2016, arXiv:1603.05027) and with nothing to add, so what is
known of colours passes by the norms from one end to the other; at the smallest sides they are dilated, to see far (Yu
and Koltun 2016, arXiv:1511.07122). With ``patch`` above 1 squares of so many pixels a side come in and go out as one
pixel each, which spares the costliest resolution. ``smooth`` doublings leave no chequers.

Shapes: N images, I and O channels in and out, C channels, H height, W width.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.resampling import begun_alike, larger, larger_smoothly

DILATIONS = (1, 2, 4)


class UNet(nn.Module):
    """Pictures (N, I, H, W) to (N, O, H, W), zeros until it has learnt; sides are multiples of ``patch << downs``.
    ``blocks`` are those at the smallest sides; at every other there is one on the way down and one on the way up.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        width: int,
        downs: int,
        blocks: int,
        patch: int = 1,
        smooth: bool = False,
    ) -> None:
        super().__init__()
        self.patch = patch
        self.larger = larger_smoothly if smooth else larger
        widths = [width * 2**level for level in range(downs + 1)]
        self.first = nn.Conv2d(inputs * patch**2, width, 3, padding=1)
        self.seen = nn.ModuleList(Block(w) for w in widths[:-1])
        self.downs = nn.ModuleList(nn.Conv2d(w, v, 2, stride=2) for w, v in pairwise(widths))
        self.blocks = nn.Sequential(
            *(Block(widths[-1], DILATIONS[place % len(DILATIONS)]) for place in range(blocks))
        )
        self.ups = nn.ModuleList(nn.Conv2d(w, v, 1) for w, v in pairwise(reversed(widths)))
        self.beside = nn.ModuleList(nn.Conv2d(2 * w, w, 1) for w in reversed(widths[:-1]))
        self.made = nn.ModuleList(Block(w) for w in reversed(widths[:-1]))
        self.last = begun_alike(nn.Conv2d(width, outputs * patch**2, 3, padding=1), patch)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, x_NIHW: Tensor) -> Tensor:
        x, seen = self.first(F.pixel_unshuffle(x_NIHW, self.patch)), []
        for block, down in zip(self.seen, self.downs, strict=True):
            seen.append(block(x))
            x = down(seen[-1])
        x = self.blocks(x)
        for up, beside, block in zip(self.ups, self.beside, self.made, strict=True):
            x = block(beside(torch.cat([self.larger(up(x)), seen.pop()], 1)))
        return F.pixel_shuffle(self.last(x), self.patch)


class Block(nn.Module):
    """x plus what two convolutions make of it: nothing until they have learnt."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.first = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        added: Tensor = self.second(F.silu(self.first(F.silu(self.norm(x_NCHW)))))
        return x_NCHW + added
