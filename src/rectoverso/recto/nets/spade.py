"""SPADE: pictures from maps, each norm modulated by the map. Park et al. 2019, arXiv:1903.07291.

Generator (appendix A, figures 11 and 14): a latent, linear to the first picture, residual blocks with spatially
adaptive norms and doublings between them. Encoder (figure 14): strided convolutions to mean and log variance of that
latent, so that the style of a picture can be given, or drawn.

Departures. The norms under the modulation are instance norms, which do not depend on the batch; the convolution that
sees the map is shared by the norms of a block. A block draws on noise too, as in StyleGAN (Karras et al. 2019, section
3.2): with none, what is of one class is the same everywhere before the edges of the picture tell, and the only way to a
texture is a chequer. Doublings are smooth for the same reason.

Shapes: N images, K classes, Z latent, C channels (I in, O out), S channels seen of the map, H height, W width.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.regions import planes_of
from rectoverso.recto.nets.resampling import larger_smoothly
from rectoverso.recto.nets.style_layers import PixelNoise
from rectoverso.recto.nets.translator import channel_norm
from rectoverso.recto.systems.recipe import Shape

SLOPE = 0.2
WIDEST = 16
LEAST_PX = 4


class SpadeGenerator(nn.Module):
    """Maps (N, H, W) and a latent, or a picture whose style is meant, to pictures (N, C, H, W)."""

    def __init__(self, shape: Shape, *, latent: int, width: int, seen: int) -> None:
        super().__init__()
        self.classes, self.levels = shape.regions, halvings(shape)
        levels = list(reversed(range(self.levels + 1)))
        sides = [(shape.height_px >> level, shape.width_px >> level) for level in levels]
        widths = [width * min(WIDEST, 2**level) for level in levels]
        self.first = (widths[0], *sides[0])
        self.encoder = StyleEncoder(shape, latent=latent, width=width)
        self.start = nn.Linear(latent, math.prod(self.first))
        self.blocks = nn.ModuleList(
            SpadeBlock(w, v, self.classes, seen, size)
            for (w, v), size in zip(pairwise([widths[0], *widths]), sides, strict=True)
        )
        self.to_picture = nn.Conv2d(widths[-1], shape.channels, 3, padding=1)

    def forward(self, noise_NZ: Tensor, given: Given) -> Tensor:
        z_NZ = noise_NZ if given.style_NCHW is None else self.encoder(given.style_NCHW)[0]
        return self.drawn(z_NZ, given.mask)

    def drawn(self, z_NZ: Tensor, mask_NHW: Tensor) -> Tensor:
        """Pictures of these maps."""
        x = self.start(z_NZ).unflatten(1, self.first).contiguous(memory_format=torch.channels_last)
        for place, block in enumerate(self.blocks):
            x = larger_smoothly(x) if place else x
            stride = 2 ** (self.levels - place)
            x = block(x, planes_of(mask_NHW[:, ::stride, ::stride], self.classes))
        return torch.tanh(self.to_picture(F.leaky_relu(x, SLOPE)))

    def taught(
        self, image_NCHW: Tensor, mask_NHW: Tensor, noise_NZ: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Pictures in the style of the real ones of these maps, and what the encoder's freedom costs (section 3.1): the
        divergence from the normal distribution, a mean over pictures and a sum over the latent.
        """
        mean_NZ, log_variance_NZ = self.encoder(image_NCHW)
        z_NZ = mean_NZ + noise_NZ * torch.exp(0.5 * log_variance_NZ)
        divergence = 0.5 * (mean_NZ.square() + log_variance_NZ.exp() - 1 - log_variance_NZ).sum(1).mean()
        return self.drawn(z_NZ, mask_NHW), {"divergence": divergence}


class SpadeBlock(nn.Module):
    """A residual block whose norms are scaled and shifted at every pixel by what the map says there (eq. 1)."""

    def __init__(self, inputs: int, outputs: int, classes: int, seen: int, sides: tuple[int, int]) -> None:
        super().__init__()
        inner = min(inputs, outputs)
        self.splits = [inputs, inner] + ([inputs] if inputs != outputs else [])
        self.see = nn.Conv2d(classes, seen, 3, padding=1)
        self.modulate = nn.Conv2d(seen, 2 * sum(self.splits), 3, padding=1)
        self.noises = nn.ModuleList(PixelNoise(sides, channels=part) for part in self.splits[:2])
        self.first = nn.Conv2d(inputs, inner, 3, padding=1)
        self.second = nn.Conv2d(inner, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False) if inputs != outputs else None

    def forward(self, x_NIHW: Tensor, map_NKHW: Tensor) -> Tensor:
        said = self.modulate(F.relu(self.see(map_NKHW))).split([2 * part for part in self.splits], 1)
        x = self.noises[0](x_NIHW)
        y = self.noises[1](self.first(F.leaky_relu(modulated(x, said[0]), SLOPE)))
        y = self.second(F.leaky_relu(modulated(y, said[1]), SLOPE))
        straight: Tensor = x if self.skip is None else self.skip(modulated(x, said[2]))
        result: Tensor = straight + y
        return result


class StyleEncoder(nn.Module):
    """Pictures (N, C, H, W) to means and log variances (N, Z)."""

    def __init__(self, shape: Shape, *, latent: int, width: int) -> None:
        super().__init__()
        levels = halvings(shape)
        start_px = (shape.height_px >> levels) * (shape.width_px >> levels)
        widths = [shape.channels, *(width * min(WIDEST, 2 << level) for level in range(levels))]
        self.convs = nn.ModuleList(nn.Conv2d(w, v, 4, stride=2, padding=1) for w, v in pairwise(widths))
        self.told = nn.Linear(widths[-1] * start_px, 2 * latent)

    def forward(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        x = x_NCHW
        for place, conv in enumerate(self.convs):
            x = conv(x)
            x = F.leaky_relu(channel_norm(x) if place else x, SLOPE)
        mean_NZ, log_variance_NZ = self.told(x.flatten(1)).float().chunk(2, 1)
        return mean_NZ, log_variance_NZ


def halvings(shape: Shape) -> int:
    """How often both sides can be halved, the shorter one down to `LEAST_PX`."""
    height, width, levels = shape.height_px, shape.width_px, 0
    while height % 2 == width % 2 == 0 and min(height, width) >= 2 * LEAST_PX:
        height, width, levels = height // 2, width // 2, levels + 1
    return levels


def modulated(x_NCHW: Tensor, said_NDHW: Tensor) -> Tensor:
    """The norm, times 1 plus the first half of what the map says, plus the other half."""
    gain_NCHW, bias_NCHW = said_NDHW.chunk(2, 1)
    return torch.addcmul(bias_NCHW, channel_norm(x_NCHW), 1 + gain_NCHW)
