"""Irregular holes to learn filling from: strokes that wander, as a brush would (Liu et al. 2018, arXiv:1804.07723, use
masks of this kind), each a function of its random numbers.

Shapes: H height, W width.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Hole = NDArray[np.bool_]

LEAST, MOST = 0.05, 0.4
"""Shares of a picture that holes cover."""
STROKES = 40


def hole(
    chance: np.random.Generator, height: int, width: int, share: tuple[float, float] = (LEAST, MOST)
) -> Hole:
    """Strokes (H, W) that together cover a share between these two, and at most a stroke's end more."""
    wanted = chance.uniform(*share) * height * width
    drawn_HW = np.zeros((height, width), np.uint8)
    side = min(height, width)
    for _ in range(STROKES):
        _stroke(chance, drawn_HW, side, wanted)
        if int(drawn_HW.sum()) >= wanted:
            break
    return drawn_HW > 0


def _stroke(chance: np.random.Generator, drawn_HW: NDArray[np.uint8], side: int, wanted: float) -> None:
    """One stroke: it wanders on, turning a little, until the share is covered or it has come to its end."""
    height, width = drawn_HW.shape
    x, y, angle = chance.uniform(0, width), chance.uniform(0, height), chance.uniform(0, 2 * math.pi)
    thickness = max(1, round(chance.uniform(0.06, 0.2) * side))
    for _ in range(int(chance.integers(2, 9))):
        angle += chance.normal(0, 0.6)
        length = chance.uniform(0.06, 0.25) * side
        to_x, to_y = x + length * math.cos(angle), y + length * math.sin(angle)
        cv2.line(drawn_HW, (round(x), round(y)), (round(to_x), round(to_y)), 1, thickness)
        x, y = to_x, to_y
        if int(drawn_HW.sum()) >= wanted:
            return
