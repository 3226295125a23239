"""``proxy``: features of a small network trained on the data itself, in about a minute of one processor core.

Where the pictures have classes it learns those, else by how much each was turned (Gidaris et al. 2018,
arXiv:1803.07728). Nothing is downloaded, and any kind of picture has features of its own kind; the price is that a
score compares with no paper and no other data. So every score is called ``proxy-...`` and carries the digest of
the network.

A picture is seen at its own size where its sides are multiples of 8 and at most 64; else it is resized to such sides,
bilinear and antialiased. Where there is alpha, colours come multiplied by it (`data.pixels`): what cannot be seen does
not count.

Shapes: N images, F features, K classes, C channels, H height, W width.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.types import Digest

WIDTH = 192
LARGEST_PX = 64
STEP_PX = 8
END_PX = 4


class ProxyNet(nn.Module):
    """Pictures (N, C, H, W) in [-1, 1] to features (N, 2 * 192) and logits (N, K).

    Squares of 2 x 2 pixels become channels; 3x3 convolutions, batch norm and ReLU bring the shorter side down to 4;
    the features are the mean and the maximum of each channel.
    """

    def __init__(self, channels: int, sides: tuple[int, int], outputs: int) -> None:
        super().__init__()
        self.channels, self.sides = channels, seen_at(*sides)
        halvings = max(0, round(math.log2(min(self.sides) / 2 / END_PX)))
        widths = [WIDTH // 2**level for level in reversed(range(halvings + 1))]
        layers = [_layer(4 * channels, widths[0], 1)]
        for width, wider in pairwise(widths):
            if wider == WIDTH:
                layers.append(_layer(width, width, 1))
            layers.append(_layer(width, wider, 2))
        self.layers = nn.Sequential(*layers)
        self.logits = nn.Linear(2 * WIDTH, outputs)

    def forward(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        x = F.pixel_unshuffle(resized(x_NCHW, self.sides), 2)
        y = self.layers(x.contiguous(memory_format=torch.channels_last)).float()
        feature_NF = torch.cat([y.mean((2, 3)), y.amax((2, 3))], 1)
        return feature_NF, cast("Tensor", self.logits(feature_NF))


class ProxyFeatures:
    """A trained `ProxyNet` as `Features`. ``classes`` is 0 when it was taught by turning pictures."""

    name = "proxy"
    published: frozenset[str] = frozenset()
    width = 2 * WIDTH
    continuous = True

    def __init__(self, net: ProxyNet, digest: Digest, classes: int, accuracy: float) -> None:
        self.net, self.digest, self.classes = net.eval().requires_grad_(requires_grad=False), digest, classes
        self.accuracy = accuracy

    def embed(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor | None]:
        feature_NF, logit_NK = self.net(x_NCHW)
        return feature_NF, logit_NK.float().softmax(1) if self.classes else None


def _layer(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def seen_at(height: int, width: int) -> tuple[int, int]:
    """The sides that a picture of these sides is seen at: multiples of 8, at most 64, the shape kept."""
    scale = min(1.0, LARGEST_PX / max(height, width))
    high, wide = (max(STEP_PX, STEP_PX * round(side * scale / STEP_PX)) for side in (height, width))
    return high, wide


def resized(x_NCHW: Tensor, sides: tuple[int, int]) -> Tensor:
    """Pictures at these sides, bilinear and antialiased; themselves where they have them."""
    if tuple(x_NCHW.shape[2:]) == sides:
        return x_NCHW
    return F.interpolate(x_NCHW, sides, mode="bilinear", antialias=True, align_corners=False)
