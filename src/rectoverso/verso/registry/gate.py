"""What has so little of its own that anybody might have made it, and so cannot be claimed.

The sketch knows pictures without contrast and those of one smooth wave. Stripes, boards, bars, lines and ramps have
contrast enough; but each of their rows is one and the same row, lighter or darker, so that one pair of singular vectors
holds them whole. How many pairs a picture needs is told by the participation ratio of its singular values: 1 for these.

A disc needs two or three, as many drawings do. It is one convex patch on a ground with next to nothing drawn within; so
are squares, lozenges, triangles, ovals, and the plain buttons that are made of them. A star or a letter is not convex.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.screen.fingerprint import on_white
from rectoverso.verso.screen.sketch import Sketch

SIDE_PX, PATCH_SIDE_PX = 64, 128
LEAST_PAIRS = 1.05
CONVEX = 0.965
"""From this share of its convex hull on a patch is convex: discs fill 0.97 and more, a heart 0.96."""

SLOPE, DRAWN_SHARE, EDGE_PX = 0.01, 0.11, 7
"""Where brightness changes by more than this share of the contrast a pixel, something is drawn: rim and light of a
button take 0.06 to 0.09 of what lies within its edges, the face of a moon 0.13, the panels of a door 0.25.
"""


def has_nothing_of_its_own(pixels: Pixels, sketch: Sketch) -> bool:
    """Whether a picture (uint8 HWC), whose sketch this is, is too plain to be told from others like it."""
    return sketch.plain or pairs_needed(pixels) < LEAST_PAIRS or is_one_patch(pixels)


def is_one_patch(pixels: Pixels) -> bool:
    """Whether a picture is nothing but one convex patch on a ground, with next to nothing drawn within it."""
    import cv2

    grey = _grey(pixels, PATCH_SIDE_PX).astype(np.uint8)
    _, split = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    frame = np.concatenate([split[0], split[-1], split[:, 0], split[:, -1]])
    patch = split != (frame.mean() > 0.5)
    outlines, _ = cv2.findContours(patch.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if len(outlines) != 1 or _share_drawn(grey, patch) > DRAWN_SHARE:
        return False
    filled = np.zeros_like(split)
    cv2.fillConvexPoly(filled, cv2.convexHull(outlines[0]), 1)
    return bool(patch.sum() >= CONVEX * filled.sum())


def _share_drawn(grey: NDArray[np.uint8], patch: NDArray[np.bool_]) -> float:
    """How much of what lies well within the patch, and of what lies well around it, is no even tone."""
    import cv2

    contrast = abs(float(np.median(grey[patch])) - float(np.median(grey[~patch])))
    down, across = np.gradient(grey.astype(np.float32))
    is_drawn = np.hypot(down, across) > SLOPE * contrast
    sides = (cv2.erode(side.astype(np.uint8), np.ones((EDGE_PX, EDGE_PX))) > 0 for side in (patch, ~patch))
    return max((float(is_drawn[side].mean()) for side in sides if side.any()), default=0.0)


def pairs_needed(pixels: Pixels) -> float:
    """The participation ratio of the singular values of a picture's brightness, brought to 64 pixels: from 1 to 64."""
    brightness = _grey(pixels, SIDE_PX)
    return participation(brightness - brightness.mean())


def participation(brightness: NDArray[np.floating]) -> float:
    """The same of brightness without its mean, or of its cosine coefficients, whose singular values are the same."""
    powers = np.linalg.svd(brightness, compute_uv=False) ** 2
    return float(powers.sum() ** 2 / max((powers**2).sum(), 1e-12))


def _grey(pixels: Pixels, side_px: int) -> NDArray[np.float64]:
    """Brightness, on white, brought to so many pixels a side."""
    grey = on_white(pixels).convert("L").resize((side_px, side_px), Image.Resampling.BOX)
    return np.asarray(grey, np.float64)
