"""The networks of the DCGAN paper's figure 1 at 64 pixels, as the well-known implementations write them.

Radford, Metz and Chintala 2016, arXiv:1511.06434: 4x4 transposed convolutions, batch norm in both networks but for the
generator's last and the critic's first layer, weights drawn with deviation 0.02. Only for measuring speed beside
programs that have them.

Shapes: N images, Z latent, C channels, H height, W width.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from rectoverso.recto.systems.recipe import Shape


@dataclass(frozen=True, slots=True)
class PaperNets:
    latent: int = 100
    width: int = 64

    def generator(self, shape: Shape) -> nn.Module:
        return drawn(PaperGenerator(shape, self.latent, self.width))

    def critic(self, shape: Shape) -> nn.Module:
        return drawn(PaperCritic(shape, self.width))


class PaperGenerator(nn.Module):
    """Latents (N, Z) to pictures (N, C, H, W)."""

    def __init__(self, shape: Shape, latent: int, width: int) -> None:
        super().__init__()
        widths = [width << level for level in reversed(range(shape.levels))]
        layers: list[nn.Module] = [*up(latent, widths[0], stride=1, padding=0)]
        for inputs, outputs in pairwise(widths):
            layers += up(inputs, outputs, stride=2, padding=1)
        last = nn.ConvTranspose2d(widths[-1], shape.channels, 4, 2, 1, bias=False)
        self.layers = nn.Sequential(*layers, last, nn.Tanh())

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        del label_N
        picture_NCHW: Tensor = self.layers(z_NZ[:, :, None, None])
        return picture_NCHW


class PaperCritic(nn.Module):
    """Pictures (N, C, H, W) to one logit each (N,)."""

    def __init__(self, shape: Shape, width: int) -> None:
        super().__init__()
        widths = [width << level for level in range(shape.levels)]
        layers: list[nn.Module] = [nn.Conv2d(shape.channels, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
        for inputs, outputs in pairwise(widths):
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs)]
            layers += [nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, bias=False), nn.Flatten(0))

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None = None) -> Tensor:
        del label_N
        logit_N: Tensor = self.layers(x_NCHW)
        return logit_N


def up(inputs: int, outputs: int, *, stride: int, padding: int) -> list[nn.Module]:
    """One layer of the generator."""
    convolution = nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]


@torch.no_grad()
def drawn(network: nn.Module) -> nn.Module:
    """The network with its weights drawn as the paper does (section 4)."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(part.weight, 0.0, 0.02)
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.weight, 1.0, 0.02)
    return network
