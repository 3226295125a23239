"""The built-in data in any frame: drawn at the shorter side, and the ground goes on to both ends of the longer.

Of what is drawn by a rule there are as many pictures as are asked for; of digits there are those that were written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.frame import Frame, bad_setting

Pixels = NDArray[np.uint8]


def _digits(size: int, _: int) -> Dataset:
    from rectoverso.recto.data.digits import digits

    return digits(size)


def _shapes(size: int, asked: int) -> Dataset:
    from rectoverso.recto.data.shapes import MOST_SCENES, SCENES, shapes

    if asked > MOST_SCENES:
        raise bad_setting("take", asked, least=1, total=MOST_SCENES)
    return shapes(size, max(SCENES, asked))


BUILTINS: dict[str, Callable[[int, int], Dataset]] = {"digits": _digits, "shapes": _shapes}


def built_in(name: str, frame: Frame, channels: int | None = None, asked: int = 0) -> Dataset:
    """The built-in data of this name, ``asked`` pictures or more if there can be; in RGB, or, opaque, in RGBA where
    ``channels`` is 4. Raises BadSetting.
    """
    drawn = BUILTINS[name](min(frame.width, frame.height), asked)
    images, masks = _widened(drawn.images, frame), drawn.masks
    if channels == 4:
        images = np.concatenate([images, np.full_like(images[..., :1], 255)], axis=3)
    return replace(drawn, images=images, masks=None if masks is None else _widened(masks, frame))


def _widened(planes: NDArray[Any], frame: Frame) -> NDArray[Any]:
    """Planes (N, H, W, ...) with their edges repeated up to the frame."""
    height, width = frame.height - planes.shape[1], frame.width - planes.shape[2]
    if not height and not width:
        return planes
    around = [(0, 0), (height // 2, height - height // 2), (width // 2, width - width // 2)]
    return np.pad(planes, [*around, *[(0, 0)] * (planes.ndim - 3)], mode="edge")
