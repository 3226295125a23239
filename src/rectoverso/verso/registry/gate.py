"""What has so little of its own that anybody might have made it, and so cannot be claimed.

The sketch knows pictures without contrast and those of one smooth wave. Stripes, boards, bars, lines and ramps have
contrast enough; but each of their rows is one and the same row, lighter or darker, so that one pair of singular vectors
holds them whole. How many pairs a picture needs is told by the participation ratio of its singular values: 1 for these.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.screen.fingerprint import on_white
from rectoverso.verso.screen.sketch import Sketch

SIDE_PX = 64
LEAST_PAIRS = 1.05


def has_nothing_of_its_own(pixels: Pixels, sketch: Sketch) -> bool:
    """Whether a picture (uint8 HWC), whose sketch this is, is too plain to be told from others like it."""
    return sketch.plain or pairs_needed(pixels) < LEAST_PAIRS


def pairs_needed(pixels: Pixels) -> float:
    """The participation ratio of the singular values of a picture's brightness, brought to 64 pixels: from 1 to 64."""
    size = (SIDE_PX, SIDE_PX)
    grey = on_white(pixels).convert("L").resize(size, Image.Resampling.BOX)
    brightness = np.asarray(grey, np.float64)
    powers = np.linalg.svd(brightness - brightness.mean(), compute_uv=False) ** 2
    return float(powers.sum() ** 2 / max((powers**2).sum(), 1e-12))
