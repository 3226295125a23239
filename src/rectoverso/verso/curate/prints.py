"""What is kept of a picture to find its copies among others: a hash, its coarse shapes, and a small grey picture.

The hash (PDQ) finds what was saved again or resized, also in other colours. What was cut, turned or mirrored is as
unlike by hash as a stranger, so that coarse shapes propose it: those of a picture's middle and corners, nine tenths
of its sides, are among those that any cut of a tenth comes near to, and turning a picture turns them
(`turned_views`). The small pictures then say whether one lies in the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.screen.fingerprint import MIN_QUALITY, NUM_BYTES, SIDE_PX, on_white
from rectoverso.verso.screen.sketch import BRIGHTNESS_BLUE_RED
from rectoverso.verso.screen.symmetry import turned_coefficients

# Shapes: N pictures, V views, F frequencies, P planes (brightness, blue, red).

Floats = NDArray[np.float32]

THUMB_PX = 64
CUT = 0.9
"""The sides of the views, of those of the picture."""
NUM_VIEWS = 6
PLAIN = 4.0
"""Brightness that varies by no more than this (standard deviation, of 255) has no shapes to go by."""

_VIEW_PX = 32
_SUMS = np.add.outer(np.arange(_VIEW_PX), np.arange(_VIEW_PX))
_BRIGHTNESS = (_SUMS > 0) & (_SUMS < 7)
_COLOUR = _SUMS < 4
_MASKS = (_BRIGHTNESS, _COLOUR, _COLOUR)
_WEIGHTS = np.sqrt(np.maximum(_SUMS, 0.5)).astype(np.float32)
"""Photographs fall off as one over frequency; the root gives fine shapes a say, and a shift not too much."""
_SIDE = int(_SUMS[_BRIGHTNESS].max()) + 1
_ROW, _COLUMN = (np.concatenate(part) for part in zip(*map(np.nonzero, _MASKS), strict=True))
_PLANE = np.repeat(np.arange(len(_MASKS)), [mask.sum() for mask in _MASKS])
NUM_FREQUENCIES = len(_PLANE)


@dataclass(frozen=True, slots=True)
class Print:
    """``hashed``: 32 bytes, none of a plain one. ``views``: V x F float16, none of a plain one. ``thumb``: 64 x 64
    bytes.
    """

    hashed: bytes
    views: bytes
    thumb: bytes

    @classmethod
    def of(cls, pixels: Pixels) -> Print:
        """The print of a picture (uint8 HWC with 1, 3 or 4 channels, of any size)."""
        square = on_white(pixels).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC, reducing_gap=3.0)
        small = square.resize((THUMB_PX, THUMB_PX), Image.Resampling.BICUBIC)
        grey = np.asarray(small.convert("L"))
        views = b"" if grey.std() <= PLAIN else described(np.asarray(small)).astype(np.float16).tobytes()
        return cls(_hashed(np.asarray(square)), views, grey.tobytes())


def _hashed(square: Pixels) -> bytes:
    bits, quality = pdqhash.compute(square)
    return np.packbits(bits.astype(bool)).tobytes() if quality >= MIN_QUALITY else b""


def described(small: Pixels) -> Floats:
    """The views (V, F) of a small picture (H, W, 3), each of length 1: all of it, its middle, its four corners."""
    planes_HWP = np.asarray(small, np.float32) @ BRIGHTNESS_BLUE_RED.T
    side = small.shape[0]
    cut = round(side * CUT)
    starts = [(0, 0), (0, side - cut), (side - cut, 0), (side - cut, side - cut), ((side - cut) // 2,) * 2]
    parts = [planes_HWP, *(planes_HWP[y : y + cut, x : x + cut] for y, x in starts)]
    views = np.stack([_frequencies(part) for part in parts])
    return np.asarray(views / np.maximum(np.linalg.norm(views, axis=1, keepdims=True), 1e-6), np.float32)


def _frequencies(part_HWP: Floats) -> Floats:
    even = cv2.resize(part_HWP, (_VIEW_PX, _VIEW_PX), interpolation=cv2.INTER_AREA)
    found = [(cv2.dct(even[..., plane].copy()) * _WEIGHTS)[mask] for plane, mask in enumerate(_MASKS)]
    return np.concatenate(found)


def turned_views(views: Floats, symmetry: int) -> Floats:
    """The views (..., F) of the picture under one of the eight symmetries, in the same order but for their corners."""
    grid = np.zeros((*views.shape[:-1], len(_MASKS), _SIDE, _SIDE), np.float32)
    grid[..., _PLANE, _ROW, _COLUMN] = views
    return np.asarray(turned_coefficients(grid, symmetry)[..., _PLANE, _ROW, _COLUMN], np.float32)


@dataclass(frozen=True, slots=True)
class Block:
    """The prints of many pictures, by their places in the source: hashes (N, 32) and views (N, V, F); empty ones are
    all zero.
    """

    places: NDArray[np.int64]
    hashes: NDArray[np.uint8]
    views: Floats

    @classmethod
    def of(cls, places: list[int], prints: list[tuple[bytes, bytes]]) -> Block:
        """From hashes and views as `Print` has them."""
        hashes = np.zeros((len(places), NUM_BYTES), np.uint8)
        views = np.zeros((len(places), NUM_VIEWS, NUM_FREQUENCIES), np.float32)
        for row, (hashed, viewed) in enumerate(prints):
            if hashed:
                hashes[row] = np.frombuffer(hashed, np.uint8)
            if viewed:
                views[row] = np.frombuffer(viewed, np.float16).reshape(views.shape[1:])
        return cls(np.array(places, np.int64), hashes, views)
