"""Streets as maps in colours and as photographs, in two sets without pairs: what CycleGAN's paper measures itself by
(Zhu et al. 2017, section 5.1.2, labels and photographs), for a truth that no drawing style has.

Shapes: N images, H height, W width, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from given.data import scenes
from numpy.typing import NDArray

from rectoverso.recto.data.dataset import Dataset

Images = NDArray[np.uint8]
COLOURS_K3 = np.array(
    [
        (128, 128, 128),
        (128, 0, 0),
        (192, 192, 128),
        (128, 64, 128),
        (60, 40, 222),
        (128, 128, 0),
        (192, 128, 128),
        (64, 64, 128),
        (64, 0, 128),
        (64, 64, 0),
        (0, 128, 192),
        (0, 0, 0),
    ],
    np.uint8,
)
"""Those in which maps of CamVid are shown: sky, building, pole, road, pavement, tree, sign, fence, car, pedestrian,
cyclist, void.
"""


@dataclass(frozen=True)
class Streets:
    """What is shown, maps of some streets and photographs of others; and what is kept: photographs with their masks."""

    shown: Dataset
    held: Dataset


def streets(folder: Path, size: int | str) -> Streets:
    """The first half of the scenes as maps, the other half as photographs: they are in the order of their films."""
    shown, held = scenes(folder, size)
    assert shown.masks is not None
    half = len(shown) // 2
    maps = Dataset("maps", coloured(shown.masks[:half]))
    return Streets(replace(maps, other=Dataset("photographs", shown.images[half:])), held)


def coloured(masks_NHW: Images) -> Images:
    """A colour for each class (N, H, W, 3)."""
    return COLOURS_K3[masks_NHW]


def agreement(maps_NHWC: Images, masks_NHW: Images, void: int) -> float:
    """The share of pixels, but for those of the class ``void``, whose nearest colour is that of their class."""
    right = total = 0
    for map_HWC, mask_HW in zip(maps_NHWC, masks_NHW, strict=True):
        apart_HWK = np.abs(map_HWC[:, :, None].astype(int) - COLOURS_K3.astype(int)).sum(-1)
        counted_HW = mask_HW != void
        right += int((apart_HWK.argmin(-1) == mask_HW)[counted_HW].sum())
        total += int(counted_HW.sum())
    return right / total
