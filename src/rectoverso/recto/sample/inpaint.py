"""Filling holes in pictures of any size; what lies outside a hole comes back byte for byte.

The surroundings of the hole are cut out as a window of the run's aspect, brought to its sides, filled, brought back and
laid into the hole alone. A hole larger than the run's pictures is thus filled at a lower resolution rather than in
pieces that do not know of each other; where a window of the run's own sides holds the hole, nothing is resized.

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from rectoverso.recto.data.frame import Frame
from rectoverso.recto.data.picture import MODES
from rectoverso.recto.data.pixels import to_pixels, to_tensor
from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.resampling import smooth_over
from rectoverso.recto.sample.controls import bad_control
from rectoverso.recto.sample.material import is_hole
from rectoverso.types import Pixels

SURROUND = 2.0
"""The window's sides, in sides of the hole: what is around tells what belongs inside."""
RGB = 3


def filled(
    module: nn.Module,
    noise_1Z: Tensor,
    image_HWC: Pixels,
    hole_HW: NDArray[np.uint8],
    frame: Frame,
    channels: int = RGB,
) -> Pixels:
    """The picture with its hole filled, uint8 of its own sides and channels, by a network of pictures of the frame and
    of so many ``channels``. Raises BadSetting.
    """
    if hole_HW.shape != image_HWC.shape[:2]:
        sides = {"picture": image_HWC.shape[1::-1], "mask": hole_HW.shape[1::-1]}
        raise bad_control("mask", "other_sides", **{k: "{}x{}".format(*v) for k, v in sides.items()})
    open_HW = is_hole(hole_HW)
    result = image_HWC.copy()
    if not open_HW.any():
        return result
    inks = RGB if image_HWC.shape[2] >= RGB else 1
    window = window_around(open_HW, frame)
    seen_HWC, open_in_HW = image_HWC[window][..., :inks], open_HW[window]
    painted_HWC = _painted(module, noise_1Z, seen_HWC, open_in_HW, frame, channels)
    inside = result[window]
    inside[..., :inks][open_in_HW] = painted_HWC[open_in_HW]
    return result


def window_around(open_HW: NDArray[np.bool_], frame: Frame) -> tuple[slice, slice]:
    """Rows and columns of the frame's aspect around all that is open: the frame's own sides where these are enough."""
    rows, columns = np.flatnonzero(open_HW.any(1)), np.flatnonzero(open_HW.any(0))
    height, width = open_HW.shape
    tall, wide = int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
    scale = max(1.0, SURROUND * tall / frame.height, SURROUND * wide / frame.width)
    sides = (min(height, round(scale * frame.height)), min(width, round(scale * frame.width)))
    middles = ((int(rows[0]) + int(rows[-1]) + 1) // 2, (int(columns[0]) + int(columns[-1]) + 1) // 2)
    first = [
        min(max(0, middle - side // 2), whole - side)
        for middle, side, whole in zip(middles, sides, (height, width), strict=True)
    ]
    return slice(first[0], first[0] + sides[0]), slice(first[1], first[1] + sides[1])


def _painted(
    module: nn.Module,
    noise_1Z: Tensor,
    seen_HWC: Pixels,
    open_HW: NDArray[np.bool_],
    frame: Frame,
    channels: int,
) -> Pixels:
    """The window as the network fills it, at the window's own sides and in its own inks."""
    sides, own = (frame.width, frame.height), open_HW.shape[::-1]
    # Nothing of the hole may be taken for its surroundings: its own pixels go before anything is resized, and a small
    # pixel that is open anywhere is open.
    known_HWC = seen_HWC if sides == own else _covered(seen_HWC, open_HW)
    picture = Image.fromarray(np.repeat(known_HWC, RGB // known_HWC.shape[2], axis=2))
    small = picture.resize(sides, Image.Resampling.LANCZOS).convert(MODES[channels])
    share = Image.fromarray(np.where(open_HW, 255, 0).astype(np.uint8)).resize(sides, Image.Resampling.BOX)
    hole_11HW = torch.from_numpy((np.asarray(share) > 0).astype(np.float32))[None, None]
    x_1CHW = to_tensor(np.asarray(small).reshape(1, frame.height, frame.width, channels))
    made_1HWC = to_pixels(module(noise_1Z, Given(picture_NCHW=x_1CHW, hole_N1HW=hole_11HW)))
    made = Image.fromarray(made_1HWC[0, ..., 0] if channels == 1 else made_1HWC[0])
    large = made.convert(MODES[seen_HWC.shape[2]]).resize(own, Image.Resampling.BICUBIC)
    return np.asarray(large).reshape(seen_HWC.shape)


def _covered(seen_HWC: Pixels, open_HW: NDArray[np.bool_]) -> Pixels:
    """What is around the hole, smoothly over it."""
    hole_11HW = torch.from_numpy(open_HW.astype(np.float32))[None, None]
    covered: Pixels = to_pixels(smooth_over(to_tensor(seen_HWC[None]), hole_11HW))[0]
    return covered
