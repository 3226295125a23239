"""StyleGAN's networks (Karras et al. 2019, arXiv:1812.04948): the style sets each channel's mean and variance (AdaIN).

The pictures are made at full size from the start; the paper grows them, which its successor (2020, section 4) drops.

Shapes: N images, Z latent, W style, L style layers, C channels (I in, O out), H height, W (after H) width.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.equalised import EqualConv2d, EqualLinear, leaky
from rectoverso.recto.nets.resampling import blurred
from rectoverso.recto.nets.style_layers import CriticHead, PixelNoise, StyledGenerator, Styling, widths_down
from rectoverso.recto.systems.recipe import Shape


class AdaptiveNorm(nn.Module):
    """Noise, bias, leaky ReLU, then each channel of each picture at the mean and deviation its style says (eq. 1)."""

    def __init__(self, channels: int, styling: Styling, sides: tuple[int, int]) -> None:
        super().__init__()
        self.noise = PixelNoise(sides, styling.noise_rate)
        self.bias = nn.Parameter(torch.zeros(channels))
        self.gain = EqualLinear(styling.style, channels, gain=1.0, bias=styling.start)
        self.shift = EqualLinear(styling.style, channels, gain=1.0)

    def forward(self, x_NCHW: Tensor, w_NW: Tensor) -> Tensor:
        x = self.noise(x_NCHW + self.bias[:, None, None].to(x_NCHW.dtype))
        x = F.instance_norm(leaky(x))
        gain_NC, shift_NC = self.gain(w_NW).to(x.dtype), self.shift(w_NW).to(x.dtype)
        return torch.addcmul(shift_NC[:, :, None, None], x, gain_NC[:, :, None, None])


class StyleganGenerator(StyledGenerator):
    """Latents (N, Z) and labels (N,) or None to pictures (N, C, H, W), which start from a learnt one."""

    def __init__(
        self, shape: Shape, styling: Styling, *, latent: int, depth: int, rate: float, width: int, widest: int
    ) -> None:
        super().__init__(shape, latent=latent, style=styling.style, depth=depth, rate=rate)
        widths = widths_down(shape.levels, width, widest)[::-1]
        height, breadth = shape.start
        # Not ones, as in the paper: the first norm would make zeros of them, with hardly a way out.
        self.start_CHW = nn.Parameter(torch.randn(widths[0], height, breadth))
        # One convolution less than norms: the learnt picture stands where the first one would.
        self.ups = nn.ModuleList(EqualConv2d(i, o, bias=False, sides="double") for i, o in pairwise(widths))
        self.convs = nn.ModuleList(EqualConv2d(w, w, bias=False) for w in widths)
        self.norms = nn.ModuleList(
            AdaptiveNorm(w, styling, (height << level, breadth << level))
            for level, w in enumerate(widths)
            for _ in range(2)
        )
        self.to_picture = EqualConv2d(widths[-1], shape.channels, 1, gain=1.0)

    def synthesis(self, w_NLW: Tensor) -> Tensor:
        """Layers 2 k and 2 k + 1 are those of the k-th resolution."""
        w_LNW = w_NLW.unbind(1)
        x = self.start_CHW.expand(len(w_NLW), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        for level, conv in enumerate(self.convs):
            x = self.norms[2 * level](x if level == 0 else blurred(self.ups[level - 1](x)), w_LNW[2 * level])
            x = self.norms[2 * level + 1](conv(x), w_LNW[2 * level + 1])
        picture_NCHW: Tensor = self.to_picture(x)
        return picture_NCHW


class StyleganCritic(nn.Module):
    """Pictures (N, C, H, W) and labels (N,) or None to one logit each (N,): ProGAN's critic (2018, table 2)."""

    def __init__(self, shape: Shape, *, width: int, widest: int) -> None:
        super().__init__()
        widths = widths_down(shape.levels, width, widest)
        self.first = EqualConv2d(shape.channels, widths[0], 1)
        self.convs = nn.ModuleList(EqualConv2d(w, w) for w in widths[:-1])
        self.downs = nn.ModuleList(EqualConv2d(i, o, sides="halve") for i, o in pairwise(widths))
        self.head = CriticHead(shape, widths[-1])

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None = None) -> Tensor:
        x = leaky(self.first(x_NCHW))
        for conv, down in zip(self.convs, self.downs, strict=True):
            x = leaky(down(blurred(leaky(conv(x)))))
        logit_N: Tensor = self.head(x, label_N)
        return logit_N
