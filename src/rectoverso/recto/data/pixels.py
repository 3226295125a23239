"""The only place where bytes become tensors and tensors become bytes.

Shape suffixes: N images, H height, W width, C channels. Outside the nets a picture is uint8 and HWC; inside, float32,
CHW and in [-1, 1], where 0 is -1 and 255 is 1.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

HALF = 127.5


def to_tensor(images_NHWC: NDArray[np.uint8]) -> torch.Tensor:
    """Pictures as the nets see them: float32 NCHW in [-1, 1], contiguous, sharing nothing with its source."""
    x_NCHW = np.ascontiguousarray(images_NHWC.transpose(0, 3, 1, 2), dtype=np.float32)
    return torch.from_numpy(x_NCHW).div_(HALF).sub_(1)


def to_pixels(x_NCHW: torch.Tensor) -> NDArray[np.uint8]:
    """Pictures as people see them: uint8 NHWC, rounded to the nearest level and clamped to 0..255.

    Each value stands for itself, so the bytes do not depend on what else is in the batch.
    """
    levels = x_NCHW.detach().to(torch.float32).add(1).mul_(HALF).round_().clamp_(0, 255)
    pixels: NDArray[np.uint8] = levels.permute(0, 2, 3, 1).to(torch.uint8).contiguous().cpu().numpy()
    return pixels
