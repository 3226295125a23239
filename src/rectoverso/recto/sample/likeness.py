"""How alike two pictures are: PSNR, and SSIM of Wang et al. 2004 ("Image Quality Assessment: From Error Visibility to
Structural Similarity").

Pictures are uint8 HWC of one shape; values run over 255.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Pixels

PEAK = 255.0
STABLE_1, STABLE_2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2
"""The constants C1 and C2 of section III.B, K1 = 0.01 and K2 = 0.03."""
SIGMA_PX, RADIUS_PX = 1.5, 5
Floats = NDArray[np.float64]


def psnr_db(a: Pixels, b: Pixels) -> float:
    """Peak signal-to-noise ratio in decibels; infinite for equal pictures."""
    error = float(np.mean((a.astype(np.float64) - b) ** 2))
    return 10 * math.log10(PEAK**2 / error) if error else math.inf


def ssim(a: Pixels, b: Pixels) -> float:
    """Structural similarity, 1 for equal pictures: the mean over all places where the 11-pixel Gaussian window fits,
    and over channels. The window shrinks with pictures smaller than it.
    """
    window = _window(min(a.shape[:2]))
    x_HWC, y_HWC = a.astype(np.float64), b.astype(np.float64)
    mean_x, mean_y = _blur(x_HWC, window), _blur(y_HWC, window)
    var_x = _blur(x_HWC**2, window) - mean_x**2
    var_y = _blur(y_HWC**2, window) - mean_y**2
    both = _blur(x_HWC * y_HWC, window) - mean_x * mean_y
    likeness_HWC = ((2 * mean_x * mean_y + STABLE_1) * (2 * both + STABLE_2)) / (
        (mean_x**2 + mean_y**2 + STABLE_1) * (var_x + var_y + STABLE_2)
    )
    return float(likeness_HWC.mean())


def _window(side_px: int) -> Floats:
    radius = min(RADIUS_PX, (side_px - 1) // 2)
    weights: Floats = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * SIGMA_PX**2))
    weights /= weights.sum()
    return weights


def _blur(x_HWC: Floats, window: Floats) -> Floats:
    """Down and across, only where the window fits."""
    for axis in (0, 1):
        x_HWC = np.lib.stride_tricks.sliding_window_view(x_HWC, len(window), axis) @ window
    return x_HWC
