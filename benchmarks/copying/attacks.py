"""The 33 things done to a picture so that it passes for another, one function each.

An attack takes a picture and an unrelated one (both uint8, (H, W, 3)) that it may paste into or mix with. Shares are of
areas. What is random is drawn from a seed of the attack's own, so that each run does the same.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from marks.attacks import Pixels, brighter, contrasted, grey, mirrored, noisy, quarter_turned, saved
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Attack = Callable[[Pixels, Pixels], Pixels]


def alone(*changes: Callable[[Pixels], Pixels]) -> Attack:
    """Changes of the picture itself, one after the other."""

    def attack(pixels: Pixels, _: Pixels) -> Pixels:
        for change in changes:
            pixels = change(pixels)
        return pixels

    return attack


def sized(width: int, height: int) -> Callable[[Pixels], Pixels]:
    return lambda pixels: np.asarray(
        Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
    )


def shrunk(factor: float) -> Callable[[Pixels], Pixels]:
    return lambda pixels: sized(*(round(side * factor) for side in pixels.shape[1::-1]))(pixels)


def no_side_over(side_px: int) -> Callable[[Pixels], Pixels]:
    return lambda pixels: shrunk(min(1.0, side_px / max(pixels.shape[:2])))(pixels)


def squeezed(factor: float) -> Callable[[Pixels], Pixels]:
    return lambda pixels: sized(round(pixels.shape[1] * factor), pixels.shape[0])(pixels)


def cut(share: float, seed: int) -> Callable[[Pixels], Pixels]:
    """A piece of that share of the area, from anywhere."""

    def change(pixels: Pixels) -> Pixels:
        height, width = (max(8, round(side * share**0.5)) for side in pixels.shape[:2])
        across, down = np.random.default_rng([seed, *pixels[::7, ::7].sum(axis=(0, 1))]).random(2)
        top, left = round(down * (pixels.shape[0] - height)), round(across * (pixels.shape[1] - width))
        return np.ascontiguousarray(pixels[top : top + height, left : left + width])

    return change


def turned(degrees: float) -> Callable[[Pixels], Pixels]:
    """Around the middle, on grey, nothing cut off."""

    def change(pixels: Pixels) -> Pixels:
        grey_fill = (128, 128, 128)
        image = Image.fromarray(pixels).rotate(
            degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=grey_fill
        )
        return np.asarray(image)

    return change


def blurred(radius: float) -> Callable[[Pixels], Pixels]:
    return lambda pixels: np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def other_hue(by: int) -> Callable[[Pixels], Pixels]:
    def change(pixels: Pixels) -> Pixels:
        coloured = np.array(Image.fromarray(pixels).convert("HSV"))
        coloured[..., 0] += np.uint8(by)
        return np.asarray(Image.fromarray(coloured, "HSV").convert("RGB"))

    return change


def posterised(pixels: Pixels) -> Pixels:
    return np.asarray(pixels // 64 * 85, np.uint8)


def inverted(pixels: Pixels) -> Pixels:
    return 255 - pixels


def aged(pixels: Pixels) -> Pixels:
    """Brown, and dark in the corners, as a phone's filter does it."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = pixels @ np.array([0.299, 0.587, 0.114])
    brown = light[..., None] * np.array([1.05, 0.92, 0.7]) * (1 - 0.35 * (x * x + y * y) / 2)[..., None]
    return np.clip(brown, 0, 255).astype(np.uint8)


def drawn(pixels: Pixels) -> Pixels:
    """As if drawn with a pencil: brightness over its own blur."""
    light = pixels @ np.array([0.299, 0.587, 0.114])
    around = cv2.GaussianBlur(255 - light, (0, 0), 6)
    pencil = np.clip(light / np.maximum(255 - around, 1) * 255, 0, 255).astype(np.uint8)
    return np.repeat(pencil[..., None], 3, axis=2)


