"""What people ordinarily do to a picture before they pass it on: planted by a calibration, to see what is found again.

Pictures are uint8, (H, W, 3). Nothing here depends on chance, so that each calibration plants the same. It is no
collection of attacks and removes no mark: those stand beside the package, with the benchmarks.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from rectoverso.types import Pixels

Edit = Callable[[Image.Image, Image.Image], Image.Image]
"""Makes a copy of the first picture; the second is one that it may be pasted into."""

PAPER = (128, 128, 128)


def edited(name: str, pixels: Pixels, other: Pixels) -> Pixels:
    """A copy of a picture, edited in one of the ways of ``EDITS``. ``other`` is an unrelated picture."""
    return np.ascontiguousarray(EDITS[name](Image.fromarray(pixels), Image.fromarray(other)))


def _saved(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    width, height = (max(1, round(side * factor)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC)


def _cut(image: Image.Image, share: float, across: float, down: float) -> Image.Image:
    """A piece of that share of the area; ``across`` and ``down`` say where of what is free, from 0 to 1."""
    width, height = (max(8, round(side * share**0.5)) for side in image.size)
    left, top = round(across * (image.width - width)), round(down * (image.height - height))
    return image.crop((left, top, left + width, top + height))


def _turned(image: Image.Image, degrees: float) -> Image.Image:
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=PAPER)


def _other_hue(image: Image.Image) -> Image.Image:
    hue, *others = image.convert("HSV").split()
    shifted = hue.point(lambda value: (value + 60) % 256)
    return Image.merge("HSV", (shifted, *others)).convert("RGB")


def _lit(image: Image.Image) -> Image.Image:
    return ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(1.3)).enhance(1.2)


def _captioned(image: Image.Image) -> Image.Image:
    drawn = image.copy()
    size = max(8, image.width // 9)
    font = ImageFont.load_default(size=size)
    edge = max(1, size // 12)
    place = (size // 2, image.height - 2 * size)
    ImageDraw.Draw(drawn).text(place, "LOOK AT THIS", "white", font, stroke_width=edge, stroke_fill="black")
    return drawn


def _framed(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, max(1, max(image.size) // 10), fill=(24, 60, 120))


def _pasted(image: Image.Image, other: Image.Image, share: float) -> Image.Image:
    """Into the other picture, over that share of it or as much as fits."""
    factor = (share * other.width * other.height / (image.width * image.height)) ** 0.5
    factor = min(factor, other.width / image.width, other.height / image.height)
    piece, sheet = _scaled(image, factor), other.copy()
    sheet.paste(piece, (round(0.3 * (sheet.width - piece.width)), round(0.6 * (sheet.height - piece.height))))
    return sheet


EDITS: Mapping[str, Edit] = {
    "saved": lambda image, _: _saved(image, 50),
    "small": lambda image, _: _scaled(image, 0.5),
    "grey": lambda image, _: ImageOps.grayscale(image).convert("RGB"),
    "lit": lambda image, _: _lit(image),
    "other_hue": lambda image, _: _other_hue(image),
    "mirrored": lambda image, _: ImageOps.mirror(image),
    "quarter_turn": lambda image, _: image.transpose(Image.Transpose.ROTATE_90),
    "turned": lambda image, _: _turned(image, 15),
    "cut_half": lambda image, _: _cut(image, 0.5, 0.3, 0.6),
    "cut_quarter": lambda image, _: _cut(image, 0.25, 0.6, 0.3),
    "captioned": lambda image, _: _captioned(image),
    "framed": lambda image, _: _framed(image),
    "pasted": lambda image, other: _pasted(image, other, 0.2),
    "cut_mirrored_saved": lambda image, _: _saved(ImageOps.mirror(_cut(image, 0.6, 0.7, 0.2)), 60),
}
"""In the order in which they are told."""
