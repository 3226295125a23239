"""The contact sheet."""

import io

import numpy as np
import pytest
from PIL import Image

from rectoverso.recto.train.grid import GAP_PX, contact_sheet


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_every_picture_is_on_the_sheet_in_order(channels: int, mode: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 6, channels), dtype=np.uint8)
    sheet = Image.open(io.BytesIO(contact_sheet(images, columns=3)))
    assert (sheet.mode, sheet.size) == (mode, (3 * 8 + 2, 2 * 6 + 2))
    pixels = np.asarray(sheet).reshape(14, 26, channels)
    np.testing.assert_array_equal(pixels[GAP_PX + 6 : GAP_PX + 10, GAP_PX + 8 : GAP_PX + 14], images[4])
    assert (pixels[GAP_PX + 6 :, GAP_PX + 16 :] == 255).all()