def framed(pixels: Pixels) -> Pixels:
    """A border of an eighth of each side, in a plain colour."""
    height, width = (side // 8 for side in pixels.shape[:2])
    return np.stack(
        [
            np.pad(pixels[..., channel], ((height, height), (width, width)), constant_values=tone)
            for channel, tone in enumerate((24, 60, 120))
        ],
        axis=2,
    )


def captioned(pixels: Pixels) -> Pixels:
    """Two lines of large letters over it, as memes have them."""
    image = Image.fromarray(pixels)
    draw, size = ImageDraw.Draw(image), max(10, pixels.shape[1] // 9)
    font = ImageFont.load_default(size=size)
    for words, height in (
        ("WHEN YOU SEE IT", size // 3),
        ("IT IS TOO LATE", pixels.shape[0] - size * 3 // 2),
    ):
        draw.text(
            (size // 2, height), words, "white", font, stroke_width=max(1, size // 12), stroke_fill="black"
        )
    return np.asarray(image)


def covered(pixels: Pixels) -> Pixels:
    """Six plain discs stuck on, over about a quarter of it."""
    image, rng = Image.fromarray(pixels), np.random.default_rng(5)
    draw, radius = ImageDraw.Draw(image), 0.12 * min(pixels.shape[:2])
    for x, y, *colour in rng.random((6, 5)):
        middle = np.array([x * pixels.shape[1], y * pixels.shape[0]])
        draw.ellipse([*(middle - radius), *(middle + radius)], fill=tuple(int(255 * tone) for tone in colour))
    return np.asarray(image)


def tilted(pixels: Pixels) -> Pixels:
    """Seen from the left and from above."""
    height, width = pixels.shape[:2]
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    seen = corners + np.float32([[0.02, 0.03], [-0.17, 0.16], [-0.05, -0.12], [0.1, -0.02]]) * [width, height]
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    return cv2.warpPerspective(pixels, matrix, (width, height), borderValue=(128, 128, 128))


def pasted(share: float) -> Attack:
    """Into the other picture, over that share of it."""

    def attack(pixels: Pixels, other: Pixels) -> Pixels:
        factor = (share * other[..., 0].size / pixels[..., 0].size) ** 0.5
        factor = min(
            factor, *(theirs / ours for theirs, ours in zip(other.shape[:2], pixels.shape[:2], strict=True))
        )
        piece, after = shrunk(factor)(pixels), other.copy()
        free = [theirs - ours for theirs, ours in zip(other.shape[:2], piece.shape[:2], strict=True)]
        top, left = (round(gap * place) for gap, place in zip(free, (0.6, 0.3), strict=True))
        after[top : top + piece.shape[0], left : left + piece.shape[1]] = piece
        return after

    return attack


def mixed(share: float) -> Attack:
    """The other picture shining through with that share of the light."""

    def attack(pixels: Pixels, other: Pixels) -> Pixels:
        beneath = sized(pixels.shape[1], pixels.shape[0])(other)
        return np.rint((1 - share) * pixels + share * beneath.astype(np.float32)).astype(np.uint8)

    return attack


ATTACKS: dict[str, Attack] = {
    "JPEG 50": alone(saved("JPEG", 50)),
    "JPEG 10": alone(saved("JPEG", 10)),
    "half size": alone(shrunk(0.5)),
    "64 px": alone(no_side_over(64)),
    "blur": alone(blurred(2)),
    "noise": alone(noisy(0.08)),
    "grey": alone(grey),
    "hue": alone(other_hue(90)),
    "light": alone(brighter(1.4), contrasted(1.3)),
    "posterised": alone(posterised),
    "inverted": alone(inverted),
    "aged": alone(aged),
    "drawn": alone(drawn),
    "mirrored": alone(mirrored),
    "upside down": alone(quarter_turned, quarter_turned),
    "quarter turn": alone(quarter_turned),
    "turn 5": alone(turned(5)),
    "turn 25": alone(turned(25)),
    "crop 80": alone(cut(0.8, 1)),
    "crop 50": alone(cut(0.5, 2)),
    "crop 25": alone(cut(0.25, 3)),
    "crop 10": alone(cut(0.1, 4)),
    "squeezed": alone(squeezed(0.7)),
    "border": alone(framed),
    "caption": alone(captioned),
    "covered": alone(covered),
    "perspective": alone(tilted),
    "paste 50": pasted(0.5),
    "paste 20": pasted(0.2),
    "paste 8": pasted(0.08),
    "mixed 40": mixed(0.4),
    "crop, flip, JPEG, hue": alone(cut(0.6, 5), mirrored, other_hue(60), saved("JPEG", 60)),
    "text, turn, crop, noise": alone(captioned, turned(12), cut(0.7, 6), noisy(0.04)),
}
"""Thirty-three, in the order of the table."""
