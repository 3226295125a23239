"""The only place where bytes become tensors and tensors become bytes.

Shape suffixes: N images, H height, W width, C channels. Outside the nets a picture is uint8 and HWC; inside, float32,
CHW and in [-1, 1], where 0 is -1 and 255 is 1.

With four channels the nets see colours times alpha (premultiplied; Porter and Duff 1984, section 4): what is invisible
is black whatever colour its file hides there, and a faint edge weighs as little as it shows. Outside, colours are
straight, as PNG has them, and black where alpha is 0.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

HALF = 127.5
FULL = 255.0
RGBA = 4


def to_tensor(images_NHWC: NDArray[np.uint8]) -> torch.Tensor:
    """Pictures as the nets see them: float32 NCHW in [-1, 1], contiguous, sharing nothing with its source."""
    levels_NHWC: NDArray[np.uint8] | NDArray[np.float32]
    levels_NHWC = images_NHWC if images_NHWC.shape[3] != RGBA else _premultiplied(images_NHWC)
    x_NCHW = np.ascontiguousarray(levels_NHWC.transpose(0, 3, 1, 2), dtype=np.float32)
    return torch.from_numpy(x_NCHW).div_(HALF).sub_(1)


def to_pixels(x_NCHW: torch.Tensor) -> NDArray[np.uint8]:
    """Pictures as people see them: uint8 NHWC, rounded to the nearest level and clamped to 0..255.

    Each pixel stands for itself, so the bytes do not depend on what else is in the batch.
    """
    levels = x_NCHW.detach().to(torch.float32).add(1).mul_(HALF)
    if levels.shape[1] == RGBA:
        levels = _straight(levels)
    levels = levels.round_().clamp_(0, FULL)
    pixels: NDArray[np.uint8] = levels.permute(0, 2, 3, 1).to(torch.uint8).contiguous().cpu().numpy()
    return pixels


def _premultiplied(images_NHW4: NDArray[np.uint8]) -> NDArray[np.float32]:
    levels_NHW4 = images_NHW4.astype(np.float32)
    levels_NHW4[..., :3] *= levels_NHW4[..., 3:] / np.float32(FULL)
    return levels_NHW4


def _straight(levels_N4HW: torch.Tensor) -> torch.Tensor:
    """Colours divided by alpha again; none where alpha rounds to 0."""
    colour_N3HW, alpha_N1HW = levels_N4HW[:, :3], levels_N4HW[:, 3:].clamp(0, FULL)
    shown_N1HW = alpha_N1HW.round() > 0
    colour_N3HW = torch.where(shown_N1HW, colour_N3HW * FULL / alpha_N1HW.clamp_min(0.5), 0.0)
    return torch.cat([colour_N3HW, alpha_N1HW], dim=1)
