"""Pictures that many tests look at, drawn once a process."""

from __future__ import annotations

from functools import cache

import numpy as np

from rectoverso.recto.data.shapes import scene
from rectoverso.types import Pixels


def scenes(first: int, end: int) -> Pixels:
    """The built-in scenes from ``first`` to before ``end``, 32 pixels each side (N, 32, 32, 3)."""
    return np.stack([_scene(number) for number in range(first, end)])


@cache
def _scene(number: int) -> Pixels:
    return scene(number, size=32).image
