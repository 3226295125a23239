"""EdgeConnect: first the edges within a hole, then the colours. Nazeri et al. 2019, arXiv:1901.00212.

Two networks with dilated blocks (section 3): the first completes the map of edges from the grey picture around the
hole (3.1), the second fills in colours along these edges (3.2).

Departures, for minutes on two cores. A hole is filled from coarse to fine: first in the picture at the sides of a
training piece, then at twice these, and so on, each time on top of what was made before; so a network that was shown
small pieces fills a hole as large as one of them. Under the coarsest lies a smooth filling in place of white, and the
second network says what to add. Both are U-nets whose blocks begin with their norm (`unet`): networks with a norm after
every convolution, as the paper's, did not get beyond the smooth filling in these minutes. The rims of holes are left
out of the edges that are given, in training as in use.

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from rectoverso.recto.data.edges import edges_of
from rectoverso.recto.data.pixels import to_pixels
from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.resampling import halved_around, larger_smoothly, smooth_over
from rectoverso.recto.nets.unet import UNet
from rectoverso.recto.systems.recipe import Shape


class EdgeConnectGenerator(nn.Module):
    """Pictures (N, C, H, W) with holes to whole ones; sides that are multiples of ``patch << downs``. They are halved
    while they stay such multiples and at least ``coarsest_px``.
    """

    def __init__(
        self,
        shape: Shape,
        *,
        width: int,
        edge_width: int,
        downs: int,
        blocks: int,
        patch: int,
        coarsest_px: int,
    ) -> None:
        super().__init__()
        self.multiple, self.coarsest_px = patch << downs, coarsest_px
        self.edges = UNet(3, 1, width=edge_width, downs=downs, blocks=blocks, patch=patch)
        self.fill = UNet(
            shape.channels + 2, shape.channels, width=width, downs=downs, blocks=blocks, patch=patch
        )

    def forward(self, noise_NZ: Tensor, given: Given) -> Tensor:
        """The pictures with their holes filled; the rest is as it was."""
        del noise_NZ
        whole_NCHW: Tensor | None = None
        for x_NCHW, hole_N1HW in self.from_coarse(given.picture, given.hole):
            begun_NCHW = begun(x_NCHW, hole_N1HW, whole_NCHW)
            around_N1HW = canny(x_NCHW, hole_N1HW)
            drawn_N1HW = torch.sigmoid(self.imagined(begun_NCHW, around_N1HW, hole_N1HW))
            edge_N1HW = laid_in(around_N1HW, drawn_N1HW, hole_N1HW)
            whole_NCHW = self.filled(begun_NCHW, edge_N1HW, hole_N1HW)
        assert whole_NCHW is not None  # noqa: S101 - the pictures themselves are one of them
        return whole_NCHW

    def from_coarse(self, x_NCHW: Tensor, hole_N1HW: Tensor) -> list[tuple[Tensor, Tensor]]:
        """The pictures and their holes at ever larger sides."""
        sides, this = x_NCHW.shape[2:], [(x_NCHW, hole_N1HW)]
        if min(sides) < 2 * self.coarsest_px or any(side % (2 * self.multiple) for side in sides):
            return this
        return [*self.from_coarse(*halved_around(x_NCHW, hole_N1HW)), *this]

    def imagined(self, begun_NCHW: Tensor, edge_N1HW: Tensor, hole_N1HW: Tensor) -> Tensor:
        """Logits of edges (N, 1, H, W), from the grey picture and the edges around the hole (section 3.1)."""
        grey_N1HW = begun_NCHW[:, :3].mean(1, keepdim=True)
        edges: Tensor = self.edges(torch.cat([grey_N1HW, edge_N1HW, hole_N1HW], 1))
        return edges

    def filled(self, begun_NCHW: Tensor, edge_N1HW: Tensor, hole_N1HW: Tensor) -> Tensor:
        """The pictures with what the second network makes of these edges added within the holes (section 3.2)."""
        added: Tensor = self.fill(torch.cat([begun_NCHW, edge_N1HW, hole_N1HW], 1))
        return begun_NCHW + added.float() * hole_N1HW


def begun(x_NCHW: Tensor, hole_N1HW: Tensor, coarse_NCHW: Tensor | None) -> Tensor:
    """The pictures with what is known of their holes so far: of what was made at half their sides, or nothing but what
    is around.
    """
    if coarse_NCHW is None:
        return smooth_over(x_NCHW, hole_N1HW)
    return laid_in(x_NCHW, larger_smoothly(coarse_NCHW), hole_N1HW)


def laid_in(x_NCHW: Tensor, made_NCHW: Tensor, hole_N1HW: Tensor) -> Tensor:
    """What was made where the hole is, else what was there."""
    return x_NCHW * (1 - hole_N1HW) + made_NCHW * hole_N1HW


def canny(x_NCHW: Tensor, hole_N1HW: Tensor | None = None) -> Tensor:
    """The edges of pictures (N, 1, H, W), 1 or 0; around holes, if there are any (`data.edges`)."""
    pixels_NHWC = to_pixels(x_NCHW)
    holes = [None] * len(pixels_NHWC) if hole_N1HW is None else list(hole_N1HW[:, 0].bool().cpu().numpy())
    found = [edges_of(image_HWC, hole_HW) for image_HWC, hole_HW in zip(pixels_NHWC, holes, strict=True)]
    return torch.from_numpy(np.stack(found)[:, None].astype(np.float32)).to(x_NCHW.device)
