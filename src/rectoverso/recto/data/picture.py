"""One picture from bytes to a square of pixels: upright, on white, RGB, cropped in the centre, resized."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from rectoverso.recto.data.check import BadImage, damage, open_checked, unreadable
from rectoverso.recto.data.entry import Entry
from rectoverso.types import Pixels

_FINER = 4
"""A JPEG may be decoded at a fraction of its size, but never below this many times the size wanted."""


def short_side(entry: Entry) -> int | None:
    """The shorter side that a picture declares; None where it is bad."""
    image = _opened(entry)
    return None if isinstance(image, BadImage) else min(image[0].size)


def decode(entry: Entry, out_HWC: NDArray[np.uint8]) -> BadImage | None:
    """Decode a picture into ``out_HWC`` (square, RGB), or say why it cannot be used. Bad ones never raise."""
    opened = _opened(entry)
    if isinstance(opened, BadImage):
        return opened
    image, data = opened
    try:
        out_HWC[:] = square(image, len(out_HWC))
    except Exception as error:  # noqa: BLE001 - a decoder given hostile bytes raises anything at all
        return damage(entry.path, data, error)
    return None


def square(image: Image.Image, size: int) -> Pixels:
    """``size`` x ``size`` RGB pixels from the largest centred square of an image, by Lanczos."""
    if isinstance(image, ImageFile.ImageFile):
        image.draft(None, (size * _FINER, size * _FINER))
        image.load()
    # Cut before anything else is done, so that a banner a million pixels long costs no more than its middle.
    image = _on_white(_centre(_upright(image)))
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    return np.frombuffer(image.tobytes(), dtype=np.uint8).reshape(size, size, 3)


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


def _centre(image: Image.Image) -> Image.Image:
    side = min(image.size)
    if image.size == (side, side):
        return image
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if not image.has_transparency_data:
        return image.convert("RGB")
    drawn = image.convert("RGBA")
    paper = Image.new("RGBA", drawn.size, "white")
    return Image.alpha_composite(paper, drawn).convert("RGB")
