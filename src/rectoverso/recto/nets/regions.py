"""Masks of classes as networks take them.

Shapes: N images, K classes, C channels, H height, W width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def planes_of(mask_NHW: Tensor, classes: int) -> Tensor:
    """A plane for each class, 1 where the mask has it (N, K, H, W)."""
    hot_NHWK = F.one_hot(mask_NHW, classes)
    return hot_NHWK.permute(0, 3, 1, 2).float()  # whose memory is already laid out with the channels last


def boundaries(mask_NHW: Tensor) -> Tensor:
    """1 where a neighbour above, below, left or right is of another class (N, 1, H, W): pix2pixHD's boundary map
    (Wang et al. 2018, section 3.3), of classes where there are no instances.
    """
    edge_NHW = torch.zeros_like(mask_NHW, dtype=torch.bool)
    across, down = mask_NHW[:, :, 1:] != mask_NHW[:, :, :-1], mask_NHW[:, 1:] != mask_NHW[:, :-1]
    edge_NHW[:, :, 1:] |= across
    edge_NHW[:, :, :-1] |= across
    edge_NHW[:, 1:] |= down
    edge_NHW[:, :-1] |= down
    return edge_NHW[:, None].float()


def halved_mask(mask_NHW: Tensor) -> Tensor:
    """Every other pixel."""
    return mask_NHW[:, ::2, ::2]


def region_means(x_NCHW: Tensor, hot_NKHW: Tensor) -> Tensor:
    """The mean of each channel over each class's pixels (N, K, C); 0 where there are none."""
    sum_NKC = torch.einsum("nkhw,nchw->nkc", hot_NKHW.float(), x_NCHW.float())
    return sum_NKC / hot_NKHW.float().sum((2, 3))[:, :, None].clamp_min(1)


def laid_out(f_NKC: Tensor, hot_NKHW: Tensor) -> Tensor:
    """To each pixel the vector of its class (N, C, H, W)."""
    return torch.einsum("nkhw,nkc->nchw", hot_NKHW, f_NKC.to(hot_NKHW.dtype))
