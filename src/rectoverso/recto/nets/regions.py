"""Masks of classes as networks take them; what is told apart within a class, instances, stands in the same numbers
(`data.masks`).

Shapes: N images, K classes, C channels, H height, W width, P pieces.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rectoverso.recto.data.masks import INSTANCES


def classes_of(mask_NHW: Tensor) -> Tensor:
    """The class of each pixel (N, H, W)."""
    return torch.where(mask_NHW < INSTANCES, mask_NHW, mask_NHW // INSTANCES)


def instances_of(mask_NHW: Tensor) -> Tensor:
    """Which of its class each pixel belongs to (N, H, W): its number in the mask plus 1; 0 where none is told."""
    return torch.where(mask_NHW < INSTANCES, 0, mask_NHW % INSTANCES + 1)


def planes_of(mask_NHW: Tensor, classes: int) -> Tensor:
    """A plane for each class, 1 where the mask has it (N, K, H, W)."""
    hot_NHWK = F.one_hot(classes_of(mask_NHW), classes)
    return hot_NHWK.permute(0, 3, 1, 2).float()  # whose memory is already laid out with the channels last


def boundaries(mask_NHW: Tensor) -> Tensor:
    """1 where a neighbour above, below, left or right is of another class or instance (N, 1, H, W): pix2pixHD's
    boundary map (Wang et al. 2018, section 3.3).
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


def piece_means(x_NCHW: Tensor, mask_NHW: Tensor, classes: int) -> Tensor:
    """To each pixel the mean of each channel over its piece (N, C, H, W): all that is of its instance, or of its class
    where none is told.
    """
    highest = int(mask_NHW.max())
    if highest < INSTANCES:
        hot_NKHW = planes_of(mask_NHW, classes)
        return laid_out(region_means(x_NCHW, hot_NKHW), hot_NKHW)
    of_picture_N11 = (highest + 1) * torch.arange(len(mask_NHW), device=mask_NHW.device)[:, None, None]
    pieces, piece_NHW, size_P = torch.unique(
        mask_NHW + of_picture_N11, return_inverse=True, return_counts=True
    )
    x_NHWC = x_NCHW.float().permute(0, 2, 3, 1)
    sum_PC = x_NHWC.new_zeros(len(pieces), x_NCHW.shape[1])
    sum_PC = sum_PC.index_add(0, piece_NHW.flatten(), x_NHWC.flatten(0, 2))
    # Not by index, whose way back adds in any order where there are many threads.
    return F.embedding(piece_NHW, sum_PC / size_P[:, None]).permute(0, 3, 1, 2)


def largest_pieces(mask_NHW: Tensor) -> Tensor:
    """True for the pixels of the largest instance of each class, and wherever none is told (N, H, W)."""
    keep_NHW = mask_NHW < INSTANCES
    for mask_HW, kept_HW in zip(mask_NHW, keep_NHW, strict=True):
        pieces, sizes = torch.unique(mask_HW[~kept_HW], return_counts=True)
        for kind in torch.unique(pieces // INSTANCES):
            mine = (pieces // INSTANCES == kind).nonzero()[:, 0]
            kept_HW.logical_or_(mask_HW == pieces[mine[sizes[mine].argmax()]])
    return keep_NHW


def laid_out(f_NKC: Tensor, hot_NKHW: Tensor) -> Tensor:
    """To each pixel the vector of its class (N, C, H, W)."""
    return torch.einsum("nkhw,nkc->nchw", hot_NKHW, f_NKC.to(hot_NKHW.dtype))
