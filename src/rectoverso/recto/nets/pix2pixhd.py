"""pix2pixHD: pictures from maps, coarse to fine. Wang et al. 2018, arXiv:1711.11585.

A global network draws at half the sides; a local one takes in its features and draws at full sides (section 3.1, figure
3). Both see the classes, the boundaries between them (section 3.3) and, for each class, a few numbers that an encoder
reads from the real picture, averaged over all that is of the class (section 3.4): other numbers, another picture of the
same map. What was read of the last pictures of the training is kept in a bank, from which a seed chooses one picture for
all classes: the sky of an evening goes with its road. The paper takes, for each class by itself, one of ten clusters of
all that was read; so chosen, the pictures of road scenes were far less like real ones (docs/log.md).

Departures beside that: classes stand where the paper has instances; norms are over all channels of a picture, so that a
map of one class is not as good as empty (the fault that SPADE was made for).

Shapes: N images, K classes, E numbers a region, B pictures of the bank, C channels, H height, W width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.regions import boundaries, halved_mask, laid_out, planes_of, region_means
from rectoverso.recto.nets.translator import Reflected, Residual, Translator, Up, picture_norm
from rectoverso.recto.systems.recipe import Shape

TOLD = 3
"""Numbers that the encoder reads of each region (section 3.4)."""
BANK = 256
"""Pictures."""


class Pix2pixHdGenerator(nn.Module):
    """Maps (N, H, W) to pictures (N, C, H, W); the noise, one number, chooses from the bank."""

    bank_BKE: Tensor
    there_BK: Tensor
    filled: Tensor

    def __init__(self, shape: Shape, *, width: int, downs: int, blocks: int) -> None:
        super().__init__()
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
        self.register_buffer("there_BK", torch.zeros(BANK, self.classes, dtype=torch.bool))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))

    def forward(self, noise_N1: Tensor, given: Given) -> Tensor:
        hot_NKHW = planes_of(given.mask, self.classes)
        told_NKE = self.chosen(noise_N1[:, 0])
        if given.style_NCHW is not None:
            told_NKE = region_means(self.encoder(given.style_NCHW), hot_NKHW)
        return self.fine(given.mask, told_NKE)

    def taught(
        self, image_NCHW: Tensor, mask_NHW: Tensor, noise_N1: Tensor, *, coarse: bool = False
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Pictures with the numbers read from the real ones; ``coarse``: only the global network, at half the sides."""
        del noise_N1
        hot_NKHW = planes_of(mask_NHW, self.classes)
        told_NKE = region_means(self.encoder(image_NCHW), hot_NKHW)
        if coarse:
            return torch.tanh(self.coarse_picture(F.relu(self.globally(mask_NHW, told_NKE)))), {}
        return self.fine(mask_NHW, told_NKE), {}

    def fine(self, mask_NHW: Tensor, told_NKE: Tensor) -> Tensor:
        x = F.relu(picture_norm(self.first(self.inputs(mask_NHW, told_NKE))))
        x = F.relu(picture_norm(self.down(x))) + F.relu(self.globally(mask_NHW, told_NKE))
        x = F.relu(picture_norm(self.up(self.inside(x))))
        return torch.tanh(self.picture(x))

    def globally(self, mask_NHW: Tensor, told_NKE: Tensor) -> Tensor:
        """The last features of the global network, at half the sides."""
        features: Tensor = self.coarse(self.inputs(halved_mask(mask_NHW), told_NKE))
        return features

    def inputs(self, mask_NHW: Tensor, told_NKE: Tensor) -> Tensor:
        hot_NKHW = planes_of(mask_NHW, self.classes)
        told_NEHW = laid_out(told_NKE, hot_NKHW)
        return torch.cat([hot_NKHW, boundaries(mask_NHW).to(hot_NKHW.dtype), told_NEHW], 1)

    def chosen(self, noise_N: Tensor) -> Tensor:
        """What was read (N, K, E) of one picture of the bank, which a normal number chooses; of classes that it did not
        show, what was read of the next picture that did. Zeros where none did.
        """
        count = self.filled.clamp(1, BANK)
        first_N = (torch.special.ndtr(noise_N.double()) * count).long().clamp(max=count - 1)
        place_NB = (first_N[:, None] + torch.arange(BANK, device=noise_N.device)) % count
        next_NK = self.there_BK[place_NB].int().argmax(1)
        place_NK = place_NB.gather(1, next_NK)
        return self.bank_BKE[place_NK, torch.arange(self.classes, device=noise_N.device)]

    @torch.no_grad()
    def read(self, image_NCHW: Tensor, mask_NHW: Tensor) -> tuple[Tensor, Tensor]:
        """The numbers of the regions in these pictures (N, K, E), and which classes are there (N, K)."""
        hot_NKHW = planes_of(mask_NHW, self.classes)
        return region_means(self.encoder(image_NCHW), hot_NKHW), hot_NKHW.sum((2, 3)) > 0

    @torch.no_grad()
    def remember(self, told_NKE: Tensor, there_NK: Tensor) -> None:
        """Keep what was read, in place of the oldest."""
        for told_KE, there_K in zip(told_NKE, there_NK, strict=True):
            place = self.filled % BANK
            self.bank_BKE[place], self.there_BK[place] = told_KE * there_K[:, None], there_K
            self.filled += 1
