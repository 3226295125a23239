"""What both StyleGANs are made of: equalised layers, blurred resampling, the mapping network, the critic's last steps.

Sources: Karras et al. 2018 (ProGAN, arXiv:1710.10196: equalised learning rate 4.1, minibatch deviation 3, pixel norm
4.2), 2019 (StyleGAN, arXiv:1812.04948: mapping, noise, mixing, truncation), 2020 (StyleGAN2, arXiv:1912.04958).

Shapes: N images, Z latent, W style, L style layers, C channels (I in, O out), F features, H height, W (after H) width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.systems.recipe import Shape

SLOPE = 0.2
GAIN = math.sqrt(2)
"""What keeps the variance through a leaky ReLU (He et al. 2015); the layer before it has it, the ReLU passes it on."""
GROUP = 4
NOISE_RATE = 0.1
"""Noise at the full rate covers the pictures of a short run before the critic minds (docs/log.md)."""


class EqualLinear(nn.Module):
    """A linear layer whose weights start at unit variance and are scaled when used (Karras et al. 2018, 4.1).

    ``gain`` goes on top of the scale, ``rate`` makes weights and biases learn that many times slower or faster.
    """

    def __init__(
        self, inputs: int, outputs: int, *, gain: float = 1.0, rate: float = 1.0, bias: float = 0.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.scale, self.rate = gain * rate / math.sqrt(inputs), rate

    def forward(self, x_NI: Tensor) -> Tensor:
        return F.linear(x_NI, self.weight * self.scale, self.bias * self.rate)


class EqualConv2d(nn.Module):
    """The same for a convolution of an odd kernel, zeros around the picture."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, gain: float = 1.0, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale = gain / (kernel * math.sqrt(inputs))

    def forward(self, x_NIHW: Tensor) -> Tensor:
        return F.conv2d(x_NIHW, self.weight * self.scale, self.bias, padding=self.weight.shape[-1] // 2)


class EqualDownConv2d(EqualConv2d):
    """Blur, 3x3 convolution and halving by the mean of four, the last two as one 4x4 convolution of stride 2."""

    fold_9x16: Tensor

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0) -> None:
        super().__init__(inputs, outputs, 3, gain=gain)
        row_4x3 = torch.tensor([[1.0, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]]) / 2
        self.register_buffer("fold_9x16", torch.kron(row_4x3, row_4x3).T.contiguous(), persistent=False)

    def forward(self, x_NIHW: Tensor) -> Tensor:
        w_OI44 = (self.weight.flatten(2) @ (self.fold_9x16 * self.scale)).view(*self.weight.shape[:2], 4, 4)
        return F.conv2d(blurred(x_NIHW), w_OI44, self.bias, stride=2, padding=1)


class EqualSkip2d(EqualConv2d):
    """Half the sides through [1 3 3 1], then a 1x1 convolution without bias: a blur and a 2x2 convolution of stride 2.

    The one filter as a 4x4 convolution of each channel would take torch's slow path backward, 50 times as long.
    """

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0) -> None:
        super().__init__(inputs, outputs, 1, gain=gain, bias=False)

    def forward(self, x_NIHW: Tensor) -> Tensor:
        w_OI22 = (self.weight * (self.scale / 4)).expand(-1, -1, 2, 2)
        return F.conv2d(blurred(x_NIHW), w_OI22, stride=2)


def doubling_kernel(w_OI33: Tensor, fold_9x16: Tensor) -> Tensor:
    """A 3x3 convolution of the doubled picture as the kernel (I, O, 4, 4) of a transposed convolution of stride 2."""
    outputs, inputs = w_OI33.shape[:2]
    return (w_OI33.flatten(2).transpose(0, 1) @ fold_9x16).view(inputs, outputs, 4, 4)


def doubling_fold() -> Tensor:
    """The matrix of `doubling_kernel`: taps that fall on copies of one pixel are added beforehand."""
    row_4x3 = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])
    return torch.kron(row_4x3, row_4x3).T.contiguous()


def blurred(x_NCHW: Tensor) -> Tensor:
    """Each channel through [1 2 1] in both directions, zeros around. After a doubling that makes [1 3 3 1]."""
    return F.conv2d(x_NCHW, binomial(x_NCHW), padding=1, groups=x_NCHW.shape[1])


def doubled(x_NCHW: Tensor) -> Tensor:
    """The picture at twice its sides, through [1 3 3 1] in both directions, its edges repeated."""
    x_NCHW = F.pad(F.interpolate(x_NCHW, scale_factor=2), (1, 1, 1, 1), mode="replicate")
    return F.conv2d(x_NCHW, binomial(x_NCHW), groups=x_NCHW.shape[1])


