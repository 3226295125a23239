"""How a picture is made rather than what it shows, in numbers: its tones, colours, edges, strokes and texture.

Each is a distribution over the picture's pixels, so that it hardly matters where something is, and each at several
scales. These are the classic descriptors of texture and colour; nothing was trained, and no weights are needed. They
know nothing of who made a picture, of its subject or of its composition.

Sources: T. Ojala et al., "Multiresolution Gray-Scale and Rotation Invariant Texture Classification with Local Binary
Patterns", 2002 (texture); D. Marr and E. Hildreth, "Theory of edge detection", 1980 (strokes).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.screen.fingerprint import on_white

# Shapes: H height, W width, B blocks of numbers, F all numbers, N pictures.

Floats = NDArray[np.float32]

SIDE_PX = 256
"""Longer ones are made smaller, but no side below 32; shorter ones stay, for enlarging would draw edges of its own."""

LEAST_SIDE_PX = 32
SCALES = 3
FAINT = 1.5
"""Differences of lightness (of 100) below this are those of compression."""

LIGHTNESS = np.linspace(0, 100, 9)
CHROMA = (8.0, 30.0, 60.0)
HUES = 8
STEPS = np.array([0, 0.5, 1, 2, 4, 8, 16, 32, 1e9])
SIGNED_STEPS = np.array([-1e9, -16, -8, -3, -1, 1, 3, 8, 16, 1e9])
DIRECTIONS = 8

BLOCKS = {
    "tones": len(LIGHTNESS) - 1,
    "colours": 1 + HUES * len(CHROMA),
    "edges": SCALES * (len(STEPS) - 1),
    "strokes": SCALES * (len(SIGNED_STEPS) - 1),
    "texture": SCALES * 11,
    "directions": DIRECTIONS,
}
"""How many numbers each block has, in their order."""

NUM_NUMBERS = sum(BLOCKS.values())
_ENDS = np.cumsum([0, *BLOCKS.values()]).tolist()
SLICES = tuple(slice(start, stop) for start, stop in pairwise(_ENDS))


def manner_of(pixels: Pixels) -> Floats | None:
    """The numbers (F,) of a picture (uint8 HWC): square roots of shares; None of one below 32 pixels.

    Two of them are as far apart as Hellinger's distance says, block by block.
    """
    import cv2

    if min(pixels.shape[:2]) < LEAST_SIDE_PX:
        return None
    lab = _lab(pixels)
    lights = [lab[:, :, 0]]
    while len(lights) < SCALES:
        lights.append(np.asarray(cv2.pyrDown(lights[-1]), np.float32))
    slopes = [_slopes(light) for light in lights]
    shares = [
        _shares(lights[0], LIGHTNESS),
        _colours(lab),
        *(_shares(np.hypot(*slope), STEPS) for slope in slopes),
        *(_shares(_bending(light), SIGNED_STEPS) for light in lights),
        *(_texture(light) for light in lights),
        _directions(*slopes[0]),
    ]
    return np.sqrt(np.concatenate(shares)).astype(np.float32)


def apart(one_F: Floats, many_NF: Floats) -> Floats:
    """Hellinger's distance (N, B) of one picture from many, block by block: 0 is the same, 1 nothing in common."""
    difference = many_NF - one_F
    columns = []
    for block in SLICES:
        part = difference[:, block]
        histograms = float((one_F[block] ** 2).sum())
        columns.append(np.sqrt((part**2).sum(axis=1) / (2 * max(histograms, 1e-9))))
    return np.stack(columns, axis=1).astype(np.float32)


def _lab(pixels: Pixels) -> Floats:
    """Lightness and colour (CIE 1976), H W 3, of the picture as it lies on white paper."""
    import cv2

    image = on_white(pixels)
    factor = max(SIDE_PX / max(image.size), LEAST_SIDE_PX / min(image.size))
    if factor < 1:
        size = (round(image.width * factor), round(image.height * factor))
        image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.asarray(cv2.cvtColor(np.asarray(image, np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _shares(values: NDArray[np.float32], bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Which share of the values lies between each bound and the next."""
    places = np.clip(np.searchsorted(bounds, values.ravel(), side="right") - 1, 0, len(bounds) - 2)
    return np.bincount(places, minlength=len(bounds) - 1) / max(values.size, 1)


def _colours(lab: Floats) -> NDArray[np.float64]:
    """Grey, then each hue at three strengths."""
    chroma = np.hypot(lab[:, :, 1], lab[:, :, 2])
    turn = (np.arctan2(lab[:, :, 2], lab[:, :, 1]) / (2 * np.pi)) % 1
    hue = np.minimum((turn * HUES).astype(int), HUES - 1)
    level = np.searchsorted(CHROMA, chroma, side="right")
    place = np.where(level == 0, 0, 1 + (level - 1) * HUES + hue)
    return np.bincount(place.ravel(), minlength=1 + HUES * len(CHROMA)) / place.size


def _slopes(light: Floats) -> tuple[Floats, Floats]:
    """Lightness per pixel, across and down."""
    import cv2

    across, down = (cv2.Sobel(light, cv2.CV_32F, x, y, scale=1 / 8) for x, y in ((1, 0), (0, 1)))
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def _bending(light: Floats) -> Floats:
    """How much darker (below 0) or lighter a place is than what is around it: outlines, hatching, highlights."""
    import cv2

    return np.asarray(light - cv2.GaussianBlur(light, (0, 0), 2.0), np.float32)


def _texture(light: Floats) -> NDArray[np.float64]:
    """Local binary patterns, uniform and invariant to turns (10), and how much is flat."""
    height, width = light.shape
    middle = light[1:-1, 1:-1]
    ring = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
    around = np.stack([light[y : y + height - 2, x : x + width - 2] for y, x in ring]) - middle
    flat = (np.abs(around) < FAINT).all(axis=0)
    brighter = around >= FAINT
    changes = (brighter != np.roll(brighter, 1, axis=0)).sum(axis=0)
    pattern = np.where(changes <= 2, brighter.sum(axis=0), 9)
    return np.bincount(np.where(flat, 10, pattern).ravel(), minlength=11) / pattern.size


def _directions(across: Floats, down: Floats) -> NDArray[np.float64]:
    """Which way edges run, each by its strength; an edge and its opposite are one."""
    turn = (np.arctan2(down, across) / np.pi) % 1
    place = np.minimum((turn * DIRECTIONS + 0.5).astype(int) % DIRECTIONS, DIRECTIONS - 1)
    strength = np.bincount(place.ravel(), np.hypot(across, down).ravel(), minlength=DIRECTIONS)
    total = float(strength.sum())
    return strength / total if total > 0 else np.full(DIRECTIONS, 1 / DIRECTIONS)
