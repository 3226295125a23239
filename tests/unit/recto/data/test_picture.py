"""One picture from bytes to a square of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from assets.pictures import encoded, picture
from rectoverso.recto.data.entry import Entry
from rectoverso.recto.data.picture import decode, short_side

RED, WHITE = (255, 0, 0), (255, 255, 255)


def decoded(data: bytes, size: int = 16) -> np.ndarray:
    out = np.zeros((size, size, 3), np.uint8)
    assert decode(Entry("x", lambda: data), out) is None
    return out


def striped(width: int, height: int, box: tuple[int, int, int, int]) -> Image.Image:
    """White, with a red box."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, box)
    return image


@pytest.mark.parametrize(("width", "height", "box"), [(48, 16, (16, 0, 32, 16)), (16, 48, (0, 16, 16, 32))])
def test_the_centre_is_kept(width, height, box):
    assert (decoded(encoded(striped(width, height, box))) == RED).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_shows_white_paper(mode):
    clear = Image.new("RGBA", (16, 16), (10, 20, 30, 0))
    kind = "TIFF" if mode == "PA" else "PNG"
    assert (decoded(encoded(clear if mode == "PA" else clear.convert(mode), kind)) == 255).all()


def test_a_transparent_colour_of_a_palette_shows_white_paper():
    image = Image.new("P", (16, 16), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    assert (decoded(encoded(image, transparency=1)) == 255).all()
    assert (decoded(encoded(image)) == RED).all()


def test_half_transparent_ink_is_mixed_with_white():
    assert abs(int(decoded(encoded(Image.new("RGBA", (16, 16), (0, 0, 0, 128))))[0, 0, 0]) - 127) <= 1


def test_a_picture_stands_as_the_camera_was_held():
    top = striped(16, 16, (0, 0, 16, 8))
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright: turn right to see it
    turned = decoded(encoded(top, exif=exif.tobytes()))
    assert (turned[:, 8:] == RED).all()
    assert (turned[:, :8] == WHITE).all()


def test_fine_stripes_become_grey_and_not_a_pattern():
    stripes = np.zeros((160, 160, 3), np.uint8)
    stripes[::2] = 255
    found = decoded(encoded(Image.fromarray(stripes)))
    assert found.min() > 110
    assert found.max() < 145


def test_a_large_jpeg_decoded_small_is_the_same_picture():
    """JPEGs are decoded at a fraction of their size; to the eye nothing changes."""
    large = picture(3, side=1600)
    from_jpeg = decoded(encoded(large, "JPEG", quality=95), 32).astype(int)
    from_png = decoded(encoded(large), 32).astype(int)
    assert np.abs(from_jpeg - from_png).mean() < 1.5


def test_the_short_side_is_what_the_header_says():
    assert short_side(Entry("x", lambda: encoded(picture(1).resize((90, 50))))) == 50
    assert short_side(Entry("x", lambda: b"text")) is None