def binomial(x_NCHW: Tensor) -> Tensor:
    """[1 2 1] times itself as one kernel a channel (C, 1, 3, 3), in the picture's precision."""
    row = torch.tensor([0.25, 0.5, 0.25])
    return torch.outer(row, row).to(x_NCHW).expand(x_NCHW.shape[1], 1, -1, -1).contiguous()


def pixel_norm(x_NF: Tensor) -> Tensor:
    """Features at mean square 1 (Karras et al. 2018, 4.2)."""
    return x_NF * torch.rsqrt(x_NF.square().mean(1, keepdim=True) + 1e-8)


class Mapping(nn.Module):
    """Latents (N, Z) and labels (N,) or None to styles (N, W), in float32 whatever the rest computes in.

    With classes, a learnt vector of the label stands beside the latent, both normalised. Karras et al. 2019, figure 1;
    there its layers learn at a hundredth of the rate (``rate``, appendix B), which a short run cannot afford.
    """

    def __init__(self, latent: int, style: int, depth: int, classes: int, rate: float) -> None:
        super().__init__()
        self.of_class = nn.Embedding(classes, latent) if classes else None
        sides = [latent * (2 if classes else 1), *[style] * depth]
        self.layers = nn.ModuleList(EqualLinear(i, o, gain=GAIN, rate=rate) for i, o in pairwise(sides))

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        with torch.autocast(z_NZ.device.type, enabled=False):
            x = pixel_norm(z_NZ.float())
            if self.of_class is not None:
                x = torch.cat([x, pixel_norm(cast("Tensor", self.of_class(label_N)))], 1)
            for layer in self.layers:
                x = F.leaky_relu(layer(x), SLOPE)
        return x


class PixelNoise(nn.Module):
    """Adds the same noise to all channels, by a learnt strength (Karras et al. 2019, 3.2).

    While training, each picture has its own, from torch's generator, which the loop seeds for every phase. Afterwards
    the noise is a fixed picture, part of the weights, so that a picture is a function of weights, latent and class.
    """

    noise_1HW: Tensor

    def __init__(self, sides: tuple[int, int]) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise_1HW", torch.randn(1, *sides))

    def forward(self, x_NCHW: Tensor) -> Tensor:
        noise = self.noise_1HW
        if self.training:
            noise = torch.randn(len(x_NCHW), *noise.shape, device=noise.device)
        return x_NCHW + noise.to(x_NCHW.dtype) * (NOISE_RATE * self.strength).to(x_NCHW.dtype)


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
        self.conv = EqualConv2d(width + 1, width, 3, gain=GAIN)
        self.hidden = EqualLinear(width * shape.start[0] * shape.start[1], width, gain=GAIN)
        self.logit = EqualLinear(width, 1 + shape.classes)

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None) -> Tensor:
        x = F.leaky_relu(self.conv(with_deviation(x_NCHW)), SLOPE)
        x = F.leaky_relu(self.hidden(x.permute(0, 2, 3, 1).flatten(1)), SLOPE)
        logit_NF: Tensor = self.logit(x)
        if logit_NF.shape[1] == 1 or label_N is None:
            return logit_NF[:, 0]
        return logit_NF[:, 0] + logit_NF.gather(1, 1 + label_N[:, None])[:, 0]


def with_deviation(x_NCHW: Tensor) -> Tensor:
    """The features and the mean deviation of their group as one more channel."""
    count, _, height, width = x_NCHW.shape
    group = max(size for size in range(1, GROUP + 1) if count % size == 0)
    y_MGF = x_NCHW.float().reshape(count // group, group, -1)
    variance_MF = (y_MGF - y_MGF.mean(1, keepdim=True)).square().mean(1)  # `var` takes ten times as long
    deviation_M = (variance_MF + 1e-8).sqrt().mean(1)
    extra_N1HW = deviation_M.repeat_interleave(group)[:, None, None, None].expand(-1, 1, height, width)
    joined_NCHW = torch.cat([x_NCHW, extra_N1HW.to(x_NCHW.dtype)], 1)
    return joined_NCHW.contiguous(memory_format=torch.channels_last)


def widths_down(levels: int, width: int, widest: int) -> Sequence[int]:
    """Channels from the full side down: ``width``, doubling, at most ``widest``."""
    return [min(widest, width * 2**level) for level in range(levels + 1)]
