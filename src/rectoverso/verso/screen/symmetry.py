"""The eight ways a picture can be turned and mirrored without being cut or scaled.

``SYMMETRIES[s]`` names what was done: the picture is mirrored left to right or not, then turned anticlockwise by
quarter turns. Index 0 is the picture as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Pixels

SYMMETRIES = (
    "upright",
    "turned_90",
    "turned_180",
    "turned_270",
    "mirrored",
    "mirrored_turned_90",
    "mirrored_turned_180",
    "mirrored_turned_270",
)

MIRRORED_FROM = 4
"""Those before are turned only."""

INVERSES = (0, 3, 2, 1, 4, 5, 6, 7)
"""What undoes each symmetry: quarter turns undo each other, reflections undo themselves."""


def turned(pixels: Pixels, symmetry: int) -> Pixels:
    """A picture (HWC) under one of the eight symmetries."""
    mirrored = pixels[:, ::-1] if symmetry >= MIRRORED_FROM else pixels
    return np.ascontiguousarray(np.rot90(mirrored, symmetry % 4))


def turned_coefficients(coefficients: NDArray[np.float32], symmetry: int) -> NDArray[np.float32]:
    """The cosine coefficients (..., K, K; rows first) of the picture under one of the eight symmetries.

    Mirroring negates the odd coefficients of its axis, and a quarter turn is a transposition and a flip, so no
    picture has to be made again.
    """
    signs = np.where(np.arange(coefficients.shape[-1]) % 2, -1, 1).astype(np.float32)
    turned_so_far = coefficients * signs if symmetry >= MIRRORED_FROM else coefficients
    for _ in range(symmetry % 4):
        turned_so_far = np.swapaxes(turned_so_far, -1, -2) * signs[:, None]
    return turned_so_far
