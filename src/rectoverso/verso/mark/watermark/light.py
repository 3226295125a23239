"""The brightness of a picture, which carries its marks.

Shapes: H height, W width, C channels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Pixels

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)

Floats = NDArray[np.float32]


def colours_of(pixels: Pixels) -> int:
    """How many of the channels are colours, which come first."""
    return 1 if pixels.shape[2] < 3 else 3


def shown_in(pixels: Pixels) -> Floats | None:
    """How much of each pixel is seen, 0 to 1, HW; None where all of all are."""
    if pixels.shape[2] != 4 or (pixels[..., 3] == 255).all():
        return None
    return pixels[..., 3].astype(np.float32) / np.float32(255)


def brightness(pixels: Pixels | Floats, shown: Floats | None) -> Floats:
    """Brightness on white paper as JPEG weighs it (BT.601), HW."""
    if pixels.shape[2] < 3:
        return pixels[..., 0].astype(np.float32)
    luma = pixels[..., :3].astype(np.float32, copy=False) @ LUMA
    return luma if shown is None else np.float32(255) + (luma - np.float32(255)) * shown
