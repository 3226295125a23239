"""pix2pixHD: pictures from maps, coarse to fine. Wang et al. 2018, arXiv:1711.11585.

A global network draws at half the sides; a local one takes in its features and draws at full sides (section 3.1, figure
3). Both see the classes, the boundaries between them (section 3.3) and, for each class, a few numbers that an encoder
reads from the real picture, averaged over all that is of the class (section 3.4): other numbers, another picture of the
same map. What was read in training is kept in a bank for each class, from which a seed chooses; the paper takes the
centres of ten clusters instead.

Departures: classes stand where the paper has instances; norms are over all channels of a picture, so that a map of one
class is not as good as empty (the fault that SPADE was made for).

Shapes: N images, K classes, E numbers a region, B places of the bank, C channels, H height, W width.
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
BANK = 64


class Pix2pixHdGenerator(nn.Module):
    """Maps (N, H, W) to pictures (N, C, H, W); the noise chooses from the banks, a number for each class."""

    bank_KBE: Tensor
    filled_K: Tensor

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
        self.register_buffer("bank_KBE", torch.zeros(self.classes, BANK, TOLD))
        self.register_buffer("filled_K", torch.zeros(self.classes, dtype=torch.int64))

    def forward(self, noise_NK: Tensor, given: Given) -> Tensor:
        hot_NKHW = planes_of(given.mask, self.classes)
        told_NKE = self.chosen(noise_NK)
        if given.style_NCHW is not None:
            told_NKE = region_means(self.encoder(given.style_NCHW), hot_NKHW)
        return self.fine(given.mask, told_NKE)

    def taught(
        self, image_NCHW: Tensor, mask_NHW: Tensor, noise_NK: Tensor, *, coarse: bool = False
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Pictures with the numbers read from the real ones; ``coarse``: only the global network, at half the sides."""
        del noise_NK
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

    def chosen(self, noise_NK: Tensor) -> Tensor:
        """For each class one of the bank's vectors (N, K, E), by a normal number; zeros where the bank is empty."""
        count_K = self.filled_K.clamp(max=BANK)
        share_NK = torch.special.ndtr(noise_NK.double()).clamp(0, 1 - 1e-9)
        place_NK = (share_NK * count_K).long().clamp(max=BANK - 1)
        return self.bank_KBE[torch.arange(self.classes, device=noise_NK.device), place_NK]

    @torch.no_grad()
    def read(self, image_NCHW: Tensor, mask_NHW: Tensor) -> tuple[Tensor, Tensor]:
        """The numbers of the regions in these pictures (N, K, E), and which classes are there (N, K)."""
        hot_NKHW = planes_of(mask_NHW, self.classes)
        return region_means(self.encoder(image_NCHW), hot_NKHW), hot_NKHW.sum((2, 3)) > 0

    @torch.no_grad()
    def remember(self, told_NKE: Tensor, there_NK: Tensor) -> None:
        """Keep what was read, in place of the oldest."""
        for told_KE, there_K in zip(told_NKE, there_NK, strict=True):
            place_K = self.filled_K % BANK
            self.bank_KBE[there_K, place_K[there_K]] = told_KE[there_K]
            self.filled_K += there_K
