"""pix2pixHD: pictures from maps, coarse to fine. Wang et al. 2018, arXiv:1711.11585.

A global network draws at half the sides; a local one takes in its features and draws at full sides (section 3.1, figure
3). Both see the classes, the boundaries of the instances (section 3.3) and, for each instance, a few numbers that an
encoder reads from the real picture, averaged over all that is of it (section 3.4): other numbers, another picture of
the same map. Where a map tells no instances, all that is of a class is one.

Where nobody shows a picture, the numbers are those of the last pictures of the training whose maps were most like the
one that is given: their weighted mean, and a seed draws the weights, others for each instance. The paper clusters all
that was read of a class, and takes any of ten centres; road scenes so made were bright where such streets are dark, and
each class in another light: in a trial on one run a proxy-FID of 30, against 5 (docs/log.md, 2026-11-26).

Departure beside that: norms are over all channels of a picture, so that a map of one class is not as good as empty (the
fault that SPADE was made for).

Shapes: N images, K classes, E numbers of an instance, B pictures of the bank, Q of them that are near, C channels,
H height, W width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.regions import (
    boundaries,
    halved_mask,
    instances_of,
    laid_out,
    largest_pieces,
    piece_means,
    planes_of,
    region_means,
)
from rectoverso.recto.nets.translator import Reflected, Residual, Translator, Up, picture_norm
from rectoverso.recto.systems.pix2pixhd import BANK
from rectoverso.recto.systems.recipe import Shape

TOLD = 3
"""Numbers that the encoder reads of each instance (section 3.4)."""
SAME = 1e-6
"""Maps whose shares of every class differ by less are taken for one, as of a picture and its mirror image."""
SPREAD = 2.0
"""The weights are exponentials of so many times the noise: most of the mean is of about four pictures."""


class Pix2pixHdGenerator(nn.Module):
    """Maps (N, H, W) to pictures (N, C, H, W). A style is the mean of the remembered pictures of the ``near`` (Q) most
    similar maps, the nearest first, which the noise (N, Q) weighs.
    """

    bank_BKE: Tensor
    cover_BK: Tensor
    filled: Tensor

    def __init__(self, shape: Shape, *, width: int, downs: int, blocks: int, near: int) -> None:
        super().__init__()
        self.near = near
        self.classes = shape.regions
        inputs = self.classes + 1 + TOLD
        self.encoder = Translator(shape.channels, TOLD, width=width // 2, downs=2, blocks=0, patch=2)
        self.coarse = Translator(
            inputs, 2 * width, width=2 * width, downs=downs, blocks=blocks, norm=picture_norm, raw=True
        )
        self.coarse_picture = Reflected(2 * width, shape.channels, 5)
        self.first = Reflected(inputs, width // 2, 5)
        self.down = nn.Conv2d(width // 2, 2 * width, 4, stride=2, padding=1)
        self.inside = Residual(2 * width, norm=picture_norm)
        self.up = Up(2 * width, width // 2)
        self.picture = Reflected(width // 2, shape.channels, 5)
        self.register_buffer("bank_BKE", torch.zeros(BANK, self.classes, TOLD))
        self.register_buffer("cover_BK", torch.zeros(BANK, self.classes))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))

    def forward(self, noise_NQ: Tensor, given: Given) -> Tensor:
        if given.style_NCHW is None:
            told_NEHW = self.drawn(noise_NQ, given.mask)
        else:
            told_NEHW = piece_means(self.encoder(given.style_NCHW), given.mask, self.classes)
        return self.fine(given.mask, told_NEHW)

    def taught(
        self, image_NCHW: Tensor, mask_NHW: Tensor, noise_NQ: Tensor, *, coarse: bool = False
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Pictures with the numbers read from the real ones; ``coarse``: only the global network, at half the sides."""
        del noise_NQ
        told_NEHW = piece_means(self.encoder(image_NCHW), mask_NHW, self.classes)
        if coarse:
            return torch.tanh(self.coarse_picture(F.relu(self.globally(mask_NHW, told_NEHW)))), {}
        return self.fine(mask_NHW, told_NEHW), {}

    def fine(self, mask_NHW: Tensor, told_NEHW: Tensor) -> Tensor:
        x = F.relu(picture_norm(self.first(self.inputs(mask_NHW, told_NEHW))))
        x = F.relu(picture_norm(self.down(x))) + F.relu(self.globally(mask_NHW, told_NEHW))
        x = F.relu(picture_norm(self.up(self.inside(x))))
        return torch.tanh(self.picture(x))

    def globally(self, mask_NHW: Tensor, told_NEHW: Tensor) -> Tensor:
        """The last features of the global network, at half the sides."""
        features: Tensor = self.coarse(self.inputs(halved_mask(mask_NHW), told_NEHW[:, :, ::2, ::2]))
        return features

    def inputs(self, mask_NHW: Tensor, told_NEHW: Tensor) -> Tensor:
        return torch.cat([planes_of(mask_NHW, self.classes), boundaries(mask_NHW), told_NEHW], 1)

    def drawn(self, noise_NQ: Tensor, mask_NHW: Tensor) -> Tensor:
        """To each pixel the numbers of its class that the noise weighs (N, E, H, W); for each instance in another
        order.
        """
        hot_NKHW, instance_NHW = planes_of(mask_NHW, self.classes), instances_of(mask_NHW)
        place_NQ = self.nearest(covers(hot_NKHW))
        told_NEHW = hot_NKHW.new_zeros(len(mask_NHW), TOLD, *mask_NHW.shape[1:])
        for number in torch.unique(instance_NHW).tolist():
            told_NKE = self.likely(noise_NQ[:, shuffled(self.near, number)], place_NQ)
            is_its_N1HW = (instance_NHW == number)[:, None]
            told_NEHW = torch.where(is_its_N1HW, laid_out(told_NKE, hot_NKHW), told_NEHW)
        return told_NEHW

    def nearest(self, cover_NK: Tensor) -> Tensor:
        """The places (N, Q) of the remembered pictures whose maps show about as much of each class, the nearest
        first.
        """
        is_empty_B = torch.arange(BANK, device=cover_NK.device) >= self.filled
        apart_NB = torch.cdist(cover_NK, self.cover_BK, p=1).masked_fill(is_empty_B, torch.inf)
        return apart_NB.topk(self.near, largest=False).indices

    def likely(self, noise_NQ: Tensor, place_NQ: Tensor) -> Tensor:
        """The numbers (N, K, E) of these pictures: for each class, the weighted mean of those that show it, or of all
        that do where none of these does. Zeros before any is remembered.
        """
        shows_BK = (self.cover_BK > 0).to(self.bank_BKE.dtype)  # nothing where a place is empty
        weight_NQK = (SPREAD * noise_NQ).exp()[:, :, None] * shows_BK[place_NQ]
        near_NKE, weight_NK1 = self.mean(weight_NQK, self.bank_BKE[place_NQ])
        all_NKE, _ = self.mean(shows_BK[None], self.bank_BKE[None])
        return torch.where(weight_NK1 > 0, near_NKE, all_NKE)

    @staticmethod
    def mean(weight_NQK: Tensor, told_NQKE: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted mean (N, K, E) and its weight (N, K, 1); zeros where that is 0."""
        weight_NK1 = weight_NQK.sum(1)[..., None]
        sum_NKE = (weight_NQK[..., None] * told_NQKE).sum(1)
        return torch.where(weight_NK1 > 0, sum_NKE / weight_NK1, 0.0), weight_NK1

    @torch.no_grad()
    def read(self, image_NCHW: Tensor, mask_NHW: Tensor) -> tuple[Tensor, Tensor]:
        """The numbers of the classes in these pictures, of instances those of the largest (N, K, E), and how much of a
        picture is of each class (N, K).
        """
        hot_NKHW = planes_of(mask_NHW, self.classes)
        largest_NKHW = hot_NKHW * largest_pieces(mask_NHW)[:, None]
        return region_means(self.encoder(image_NCHW), largest_NKHW), covers(hot_NKHW)

    @torch.no_grad()
    def remember(self, told_NKE: Tensor, cover_NK: Tensor) -> None:
        """Keep what was read, in place of what was read of the same map, or else of the oldest."""
        for told_KE, cover_K in zip(told_NKE, cover_NK, strict=True):
            is_same_B = (self.cover_BK - cover_K).abs().amax(1) < SAME
            place = torch.where(is_same_B.any(), is_same_B.int().argmax(), self.filled % BANK)
            self.bank_BKE[place], self.cover_BK[place] = told_KE, cover_K
            self.filled += ~is_same_B.any()


def shuffled(count: int, number: int) -> Tensor:
    """Places in the order that belongs to this number, as they are for 0."""
    if not number:
        return torch.arange(count)
    return torch.randperm(count, generator=torch.Generator().manual_seed(number))


def covers(hot_NKHW: Tensor) -> Tensor:
    """The share of a picture that is of each class (N, K)."""
    return hot_NKHW.mean((2, 3))
