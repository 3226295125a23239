"""A contact sheet of pictures as a PNG.

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

import io

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

GAP_PX = 2
PAPER = 255
COLUMNS = 8


def contact_sheet(images_NHWC: NDArray[np.uint8], columns: int = COLUMNS) -> bytes:
    """The pictures in rows on white paper, at their own size; a last row may be short."""
    count, height, width, channels = images_NHWC.shape
    rows = -(-count // columns)
    step_y, step_x = height + GAP_PX, width + GAP_PX
    sheet = np.full((rows * step_y + GAP_PX, columns * step_x + GAP_PX, channels), PAPER, np.uint8)
    for index, image_HWC in enumerate(images_NHWC):
        y, x = GAP_PX + index // columns * step_y, GAP_PX + index % columns * step_x
        sheet[y : y + height, x : x + width] = image_HWC
    file = io.BytesIO()
    Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet).save(file, "PNG")
    return file.getvalue()


def in_rows(*sets: Tensor) -> Tensor:
    """Sets of equally many pictures (N, C, H, W) as one, a row of each in turn."""
    firsts = range(0, len(sets[0]), COLUMNS)
    return torch.cat([part[first : first + COLUMNS].float() for first in firsts for part in sets])
