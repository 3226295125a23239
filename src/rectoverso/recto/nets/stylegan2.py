"""StyleGAN2's networks (Karras et al. 2020, arXiv:1912.04958): weight demodulation, skip generator, residual critic.

The styles scale the convolution's weights, and the demodulation scales them back, so that its outputs have unit
variance for inputs that have (section 2.2). Scaling a weight's input channel is scaling the channel itself, and scaling
a weight's outputs is scaling the outputs:

    w'_oik = s_i w_oik (eq. 1),  d_o = 1 / sqrt(sum_ik w'_oik^2 + eps) (eq. 3),  w' d * x = d (w * (s x))

so the weights are shared by the batch and no grouped convolution or kernel of one's own is needed.

Shapes: N images, Z latent, W style, L style layers, C channels (I in, O out), H height, W (after H) width.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.equalised import RECTIFIED, EqualConv2d, EqualLinear, leaky
from rectoverso.recto.nets.resampling import blurred, convolved, doubled, larger_smoothly
from rectoverso.recto.nets.style_layers import (
    CriticHead,
    EqualSkip2d,
    PixelNoise,
    StyledGenerator,
    Styling,
    widths_down,
)
from rectoverso.recto.systems.recipe import Shape


class ModulatedConv2d(nn.Module):
    """A 3x3 convolution under a style (N, W), demodulated; ``up`` doubles the picture before it and blurs after it.

    The result has unit variance where the input has it and the pixels are independent, times the ReLU's gain.
    """

    def __init__(self, inputs: int, outputs: int, styling: Styling, *, up: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.affine = EqualLinear(styling.style, inputs, gain=1.0, bias=styling.start)
        self.scale, self.up = (9 * inputs) ** -0.5, up

    def forward(self, x_NIHW: Tensor, w_NW: Tensor) -> tuple[Tensor, Tensor]:
        """The convolved picture, not yet demodulated, and the factors (N, O) that do it."""
        s_NI = self.affine(w_NW)
        w_OI33 = self.weight * self.scale
        d_NO = torch.rsqrt(F.linear(s_NI.square(), w_OI33.square().sum((2, 3))) + 1e-8)
        x_NIHW = x_NIHW * s_NI[:, :, None, None].to(x_NIHW.dtype)
        if not self.up:
            return convolved(x_NIHW, w_OI33), d_NO
        return blurred(doubled(x_NIHW, w_OI33)), d_NO


class StyledConv(nn.Module):
    """Modulated convolution, noise, bias, leaky ReLU (figure 2d)."""

    def __init__(
        self, inputs: int, outputs: int, styling: Styling, sides: tuple[int, int], *, up: bool = False
    ) -> None:
        super().__init__()
        self.conv = ModulatedConv2d(inputs, outputs, styling, up=up)
        self.noise = PixelNoise(sides, styling.noise_rate)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x_NIHW: Tensor, w_NW: Tensor) -> Tensor:
        y, d_NO = self.conv(x_NIHW, w_NW)
        d_NO11, b_O11 = (RECTIFIED * d_NO)[:, :, None, None].to(y.dtype), self.bias[:, None, None].to(y.dtype)
        return leaky(self.noise(torch.addcmul(b_O11, y, d_NO11)))


class ToPicture(nn.Module):
    """Features to a picture's channels, 1x1 under a style, not demodulated."""

    def __init__(self, inputs: int, channels: int, style: int) -> None:
        super().__init__()
        self.affine = EqualLinear(style, inputs, gain=1.0, bias=1.0)
        self.conv = EqualConv2d(inputs, channels, 1, gain=1.0)

    def forward(self, x_NIHW: Tensor, w_NW: Tensor) -> Tensor:
        y: Tensor = self.conv(x_NIHW * self.affine(w_NW)[:, :, None, None].to(x_NIHW.dtype))
        return y


class Stylegan2Generator(StyledGenerator):
    """Latents (N, Z) and labels (N,) or None to pictures (N, C, H, W), each the sum of one from every resolution.

    ``path_mean`` is the running mean of path lengths, kept here so that it is saved with the weights.
    """

    path_mean: Tensor

    def __init__(
        self, shape: Shape, styling: Styling, *, latent: int, depth: int, rate: float, width: int, widest: int
    ) -> None:
        super().__init__(shape, latent=latent, style=styling.style, depth=depth, rate=rate)
        widths = widths_down(shape.levels, width, widest)[::-1]
        height, breadth = shape.start
        self.start_CHW = nn.Parameter(torch.randn(widths[0], height, breadth))
        self.first = StyledConv(widths[0], widths[0], styling, shape.start)
        self.ups, self.convs = nn.ModuleList(), nn.ModuleList()
        for level, (inputs, outputs) in enumerate(pairwise(widths), 1):
            sides = (height << level, breadth << level)
            self.ups.append(StyledConv(inputs, outputs, styling, sides, up=True))
            self.convs.append(StyledConv(outputs, outputs, styling, sides))
        self.to_pictures = nn.ModuleList(ToPicture(w, shape.channels, styling.style) for w in widths)
        self.register_buffer("path_mean", torch.zeros(()))

    def synthesis(self, w_NLW: Tensor) -> Tensor:
        """Layer 0 is the first convolution; each resolution's picture shares its style with the next convolution."""
        w_LNW = w_NLW.unbind(1)
        x = self.start_CHW.expand(len(w_NLW), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        x = self.first(x, w_LNW[0])
        picture: Tensor = self.to_pictures[0](x, w_LNW[1])
        for level, (up, conv) in enumerate(zip(self.ups, self.convs, strict=True), 1):
            x = conv(up(x, w_LNW[2 * level - 1]), w_LNW[2 * level])
            picture = larger_smoothly(picture) + self.to_pictures[level](x, w_LNW[2 * level + 1])
        return picture


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, the second halving, beside a 1x1 one; the sum at unit variance (figure 7c)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = EqualConv2d(inputs, inputs)
        self.down = EqualConv2d(inputs, outputs, gain=RECTIFIED * 0.5**0.5, sides="halve")
        self.skip = EqualSkip2d(inputs, outputs, gain=0.5**0.5)

    def forward(self, x_NIHW: Tensor) -> Tensor:
        y = leaky(self.conv(x_NIHW))
        short: Tensor = self.skip(x_NIHW)
        return leaky(self.down(blurred(y))) + short


class Stylegan2Critic(nn.Module):
    """Pictures (N, C, H, W) and labels (N,) or None to one logit each (N,)."""

    def __init__(self, shape: Shape, *, width: int, widest: int) -> None:
        super().__init__()
        widths = widths_down(shape.levels, width, widest)
        self.first = EqualConv2d(shape.channels, widths[0], 1)
        self.blocks = nn.ModuleList(ResidualBlock(i, o) for i, o in pairwise(widths))
        self.head = CriticHead(shape, widths[-1])

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None = None) -> Tensor:
        x = leaky(self.first(x_NCHW))
        for block in self.blocks:
            x = block(x)
        logit_N: Tensor = self.head(x, label_N)
        return logit_N
