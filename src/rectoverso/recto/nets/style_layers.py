"""What both StyleGANs are made of: the mapping network, noise, a generator in two halves, the critic's last steps.

Sources: Karras et al. 2018 (ProGAN, arXiv:1710.10196: equalised learning rate 4.1, minibatch deviation 3, pixel norm
4.2), 2019 (StyleGAN, arXiv:1812.04948: mapping, noise, mixing, truncation), 2020 (StyleGAN2, arXiv:1912.04958).

Shapes: N images, Z latent, W style, L style layers, C channels (I in, O out), F features, H height, W (after H) width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.equalised import (
    EqualConv2d,
    EqualLinear,
    leaky,
    pixel_norm,
    with_group_deviation,
)
from rectoverso.recto.nets.resampling import blurred
from rectoverso.recto.nets.share import normals
from rectoverso.recto.systems.recipe import Shape

GROUP = 4
CLASS_SHARE = 0.5
"""Of a class's vector beside the latent's 1. As strong as the latent it soon stands for it: one picture a class."""


@dataclass(frozen=True, slots=True)
class Styling:
    """How styles of ``style`` numbers enter a layer: they scale its channels by ``start`` plus a linear function, and
    noise has a strength that learns at ``noise_rate`` times the rate.

    Both papers begin with scales about 1. About 0, pictures differ from the first step on, and a run of minutes has not
    to learn that first; noise at the full rate covers its pictures before the critic minds (docs/log.md).
    """

    style: int
    start: float = 1.0
    noise_rate: float = 1.0


class EqualSkip2d(EqualConv2d):
    """Half the sides through [1 3 3 1], then a 1x1 convolution without bias: a blur and a 2x2 convolution of stride 2.

    The one filter as a 4x4 convolution of each channel would take torch's slow path backward, 50 times as long.
    """

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0) -> None:
        super().__init__(inputs, outputs, 1, gain=gain, bias=False)

    def forward(self, x_NIHW: Tensor) -> Tensor:
        w_OI22 = (self.weight * (self.scale / 4)).expand(-1, -1, 2, 2)
        return F.conv2d(blurred(x_NIHW), w_OI22, stride=2)


class Mapping(nn.Module):
    """Latents (N, Z) and labels (N,) or None to styles (N, W), in float32 whatever the rest computes in.

    With classes, a learnt vector of the label stands beside the latent, both normalised. Karras et al. 2019, figure 1;
    there its layers learn at a hundredth of the rate (``rate``, appendix B), which a short run cannot afford.
    """

    def __init__(self, latent: int, style: int, depth: int, classes: int, rate: float) -> None:
        super().__init__()
        self.of_class = nn.Embedding(classes, latent) if classes else None
        sides = [latent * (2 if classes else 1), *[style] * depth]
        self.layers = nn.ModuleList(EqualLinear(i, o, rate=rate) for i, o in pairwise(sides))

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        with torch.autocast(z_NZ.device.type, enabled=False):
            x = pixel_norm(z_NZ.float())
            if self.of_class is not None:
                class_NZ = pixel_norm(cast("Tensor", self.of_class(label_N)))
                x = torch.cat([x, CLASS_SHARE * class_NZ], 1)
            for layer in self.layers:
                x = leaky(layer(x))
        return x


class PixelNoise(nn.Module):
    """Adds the same noise to all channels, by a learnt strength (Karras et al. 2019, 3.2); with ``channels`` each has
    one of its own.

    While training, each picture has its own, from torch's generator, which the loop seeds for every phase. Afterwards
    the noise is a fixed picture, part of the weights, so that a picture is a function of weights, latent and class.
    """

    noise_1HW: Tensor

    def __init__(self, sides: tuple[int, int], rate: float = 1.0, channels: int | None = None) -> None:
        super().__init__()
        strengths = () if channels is None else (channels, 1, 1)
        self.strength, self.rate = nn.Parameter(torch.zeros(strengths)), rate
        self.register_buffer("noise_1HW", torch.randn(1, *sides))

    def forward(self, x_NCHW: Tensor) -> Tensor:
        noise = self.noise_1HW
        if self.training:
            noise = normals(len(x_NCHW), *noise.shape, device=noise.device)
        return x_NCHW + noise.to(x_NCHW.dtype) * (self.rate * self.strength).to(x_NCHW.dtype)


class StyledGenerator(nn.Module):
    """A generator in two halves: latents to styles, styles to pictures. Its subclasses draw.

    ``styles`` is the number L of style layers, ``w_mean_W`` the mean style, measured when weights are published
    (Karras et al. 2019, appendix B), and towards which `truncated` goes.
    """

    w_mean_W: Tensor

    def __init__(self, shape: Shape, *, latent: int, style: int, depth: int, rate: float) -> None:
        super().__init__()
        self.styles = 2 * (shape.levels + 1)
        self.mapping = Mapping(latent, style, depth, shape.classes, rate)
        self.register_buffer("w_mean_W", torch.zeros(style))

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        return self.synthesis(self.spread(self.mapping(z_NZ, label_N)))

    def synthesis(self, w_NLW: Tensor) -> Tensor:
        """Pictures (N, C, H, W) from one style for each layer (N, L, W)."""
        raise NotImplementedError

    def spread(self, w_NW: Tensor) -> Tensor:
        """The same style for every layer (N, L, W)."""
        return w_NW[:, None].expand(-1, self.styles, -1)

    def truncated(self, w_NLW: Tensor, share: float) -> Tensor:
        """Styles at ``share`` of their way from the mean style (Karras et al. 2019, appendix B, eq. 5's psi)."""
        return torch.lerp(self.w_mean_W, w_NLW, share)

    @torch.no_grad()
    def measure_mean(self, z_NZ: Tensor, label_N: Tensor | None) -> None:
        """Set the mean style to that of these latents."""
        self.w_mean_W.copy_(self.mapping(z_NZ, label_N).mean(0))


class CriticHead(nn.Module):
    """Features of the smallest picture (N, C, H, W) and labels to one logit each (N,).

    Minibatch deviation (Karras et al. 2018, 3): one more channel that says how much the pictures of a group of four
    neighbours in the batch differ. With classes, each has a linear reading of the features beside the common one.
    """

    def __init__(self, shape: Shape, width: int) -> None:
        super().__init__()
        self.conv = EqualConv2d(width + 1, width, 3)
        self.hidden = EqualLinear(width * shape.start[0] * shape.start[1], width)
        self.logit = EqualLinear(width, 1 + shape.classes, gain=1.0)

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None) -> Tensor:
        x = leaky(self.conv(with_group_deviation(x_NCHW, GROUP)))
        x = leaky(self.hidden(x.permute(0, 2, 3, 1).flatten(1)))
        logit_NF: Tensor = self.logit(x)
        if logit_NF.shape[1] == 1 or label_N is None:
            return logit_NF[:, 0]
        return logit_NF[:, 0] + logit_NF.gather(1, 1 + label_N[:, None])[:, 0]


def widths_down(levels: int, width: int, widest: int) -> Sequence[int]:
    """Channels from the full side down: ``width``, doubling, at most ``widest``."""
    return [min(widest, width * 2**level) for level in range(levels + 1)]
