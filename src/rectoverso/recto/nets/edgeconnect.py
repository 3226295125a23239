"""EdgeConnect: first the edges within a hole, then the colours. Nazeri et al. 2019, arXiv:1901.00212.

Two translators with dilated blocks (section 3): the first completes the map of edges from the grey picture around the
hole (3.1), the second fills in colours along these edges (3.2).

Departures, for minutes on two cores: narrower, fewer blocks; with ``patch`` squares of pixels come in and go out as
one; no spectral norm in the edge translator; the rims of holes are left out of the edges that are given, in training
as in use. The second translator is shown a smooth filling in place of white, and says what to add to it; its norms are
over all channels of a picture, so that a smooth one keeps its colour.

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from rectoverso.recto.data.edges import edges_of
from rectoverso.recto.data.pixels import to_pixels
from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.resampling import smooth_over
from rectoverso.recto.nets.translator import Translator, picture_norm
from rectoverso.recto.systems.recipe import Shape

DILATION = 2


class EdgeConnectGenerator(nn.Module):
    """Pictures (N, C, H, W) with holes to whole ones; sides that are multiples of ``patch << downs``."""

    def __init__(
        self, shape: Shape, *, width: int, edge_width: int, downs: int, blocks: int, patch: int
    ) -> None:
        super().__init__()
        self.edges = Translator(
            3, 1, width=edge_width, downs=downs, blocks=blocks, patch=patch, dilation=DILATION, raw=True
        )
        self.fill = Translator(
            shape.channels + 2,
            shape.channels,
            width=width,
            downs=downs,
            blocks=blocks,
            patch=patch,
            dilation=DILATION,
            norm=picture_norm,
            raw=True,
        )
        self.fill.begin_at_nothing()

    def forward(self, noise_NZ: Tensor, given: Given) -> Tensor:
        """The pictures with their holes filled; the rest is as it was."""
        del noise_NZ
        edge_N1HW = canny(given.picture, given.hole)
        drawn_N1HW = torch.sigmoid(self.imagined(given.picture, edge_N1HW, given.hole))
        return self.filled(given.picture, laid_in(edge_N1HW, drawn_N1HW, given.hole), given.hole)

    def imagined(self, x_NCHW: Tensor, edge_N1HW: Tensor, hole_N1HW: Tensor) -> Tensor:
        """Logits of edges (N, 1, H, W), from the grey picture and the edges around the hole (section 3.1)."""
        grey_N1HW = x_NCHW[:, :3].mean(1, keepdim=True)
        edges: Tensor = self.edges(torch.cat([emptied(grey_N1HW, hole_N1HW), edge_N1HW, hole_N1HW], 1))
        return edges

    def filled(self, x_NCHW: Tensor, edge_N1HW: Tensor, hole_N1HW: Tensor) -> Tensor:
        """The pictures with what the second translator makes of these edges laid into the holes (section 3.2)."""
        made_NCHW = self.made(x_NCHW, edge_N1HW, hole_N1HW)
        return laid_in(x_NCHW, made_NCHW.to(x_NCHW.dtype), hole_N1HW)

    def made(self, x_NCHW: Tensor, edge_N1HW: Tensor, hole_N1HW: Tensor) -> Tensor:
        """Whole pictures: the smooth filling, and what the translator adds to it."""
        smooth_NCHW = smooth_over(x_NCHW, hole_N1HW)
        added: Tensor = self.fill(torch.cat([smooth_NCHW, edge_N1HW, hole_N1HW], 1))
        return smooth_NCHW + added.float()


def emptied(x_NCHW: Tensor, hole_N1HW: Tensor) -> Tensor:
    """White where the hole is."""
    return x_NCHW * (1 - hole_N1HW) + hole_N1HW


def laid_in(x_NCHW: Tensor, made_NCHW: Tensor, hole_N1HW: Tensor) -> Tensor:
    """What was made where the hole is, else what was there."""
    return x_NCHW * (1 - hole_N1HW) + made_NCHW * hole_N1HW


def canny(x_NCHW: Tensor, hole_N1HW: Tensor | None = None) -> Tensor:
    """The edges of pictures (N, 1, H, W), 1 or 0; around holes, if there are any (`data.edges`)."""
    pixels_NHWC = to_pixels(x_NCHW)
    holes = [None] * len(pixels_NHWC) if hole_N1HW is None else list(hole_N1HW[:, 0].bool().cpu().numpy())
    found = [edges_of(image_HWC, hole_HW) for image_HWC, hole_HW in zip(pixels_NHWC, holes, strict=True)]
    return torch.from_numpy(np.stack(found)[:, None].astype(np.float32)).to(x_NCHW.device)
