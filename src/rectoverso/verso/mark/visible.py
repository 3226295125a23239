"""The visible label: words that anyone can read, on the picture or, where that is small, in a strip beside it.

The words are drawn with the font that comes with this package. From 240 pixels on they lie in the corner that the law
names, and on a plate where the picture does not give the contrast by itself. Below, a strip of paper is added at that
edge, so that the file is higher than the draft and nothing of a small picture is covered.

Contrast is the one of WCAG 2.2 (1.4.3): 4.5 is its bar for text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from importlib import resources
from io import BytesIO
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from rectoverso.errors import LabelNoRoom
from rectoverso.types import Pixels
from rectoverso.verso.screen.fingerprint import on_white

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Corner = Literal["top_left", "top_right", "bottom_left", "bottom_right"]
Reals = NDArray[np.float64]

INSIDE_FROM_PX = 240
"""The shorter side from which on the words lie in the picture."""

_LEAST_EM_CJK, _LEAST_EM = 12, 10
"""Pixels a letter needs to be read: Chinese ones (11 high), and others (capitals 7 high)."""

_PAPER, _DARK, _LIGHT = 245, 16, 250
_MOST_LETTERS = 64

LEAST_CONTRAST = 4.5
"""WCAG 2.2 (1.4.3), for text."""

ALIKE = 0.7
"""The correlation with the drawn words from which on they count as there; a plain or other place gives about 0."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The words to place, the first choice first; how high as a share of the shorter side; and where."""

    law: str
    words: tuple[str, ...]
    corner: Corner
    height_share: float
    contrast: float


@dataclass(frozen=True, slots=True)
class Placed:
    """Words on a picture: where their ink lies (pixels from the top left), at which size of font (em, pixels)."""

    law: str
    text: str
    size: int
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Seen:
    """How alike the place is to the words (correlation of -1 to 1, either sign), and ink to ground (1 to 21)."""

    likeness: float
    contrast: float


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture with its words. ``above``: the rows of strips above the picture itself, 0 for none."""

    pixels: Pixels
    placed: tuple[Placed, ...] = ()
    above: int = 0


def put(pixels: Pixels, wanted: Sequence[Wanted]) -> Labelled:
    """The picture (uint8 HWC) with all the words on it or in strips beside it. Nothing else of it is changed.

    Raises LabelNoRoom for a picture that is too narrow for a word.
    """
    is_small = min(pixels.shape[:2]) < INSIDE_FROM_PX
    whole, placed, above = pixels, list[Placed](), 0
    for one in sorted(wanted, key=lambda one: not one.corner.startswith("top")):
        # Strips at the top come first: later ones, below, leave their place as it is.
        taller, place = _beside(whole, one) if is_small else _inside(whole, one)
        above += taller.shape[0] - whole.shape[0] if one.corner.startswith("top") else 0
        placed = [*placed, place]
        whole = taller
    return Labelled(whole, tuple(placed), above)


def seen(pixels: Pixels, placed: Placed) -> Seen | None:
    """What is to be seen of these words at their place; None where there can be none (outside, no words)."""
    if not _can_be(pixels, placed):
        return None
    mask_HW = ink(placed.text, placed.size) / 255
    if mask_HW.shape != (placed.height, placed.width):
        return None
    rows, columns = (
        slice(placed.top, placed.top + placed.height),
        slice(placed.left, placed.left + placed.width),
    )
    light_HW = luminance(np.asarray(on_white(pixels[rows, columns])))
    return Seen(_likeness(mask_HW, light_HW), _contrast_between(mask_HW, light_HW))


def ink(text: str, size: int) -> NDArray[np.uint8]:
    """The words in lines as uint8 (H, W), 255 where there is ink, cut to what is drawn. ``size``: em in pixels."""
    from PIL import Image, ImageDraw

    lines = text.split("\n")
    step = round(1.12 * size)
    wide = max(int(_font(size).getlength(line)) for line in lines) + 2 * size
    sheet = Image.new("L", (wide, step * (len(lines) + 2)), 0)
    for number, line in enumerate(lines):
        ImageDraw.Draw(sheet).text((size, size // 2 + number * step), line, fill=255, font=_font(size))
    box = sheet.getbbox()
    return np.asarray(sheet.crop(box) if box else sheet.crop((0, 0, 1, 1)))


def line_height(text: str, size: int) -> int:
    """The height in pixels of the ink of the words in one line."""
    return int(ink(text.replace("\n", ""), size).shape[0])


def luminance(pixels: Pixels) -> Reals:
    """Relative luminance, 0 to 1 (H, W), of sRGB pixels (WCAG 2.2)."""
    share = pixels.astype(np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ (0.2126, 0.7152, 0.0722) if linear.shape[2] == 3 else linear[..., 0])


def contrast(one: float, other: float) -> float:
    """The contrast of two luminances, 1 to 21 (WCAG 2.2)."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def to_text(placed: Sequence[Placed]) -> str | None:
    """The places as JSON, as the label in the file states them; None for none."""
    return json.dumps([asdict(one) for one in placed], ensure_ascii=False) if placed else None


