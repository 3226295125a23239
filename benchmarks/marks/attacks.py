"""What happens to pictures, kindly meant or not, and how to undo of it what an oracle could: size, turn and place.

Attacks live here and nowhere in the package. Pictures are uint8, (H, W, 3).
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels], Pixels]


@dataclass(frozen=True)
class Attack:
    """``aim``: the share of marks that are to be found after it, at 512 pixels. ``undone``: the inverse of its
    geometry, given the attacked picture and the marked one's (H, W): what an oracle would hand to the reader.
    """

    name: str
    change: Change
    aim: float | None = None
    undone: Callable[[Pixels, tuple[int, int]], Pixels] | None = None


def saved(kind: str, quality: int) -> Change:
    def change(pixels: Pixels) -> Pixels:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, kind, quality=quality)
        return np.asarray(Image.open(io.BytesIO(file.getvalue())).convert("RGB"))

    return change


def resized(factor: float) -> Change:
    def change(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        size = (max(8, round(width * factor)), max(8, round(height * factor)))
        return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))

    return change


def sized_back(pixels: Pixels, sides: tuple[int, int]) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize(sides[::-1], Image.Resampling.BICUBIC))


def cropped(share: float) -> Change:
    """The middle, a few pixels off, so that no grid of the whole picture begins where the piece does."""

    def change(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        rows, columns = round(height * share), round(width * share)
        top, left = (
            min(height - rows, (height - rows) // 2 + 3),
            min(width - columns, (width - columns) // 2 + 5),
        )
        return pixels[top : top + rows, left : left + columns]

    return change


def turned(degrees: float) -> Change:
    """Around the middle, on black, the sides kept."""

    def change(pixels: Pixels) -> Pixels:
        return np.asarray(Image.fromarray(pixels).rotate(degrees, Image.Resampling.BICUBIC))

    return change


def turned_back(degrees: float) -> Callable[[Pixels, tuple[int, int]], Pixels]:
    return lambda pixels, _: turned(-degrees)(pixels)


def turned_and_cut(degrees: float) -> Change:
    """Turned, and cut so that no black is left, as phones do it."""

    def change(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        angle = math.radians(abs(degrees))
        share = 1 / (math.cos(angle) + math.sin(angle) * max(height, width) / min(height, width))
        return cropped(share)(turned(degrees)(pixels))

    return change


def noisy(deviation: float) -> Change:
    def change(pixels: Pixels) -> Pixels:
        noise = np.random.default_rng(0).normal(0, 255 * deviation, pixels.shape)
        return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)

    return change


def filtered(by: ImageFilter.Filter) -> Change:
    return lambda pixels: np.asarray(Image.fromarray(pixels).filter(by))


def erased(share: float) -> Change:
    def change(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        rows, columns = round(height * math.sqrt(share)), round(width * math.sqrt(share))
        after = pixels.copy()
        after[height // 5 : height // 5 + rows, width // 3 : width // 3 + columns] = 0
        return after

    return change


def brighter(factor: float) -> Change:
    return lambda pixels: np.asarray(ImageEnhance.Brightness(Image.fromarray(pixels)).enhance(factor))


def contrasted(factor: float) -> Change:
    return lambda pixels: np.asarray(ImageEnhance.Contrast(Image.fromarray(pixels)).enhance(factor))


def grey(pixels: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))


def both(*changes: Change) -> Change:
    def change(pixels: Pixels) -> Pixels:
        for one in changes:
            pixels = one(pixels)
        return pixels

    return change


def copied(pixels: Pixels) -> Pixels:
    return pixels


def mirrored(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[:, ::-1])


def quarter_turned(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(np.rot90(pixels))


SAVED = (
    Attack("none", copied, 1.0),
    Attack("JPEG 90", saved("JPEG", 90), 1.0),
    Attack("JPEG 75", saved("JPEG", 75), 1.0),
    Attack("JPEG 50", saved("JPEG", 50), 0.99),
    Attack("JPEG 30", saved("JPEG", 30), 0.95),
    Attack("WebP 50", saved("WEBP", 50), 0.95),
)
MOVED = (
    Attack("half the size", resized(0.5), 0.99, sized_back),
    Attack("0.7 of the size", resized(0.7), 0.99, sized_back),
    Attack("1.5 times the size", resized(1.5), 0.99, sized_back),
    Attack("twice the size", resized(2.0), 0.99, sized_back),
    Attack("cut to half the sides", cropped(0.5), 0.95),
    Attack("turned by 2 degrees", turned(2), 0.97, turned_back(2)),
    Attack("turned by 10 degrees", turned(10), 0.97, turned_back(10)),
    Attack("turned by 30 degrees", turned(30), 0.9, turned_back(30)),
    Attack("turned by 45 degrees", turned(45), 0.9, turned_back(45)),
    Attack("turned by 10 degrees and cut", turned_and_cut(10), None, turned_back(10)),
    Attack("mirrored", mirrored, 0.99),
    Attack("turned by a quarter", quarter_turned, 0.99),
)
CHANGED = (
    Attack("blur, sigma 2", filtered(ImageFilter.GaussianBlur(2)), 0.99),
    Attack("noise 5%", noisy(0.05), 0.99),
    Attack("median 3", filtered(ImageFilter.MedianFilter(3)), 0.99),
    Attack("a quarter erased", erased(0.25), 0.99),
    Attack("brightness 0.6", brighter(0.6), 0.99),
    Attack("brightness 1.5", brighter(1.5), 0.99),
    Attack("contrast 1.5", contrasted(1.5), 0.99),
    Attack("grey", grey, 0.99),
)
CHAINS = (
    Attack("0.75 of the size, JPEG 75", both(resized(0.75), saved("JPEG", 75)), 0.98, sized_back),
    Attack("cut to 0.8, 0.6 of the size, JPEG 60", both(cropped(0.8), resized(0.6), saved("JPEG", 60)), 0.9),
)
ALL = SAVED + MOVED + CHANGED + CHAINS

SMALL = (*SAVED, Attack("blur, sigma 1", filtered(ImageFilter.GaussianBlur(1))), *CHANGED[4:], *MOVED[-2:])

LADDER = {
    "rotation": [turned(d) for d in (9, 18, 27, 36, 45)],
    "resized crop": [cropped(s) for s in (0.9, 0.8, 0.7, 0.6, 0.5)],
    "erasing": [erased(s) for s in (0.05, 0.1, 0.15, 0.2, 0.25)],
    "brightness": [brighter(f) for f in (1.2, 1.4, 1.6, 1.8, 2.0)],
    "contrast": [contrasted(f) for f in (1.2, 1.4, 1.6, 1.8, 2.0)],
    "blur": [filtered(ImageFilter.GaussianBlur(r)) for r in (1, 2, 4, 6, 10)],
    "noise": [noisy(s) for s in (0.02, 0.04, 0.06, 0.08, 0.1)],
    "JPEG": [saved("JPEG", q) for q in (90, 70, 50, 30, 10)],
}
"""The single distortions of WAVES (An et al. 2024, arXiv:2401.08573), in five steps of their ranges."""
