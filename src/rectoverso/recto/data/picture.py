"""One picture from bytes to a frame of pixels: upright, cropped to the frame's aspect, RGB on white or RGBA, resized.

The largest centred part of the frame's aspect is kept; it is brought to the frame by Lanczos, widened to the scale so
that fine stripes become grey. A large JPEG is first decoded at a fraction of its size, which averages areas. Colours
are mixed by how much they show, and what is invisible is black.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from rectoverso.recto.data.check import BadImage, damage, open_checked, unreadable
from rectoverso.recto.data.entry import Entry
from rectoverso.recto.data.frame import Frame
from rectoverso.types import Pixels

OPAQUE = 255
RGBA = 4
MODES = {1: "L", 3: "RGB", RGBA: "RGBA"}
"""Pillow's, by channels."""
_FINER = 4
"""A JPEG may be decoded at a fraction of its size, but never below this many times the size wanted."""


def short_side(entry: Entry) -> int | None:
    """The shorter side that a picture declares; None where it is bad."""
    image = _opened(entry)
    return None if isinstance(image, BadImage) else min(image[0].size)


def sides_of(entry: Entry) -> tuple[int, int] | None:
    """The width and height of a picture as it is looked at; None where it is bad."""
    image = _opened(entry)
    return None if isinstance(image, BadImage) else _upright(image[0]).size


def is_see_through(entry: Entry) -> bool | None:
    """Whether any pixel of a picture lets the ground through; None where the picture is bad."""
    opened = _opened(entry)
    if isinstance(opened, BadImage):
        return None
    try:
        if not opened[0].has_transparency_data:
            return False
        return bool((np.asarray(opened[0].convert("RGBA"))[..., 3] < OPAQUE).any())
    except Exception:  # noqa: BLE001 - what does not decode is named later, by `decode`
        return None


def decode(entry: Entry, out_HWC: NDArray[np.uint8]) -> BadImage | None:
    """Decode a picture into ``out_HWC`` (RGB or RGBA), or say why it cannot be used. Bad ones never raise."""
    opened = _opened(entry)
    if isinstance(opened, BadImage):
        return opened
    image, data = opened
    try:
        height, width, channels = out_HWC.shape
        out_HWC[:] = framed(image, Frame(width, height), channels)
    except Exception as error:  # noqa: BLE001 - a decoder given hostile bytes raises anything at all
        return damage(entry.path, data, error)
    return None


def framed(image: Image.Image, frame: Frame, channels: int = 3) -> Pixels:
    """The largest centred part of an image that has the frame's aspect, in ``channels`` 3 (on white) or 4."""
    size = (frame.width, frame.height)
    if isinstance(image, ImageFile.ImageFile):
        image.draft(None, (frame.width * _FINER, frame.height * _FINER))
        image.load()
    # Cut before anything else is done, so that a banner a million pixels long costs no more than its middle.
    image = centred(_upright(image), frame)
    image = on_white(image) if channels < RGBA else image.convert("RGBA")
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)  # RGBA: colours weighted by their alpha
    pixels = np.frombuffer(image.tobytes(), dtype=np.uint8).reshape(frame.height, frame.width, -1)
    return pixels if channels < RGBA else np.where(pixels[..., 3:] > 0, pixels, np.uint8(0))


def _opened(entry: Entry) -> tuple[ImageFile.ImageFile, bytes] | BadImage:
    try:
        data = entry.read()
    except OSError as error:
        return unreadable(entry.path, error)
    image = open_checked(entry.path, data)
    return image if isinstance(image, BadImage) else (image, data)


def _upright(image: Image.Image) -> Image.Image:
    """Turned as the camera was held. Damaged notes about the camera are no reason to lose the picture."""
    if not {"exif", "xmp", "Raw profile type exif"} & image.info.keys() and image.format != "TIFF":
        return image
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - EXIF is a small hostile file of its own
        return image


def centred(image: Image.Image, frame: Frame) -> Image.Image:
    """The largest part around the middle that has the frame's aspect."""
    width = min(image.width, max(1, round(image.height * frame.width / frame.height)))
    height = min(image.height, max(1, round(image.width * frame.height / frame.width)))
    if image.size == (width, height):
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def on_white(image: Image.Image) -> Image.Image:
    """In RGB, as it looks on white paper."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if not image.has_transparency_data:
        return image.convert("RGB")
    drawn = image.convert("RGBA")
    paper = Image.new("RGBA", drawn.size, "white")
    return Image.alpha_composite(paper, drawn).convert("RGB")
