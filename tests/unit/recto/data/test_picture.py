"""One picture from bytes to a square of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from assets.pictures import encoded, picture
from rectoverso.recto.data.entry import Entry
from rectoverso.recto.data.picture import decode, is_see_through, short_side

RED, WHITE = (255, 0, 0), (255, 255, 255)


def decoded(data: bytes, size: int = 16) -> np.ndarray:
    out = np.zeros((size, size, 3), np.uint8)
    assert decode(Entry("x", lambda: data), out) is None
    return out


def framed_as(data: bytes, width: int, height: int, channels: int = 3) -> np.ndarray:
    out = np.zeros((height, width, channels), np.uint8)
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


@pytest.mark.parametrize(
    ("picture_size", "box"),
    [
        ((96, 64), (0, 0, 96, 64)),
        ((96, 96), (0, 16, 96, 80)),
        ((200, 64), (52, 0, 148, 64)),
        ((48, 96), (0, 32, 48, 64)),
    ],
)
def test_the_largest_centred_part_of_the_frames_aspect_is_kept(picture_size, box):
    """Smaller, larger and of another aspect: the red part fills the frame to its edges and nothing else is in it."""
    found = framed_as(encoded(striped(*picture_size, box)), 48, 32)
    assert (found == RED).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_picture_is_neither_stretched_nor_moved_in_a_rectangle(kind):
    y, x = np.mgrid[0:1200, 0:2000]
    disc = Image.fromarray(np.where(np.hypot(y - 600, x - 1000) < 500, 0, 255).astype(np.uint8)).convert(
        "RGB"
    )
    dark = framed_as(encoded(disc, kind), 96, 64)[..., 0] < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert abs(len(rows) - len(columns)) <= 1
    assert (rows[0] + rows[-1], columns[0] + columns[-1]) == (63, 95)


def test_hidden_colours_do_not_leak_into_what_is_seen():
    """A red square on nothing, where the file hides bright green: made small, its soft edge is red and only red."""
    image = Image.new("RGBA", (90, 90), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (20, 20, 71, 71))
    found = framed_as(encoded(image), 16, 16, 4)
    assert (found[..., 1] == 0).all()
    edge = (found[..., 3] > 0) & (found[..., 3] < 255)
    assert edge.any()
    assert (found[edge][:, 0] >= 250).all()
    assert (found[found[..., 3] == 0] == 0).all()


@pytest.mark.parametrize("mode", ["LA", "PA", "P", "RGB", "L"])
def test_every_mode_can_have_four_channels(mode):
    image = Image.new("RGBA", (16, 16), (102, 102, 102, 255))
    image = image.convert("RGB").convert(mode) if mode in ("P", "RGB", "L") else image.convert(mode)
    found = framed_as(encoded(image, "TIFF" if mode == "PA" else "PNG"), 16, 8, 4)
    assert (abs(found.astype(int) - [102, 102, 102, 255]) <= 2).all()


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (encoded(Image.new("RGBA", (16, 16), (1, 2, 3, 255))), False),
        (encoded(Image.new("RGBA", (16, 16), (1, 2, 3, 254))), True),
        (encoded(Image.new("P", (16, 16), 0), transparency=0), True),
        (encoded(Image.new("P", (16, 16), 1), transparency=0), False),
        (encoded(picture(1)), False),
        (encoded(Image.new("RGBA", (64, 64), (1, 2, 3, 4)))[:70], None),
        (b"text", None),
    ],
)
def test_a_picture_is_see_through_by_its_pixels_and_not_by_its_mode(data, answer):
    assert is_see_through(Entry("x", lambda: data)) is answer
