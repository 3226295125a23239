"""A network that reads the classes of real scenes, to be asked what it reads in generated ones.

Shapes: N images, K classes, C channels, H height, W width.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.train.machine import autocast, resolve

WIDTH, BATCH, SEED = 32, 16, 0
RATE, WARM = 2e-3, 0.1


class Segmenter(nn.Module):
    """A small U-Net (Ronneberger et al. 2015): three halvings, the features before each joined on the way back."""

    def __init__(self, channels: int, classes: int, width: int = WIDTH) -> None:
        super().__init__()
        widths = [width, 2 * width, 4 * width, 4 * width]
        self.first = _double(channels, width)
        self.downs = nn.ModuleList(_double(w, v) for w, v in pairwise(widths))
        self.ups = nn.ModuleList(
            _double(w + v, v) for w, v in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.last = nn.Conv2d(width, classes, 1)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x, seen = self.first(x_NCHW), []
        for down in self.downs:
            seen.append(x)
            x = down(F.max_pool2d(x, 2))
        for up, earlier in zip(self.ups, reversed(seen), strict=True):
            larger = F.interpolate(x, size=earlier.shape[2:], mode="nearest")
            x = up(torch.cat([larger, earlier], 1))
        logits: Tensor = self.last(x)
        return logits


def taught(dataset: Dataset, steps: int) -> Segmenter:
    """A segmenter that has seen so many batches of real pictures, mirrored and dimmed at random."""
    torch.manual_seed(SEED)
    assert dataset.masks is not None
    rng, net = np.random.default_rng(SEED), Segmenter(dataset.channels, len(dataset.regions))
    net.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.05, fused=True)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=WARM)
    for _ in range(steps):
        place_N = rng.integers(0, len(dataset), BATCH)
        image_NHWC, mask_NHW = dataset.images[place_N], dataset.masks[place_N]
        turned_N = rng.random(BATCH) < 0.5
        image_NHWC[turned_N], mask_NHW[turned_N] = image_NHWC[turned_N, :, ::-1], mask_NHW[turned_N, :, ::-1]
        light = torch.from_numpy(rng.uniform(0.7, 1.3, (BATCH, 1, 1, 1)).astype(np.float32))
        x_NCHW = ((to_tensor(image_NHWC) + 1) * light - 1).contiguous(memory_format=torch.channels_last)
        optimiser.zero_grad()
        with autocast(resolve("auto")):
            logits = net(x_NCHW)
        F.cross_entropy(logits.float(), torch.from_numpy(mask_NHW.astype(np.int64))).backward()
        optimiser.step()
        plan.step()
    return net.eval()


@torch.inference_mode()
def accuracy(
    net: Segmenter, images_NHWC: NDArray[np.uint8], masks_NHW: NDArray[np.uint8], void: int | None
) -> float:
    """The share of pixels, but for those of the class ``void``, that are read as their mask has them."""
    right = total = 0
    for first in range(0, len(images_NHWC), BATCH):
        part = slice(first, first + BATCH)
        read_NHW = net(to_tensor(images_NHWC[part])).argmax(1).numpy()
        counted = np.ones_like(masks_NHW[part], bool) if void is None else masks_NHW[part] != void
        right += int((read_NHW == masks_NHW[part])[counted].sum())
        total += int(counted.sum())
    return right / total


def _double(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for w in (inputs, outputs):
        layers += [nn.Conv2d(w, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)
