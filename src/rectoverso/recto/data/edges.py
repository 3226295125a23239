"""Edges of pictures, by Canny's detector (1986) as OpenCV has it.

Shapes: H height, W width, C channels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Pixels

SIGMA = 1.0
"""Pixels that the picture is blurred by before its edges are looked for."""
HIGH, LOW = 0.9, 0.75
"""An edge begins where the slope is above that of this share of the pixels, and goes on above the other."""
LEAST_SLOPE = 20.0
CLEAR = 2
"""Pixels around a hole where no edge is believed: the hole's own rim would be one."""

Edges = NDArray[np.bool_]


def edges_of(image_HWC: Pixels, hole_HW: NDArray[np.bool_] | None = None) -> Edges:
    """Where the edges of a picture are (H, W). Those within ``hole_HW`` and at its rim are left out; what the picture
    shows there is not looked at.
    """
    grey_HW = _grey(image_HWC)
    if hole_HW is not None:
        grey_HW = _smoothed_over(grey_HW, hole_HW)
    soft_HW = cv2.GaussianBlur(grey_HW, (0, 0), SIGMA)
    across, down = (cv2.Sobel(soft_HW, cv2.CV_16S, *order) for order in ((1, 0), (0, 1)))
    slope_HW = np.hypot(across.astype(np.float32), down.astype(np.float32))
    low, high = np.quantile(slope_HW, (LOW, HIGH))
    high = max(float(high), LEAST_SLOPE)
    found: Edges = cv2.Canny(across, down, max(float(low), high / 2), high, L2gradient=True) > 0
    if hole_HW is not None:
        found &= ~widened(hole_HW, CLEAR)
    return found


def widened(hole_HW: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """The hole and all within so many pixels of it."""
    wide: NDArray[np.bool_] = cv2.dilate(hole_HW.astype(np.uint8), np.ones((2 * by + 1,) * 2, np.uint8)) > 0
    return wide


def _grey(image_HWC: Pixels) -> NDArray[np.uint8]:
    inks = np.ascontiguousarray(image_HWC[..., :3])
    return inks[..., 0] if inks.shape[2] < 3 else np.asarray(cv2.cvtColor(inks, cv2.COLOR_RGB2GRAY), np.uint8)


def _smoothed_over(grey_HW: NDArray[np.uint8], hole_HW: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The picture with the mean of what is around in its hole."""
    known_HW = (~hole_HW).astype(np.float32)
    reach = max(3.0, 0.1 * min(grey_HW.shape))
    weight_HW = cv2.GaussianBlur(known_HW, (0, 0), reach)
    mean_HW = cv2.GaussianBlur(grey_HW * known_HW, (0, 0), reach) / np.maximum(weight_HW, 1e-6)
    return np.where(hole_HW, mean_HW, grey_HW).astype(np.uint8)
