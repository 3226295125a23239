"""A picture's detail made even, and folded: what the spread mark is read from.

Shapes: H height, W width, S the side of a tile, N waves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

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
    nearby = Image.fromarray(np.sqrt(np.asarray(energy))).filter(ImageFilter.MinFilter(around))
    return np.asarray(nearby.resize((width, height), Image.Resampling.BILINEAR))


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
    whole = np.pad(image_HW, ((0, rows * side - height), (0, columns * side - width)))
    total: Floats = whole.reshape(rows, side, columns, side).sum(axis=(0, 2))
    return total


def _box_response(frequency: Reals) -> Reals:
    safe = np.where(frequency == 0, 1e-9, frequency) * np.pi
    response: Reals = np.sin(safe * _SMOOTH_PX) / (_SMOOTH_PX * np.sin(safe))
    return response


def mean_around(image_HW: Floats, side: int = _SMOOTH_PX) -> Floats:
    """The mean of the square around each pixel; beyond the edge the picture is mirrored."""
    return _sliding(_sliding(image_HW, side).T, side).T


def _sliding(image_HW: Floats, side: int) -> Floats:
    """The mean of ``side`` rows around each, by doubling runs: for 9 rows 4 additions."""
    half, rows = side // 2, len(image_HW)
    run = np.pad(image_HW, ((half, half), (0, 0)), mode="symmetric")
    total, covered, length = np.zeros_like(image_HW), 0, 1
    while covered < side:
        if side - covered & length:
            total = total + run[covered : covered + rows]
            covered += length
        if covered < side:
            run, length = run[:-length] + run[length:], 2 * length
    return total / np.float32(side)
