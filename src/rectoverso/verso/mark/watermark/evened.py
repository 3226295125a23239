"""A picture's detail made even, and folded: what the spread mark is read from.

Shapes: H height, W width, S the side of a tile, N waves.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SMOOTH_PX = 9
_CELL_PX = 6
_FLOOR = np.float32(3.0)
"""Grey levels of detail below which a place counts as plain: what JPEG leaves of a mark there is not blown up."""

Floats = NDArray[np.float32]
Reals = NDArray[np.float64]


def detail(luma_HW: Floats) -> Floats:
    """What differs from the surroundings, HW."""
    return luma_HW - mean_around(luma_HW)


def amount(fine_HW: Floats, cell_px: int = _CELL_PX, around: int = 1) -> Floats:
    """How much detail there is around each place, HW: the root of the mean square in cells of so many pixels, and the
    least of ``around`` x ``around`` of them, so that what is plain but for an edge counts as plain.
    """
    height, width = fine_HW.shape
    cells = (max(1, width // cell_px), max(1, height // cell_px))
    energy = Image.fromarray(np.square(fine_HW)).resize(cells, Image.Resampling.BOX)
    least = cv2.erode(np.sqrt(np.asarray(energy)), np.ones((around, around), np.uint8))
    return np.asarray(cv2.resize(least, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def weights(fine_HW: Floats) -> Floats:
    """What each place's detail is multiplied by, HW: to a mark it is noise, and counts by the inverse of its power."""
    weight_HW: Floats = np.square(np.float32(1) / (amount(fine_HW) + _FLOOR))
    return weight_HW


def evened(luma_HW: Floats) -> Floats:
    """The detail, times its weights."""
    fine_HW = detail(luma_HW)
    return fine_HW * weights(fine_HW)


def kept(frequency_N2: Reals) -> Reals:
    """The share of a wave (cycles a pixel, down and across) that `detail` keeps."""
    share: Reals = 1 - _box_response(frequency_N2).prod(axis=1)
    return share


def folded(image_HW: Floats, side: int) -> Floats:
    """The sum of all tiles, SS, those at the edge as far as they go."""
    height, width = image_HW.shape
    rows, columns = -(-height // side), -(-width // side)
    if (height, width) != (rows * side, columns * side):
        image_HW = np.pad(image_HW, ((0, rows * side - height), (0, columns * side - width)))
    strip_SW = image_HW.reshape(rows, side, columns * side).sum(axis=0)
    total: Floats = strip_SW.reshape(side, columns, side).sum(axis=1)
    return total


def _box_response(frequency: Reals) -> Reals:
    safe = np.where(frequency == 0, 1e-9, frequency) * np.pi
    response: Reals = np.sin(safe * _SMOOTH_PX) / (_SMOOTH_PX * np.sin(safe))
    return response


def mean_around(image_HW: Floats, side: int = _SMOOTH_PX) -> Floats:
    """The mean of the square around each pixel; beyond the edge the picture is mirrored."""
    return np.asarray(cv2.blur(image_HW, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