def from_text(text: str | None) -> tuple[Placed, ...]:
    """The places that a file states; none where it states none that can be read."""
    try:
        stated = json.loads(text or "[]")
        return tuple(
            Placed(str(one["law"]), str(one["text"]), *(int(one[name]) for name in _NUMBERS))
            for one in stated[:8]
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return ()


_RUNS = re.compile(r"[\u2e80-\uffef]+|[^\s\u2e80-\uffef]+\s*")
_LETTERS = re.compile(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*")
_NUMBERS = ("size", "left", "top", "width", "height")


def font_is_there() -> bool:
    """Whether the font came along and can be used."""
    try:
        return bool(_font(12).getlength("AI生成"))
    except (OSError, ImportError):
        return False


@lru_cache(maxsize=64)
def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(BytesIO(_font_file()), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _font_file() -> bytes:
    """Read once: where files of strangers are looked at, nothing can be opened."""
    return resources.files(__package__).joinpath("font", "label.otf").read_bytes()


# In the picture


def _inside(pixels: Pixels, wanted: Wanted) -> tuple[Pixels, Placed]:
    """The words in their corner, on a plate where the ground asks for one."""
    side = min(pixels.shape[:2])
    text = wanted.words[0]
    size = _size(text, wanted.height_share * side)
    mask_HW = ink(text, size)
    height, width = mask_HW.shape
    pad = max(3, round(0.3 * size))
    from_edge = max(4, round(0.015 * side)) + pad
    top = from_edge if wanted.corner.startswith("top") else pixels.shape[0] - height - from_edge
    left = from_edge if wanted.corner.endswith("left") else pixels.shape[1] - width - from_edge
    plate = (slice(top - pad, top + height + pad), slice(left - pad, left + width + pad))
    out = pixels.copy()
    tone = _tone(pixels[plate], wanted.contrast)
    if tone is None:
        out[plate][..., : _colours(out)] = _DARK
        out[plate][..., _colours(out) :] = 255
        tone = _LIGHT
    _draw(out[top : top + height, left : left + width], mask_HW, tone)
    return out, Placed(wanted.law, text, size, left, top, width, height)


def _tone(ground: Pixels, wanted: float) -> int | None:
    """The ink that stands out from every part of the ground, if one does; what is seen through asks for a plate."""
    if ground.shape[2] == 4 and (ground[..., 3] < 255).any():
        return None
    light = luminance(ground[..., : _colours(ground)])
    # A little more than is asked for: the watermark and saving with loss take some of it.
    tones = {tone: luminance(np.full((1, 1, 1), tone, np.uint8)).item() for tone in (_LIGHT, _DARK)}
    least = {
        tone: min(contrast(own, float(end)) for end in (light.min(), light.max()))
        for tone, own in tones.items()
    }
    between = {tone: light.min() < own < light.max() for tone, own in tones.items()}
    best = max(least, key=lambda tone: least[tone])
    return best if least[best] >= 1.3 * wanted and not between[best] else None


# Beside the picture


def _beside(pixels: Pixels, wanted: Wanted) -> tuple[Pixels, Placed]:
    """The picture with a strip of paper at the edge, the words on it."""
    text, size = _fitting(wanted, pixels.shape[0], pixels.shape[1])
    mask_HW = ink(text, size)
    height, width = mask_HW.shape
    pad = max(2, round(0.2 * size))
    strip = np.full((height + 2 * pad, *pixels.shape[1:]), _PAPER, np.uint8)
    strip[..., _colours(pixels) :] = 255
    spare = min(pad, (pixels.shape[1] - width) // 2)
    left = spare if wanted.corner.endswith("left") else pixels.shape[1] - width - spare
    _draw(strip[pad : pad + height, left : left + width], mask_HW, _DARK)
    at_top = wanted.corner.startswith("top")
    top = pad if at_top else pixels.shape[0] + pad
    whole = np.concatenate([strip, pixels] if at_top else [pixels, strip])
    return whole, Placed(wanted.law, text, size, left, top, width, height)


def _fitting(wanted: Wanted, height: int, width: int) -> tuple[str, int]:
    """The first of the words that fit the width in lines, and their size. Raises LabelNoRoom."""
    for words in wanted.words:
        # The strip may make the shorter side longer, never by more than the lines it can hold.
        size = _size(words, wanted.height_share * min(width, 2 * height))
        text = _in_lines(words, size, width - 2)
        if text is not None:
            return text, size
    raise LabelNoRoom(mark="visible label", words=wanted.words[-1], width=width)


def _in_lines(words: str, size: int, width: int) -> str | None:
    """The words in lines at most ``width`` wide, broken at spaces and between Latin and Chinese, else between Chinese
    letters; None if one piece is wider.
    """
    for pieces in (_RUNS.findall(words), _LETTERS.findall(words)):
        lines = [""]
        for piece in pieces:
            if lines[-1] and ink((lines[-1] + piece).strip(), size).shape[1] > width:
                lines.append("")
            lines[-1] += piece
        lines = [line.strip() for line in lines]
        if all(ink(line, size).shape[1] <= width for line in lines):
            return "\n".join(lines)
    return None


# Both


def _size(text: str, height: float) -> int:
    """The smallest size at which the words can be read and their ink is that high."""
    size = _LEAST_EM_CJK if any(map(_is_wide, text)) else _LEAST_EM
    size = max(size, int(height))
    while line_height(text, size) < height:
        size += 1
    return size


def _is_wide(letter: str) -> bool:
    return letter >= "\u2e80"


def _colours(pixels: Pixels) -> int:
    return 1 if pixels.shape[2] < 3 else 3


def _draw(ground: Pixels, mask_HW: NDArray[np.uint8], tone: int) -> None:
    share = mask_HW[..., None].astype(np.float64) / 255
    colours = ground[..., : _colours(ground)]
    colours[...] = np.rint(colours + (tone - colours.astype(np.float64)) * share).astype(np.uint8)


def _can_be(pixels: Pixels, placed: Placed) -> bool:
    height, width = pixels.shape[:2]
    lies_inside = (
        0 <= placed.left <= placed.left + placed.width <= width
        and 0 <= placed.top <= placed.top + placed.height <= height
        and placed.width > 0
        and placed.height > 0
    )
    # Letters are at least a quarter as wide as high, and ink half: larger ones would only cost time.
    letters = max(map(len, placed.text.split("\n")))
    fits = 1 <= placed.size <= 2 * placed.height and letters * placed.size <= 4 * placed.width
    return lies_inside and fits and 0 < len(placed.text) <= _MOST_LETTERS


def _likeness(mask_HW: Reals, light_HW: Reals) -> float:
    one, other = mask_HW - mask_HW.mean(), light_HW - light_HW.mean()
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return 0.0 if scale < 1e-9 else float((one * other).sum() / scale)


def _contrast_between(mask_HW: Reals, light_HW: Reals) -> float:
    """Of the ink's middle tone to the tenth of the ground that is nearest to it."""
    ink_tones, ground = light_HW[mask_HW >= 0.8], light_HW[mask_HW <= 0.02]
    if not ink_tones.size or not ground.size:
        return 1.0
    tone = float(np.median(ink_tones))
    nearest = np.percentile(ground, 90 if tone > np.median(ground) else 10)
    return contrast(tone, float(nearest))
