"""The smallest style-based generator, and painters for it and for a real plain one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from rectoverso.recto.nets.plain import PlainGenerator
from rectoverso.recto.sample.painter import Painter
from rectoverso.recto.systems.recipe import Shape

LATENT, STYLE, STYLES = 8, 6, 4


class TinyStyle(nn.Module):
    """Four layers, each of which paints one quarter of a 16-pixel picture from its style."""

    w_mean_W: Tensor

    def __init__(self, classes: int = 0) -> None:
        super().__init__()
        self.styles = STYLES
        self.mapping_net = nn.Linear(LATENT, STYLE)
        self.of_class = nn.Embedding(classes, STYLE) if classes else None
        self.affines = nn.ModuleList(nn.Linear(STYLE, 3 * 8 * 8) for _ in range(STYLES))
        self.register_buffer("w_mean_W", torch.full((STYLE,), 0.1))

    def mapping(self, z_NZ: Tensor, label_N: Tensor | None) -> Tensor:
        w_NW = torch.tanh(self.mapping_net(z_NZ))
        return w_NW if self.of_class is None else w_NW + self.of_class(label_N)

    def synthesis(self, w_NLW: Tensor) -> Tensor:
        quarters = [
            torch.tanh(affine(w_NLW[:, layer])).view(-1, 3, 8, 8) for layer, affine in enumerate(self.affines)
        ]
        return torch.cat([torch.cat(quarters[:2], 3), torch.cat(quarters[2:], 3)], 2)

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        return self.synthesis(self.mapping(z_NZ, label_N)[:, None].repeat(1, self.styles, 1))


@pytest.fixture
def styled() -> Painter:
    torch.manual_seed(0)
    return Painter(TinyStyle().eval(), latent=LATENT, classes=0)


@pytest.fixture
def plain() -> Painter:
    torch.manual_seed(0)
    module = PlainGenerator(Shape(16, 16, 3, 2), latent=LATENT, width=4).eval()
    return Painter(module, latent=LATENT, classes=2)
