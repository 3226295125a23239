"""pix2pix, to be compared with: Isola et al. 2017, arXiv:1611.07004, at 64 pixels, in plain torch and float32.

A U-Net with six halvings (appendix 6.1.1, as far as 64 pixels go), a critic of patches of 34 pixels, the cross-entropy
with the distance of colours a hundred times over (section 3.1), dropout as the only noise, Adam 2e-4 with beta1 0.5,
batch 1 as in the paper.

Shapes: N images, K classes, H height, W width.
"""

from __future__ import annotations

import time

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.pixels import to_pixels, to_tensor
from rectoverso.recto.nets.regions import planes_of

WIDTHS = (64, 128, 256, 512, 512, 512)
SEED, RATE, BETAS, NEAR = 0, 2e-4, (0.5, 0.999), 100.0


class UNet(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        before = inputs
        for place, width in enumerate(WIDTHS):
            norm = nn.Identity() if place in (0, len(WIDTHS) - 1) else nn.BatchNorm2d(width)
            self.downs.append(nn.Sequential(nn.Conv2d(before, width, 4, 2, 1), norm))
            before = width
        for place, width in enumerate((*WIDTHS[-2::-1], outputs)):
            joined = before if place == 0 else 2 * before
            last = place == len(WIDTHS) - 1
            after = [] if last else [nn.BatchNorm2d(width), nn.Dropout(0.5 if place < 2 else 0.0)]
            self.ups.append(nn.Sequential(nn.ConvTranspose2d(joined, width, 4, 2, 1), *after))
            before = width

    def forward(self, x: Tensor) -> Tensor:
        seen = []
        for down in self.downs:
            x = down(F.leaky_relu(x, 0.2) if seen else x)
            seen.append(x)
        for place, up in enumerate(self.ups):
            x = up(F.relu(x if place == 0 else torch.cat([x, seen[-1 - place]], 1)))
        return torch.tanh(x)


def critic(inputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, 64, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.2),
        nn.Conv2d(128, 256, 4, 1, 1), nn.BatchNorm2d(256), nn.LeakyReLU(0.2),
        nn.Conv2d(256, 1, 4, 1, 1),
    )  # fmt: skip


def trained(dataset: Dataset, seconds: float, batch: int = 1) -> tuple[UNet, int]:
    """The generator after so many seconds, and how many pictures it has seen."""
    torch.manual_seed(SEED)
    assert dataset.masks is not None
    classes, rng = len(dataset.regions), np.random.default_rng(SEED)
    generator, judge = UNet(classes, 3), critic(classes + 3)
    adam_g, adam_d = (torch.optim.Adam(net.parameters(), RATE, BETAS) for net in (generator, judge))
    began, seen = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        place_N = rng.integers(0, len(dataset), batch)
        turned = slice(None, None, -1 if rng.random() < 0.5 else 1)
        real = to_tensor(np.ascontiguousarray(dataset.images[place_N][:, :, turned]))
        mask_NHW = np.ascontiguousarray(dataset.masks[place_N][:, :, turned]).astype(np.int64)
        planes = planes_of(torch.from_numpy(mask_NHW), classes)
        fake = generator(planes)
        adam_d.zero_grad()
        told = [judge(torch.cat([planes, x], 1)) for x in (real, fake.detach())]
        (0.5 * (_said(told[0], 1) + _said(told[1], 0))).backward()
        adam_d.step()
        adam_g.zero_grad()
        (_said(judge(torch.cat([planes, fake], 1)), 1) + NEAR * F.l1_loss(fake, real)).backward()
        adam_g.step()
        seen += batch
    return generator, seen


@torch.no_grad()
def drawn(generator: UNet, masks_NHW: NDArray[np.uint8], classes: int) -> NDArray[np.uint8]:
    """Pictures of these maps; batch norm and dropout as in training, which is how pix2pix draws (section 3.4)."""
    torch.manual_seed(SEED)
    planes = (planes_of(torch.from_numpy(mask[None].astype(np.int64)), classes) for mask in masks_NHW)
    return np.concatenate([to_pixels(generator(x)) for x in planes])


def _said(logits: Tensor, answer: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, answer))
