"""A similarity drawn for people: both pictures side by side, and the one laid over the other.

The sheets show what a program saw and no more: which points of the work are where they would be if it had been moved
into the picture, which part of either lies in the other, and how they differ there. What follows from it, people say.

A is the work and B the picture; (-A) is the work with its tones inverted. The sheets bear no other words: they are for
readers of every language, and the font that comes along has the letters of labels only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageOps

from rectoverso.types import Pixels
from rectoverso.verso.mark.visible import ink
from rectoverso.verso.screen.alignment import Alignment, Matrix, aligned, corners, moved
from rectoverso.verso.screen.fingerprint import on_white
from rectoverso.verso.screen.laid import alike
from rectoverso.verso.screen.parts import PartLimits, weighed
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.sketch import Sketch
from rectoverso.verso.screen.votes import WAYS, looked_at

PANEL_PX = 440
GAP_PX = 28
LETTER_PX = 17
MOST_LINES = 60
FINE = 2
"""Lines are drawn at twice the size and then reduced, so that they are smooth."""

PAPER, INK, DIM = (250, 249, 246), (40, 38, 36), 0.35
OUTLINE = (214, 40, 57)
COLOURS = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (230, 159, 0))
"""Okabe and Ito's, which people who confuse colours can tell apart as well."""

DIFFERENCE_GAIN = 2
FAR_PX = 10_000
"""Beyond this an outline is not followed: seen in steep perspective, a frame may reach to the horizon."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """``beside``: both pictures with their common points. ``overlay``: the work laid over the picture, and how they
    differ; None when no points agree, and then nothing says how to lay it.
    """

    beside: Pixels
    overlay: Pixels | None


def best_alignment(picture: Pixels, work: Pixels, limits: PartLimits | None = None) -> Alignment | None:
    """How a work lies in a picture (both uint8 HWC), by the points that a register would have kept of the work.

    None when they are fewer than would call for people: what a handful of points says could be chance, and no evidence.
    """
    sought = Points.sought(picture)
    kept = Points.from_bytes(Points.kept(work).to_bytes())
    found = [
        aligned(
            looked_at(sought, mirrored=mirrored, inverted=inverted),
            kept,
            mirrored=mirrored,
            inverted=inverted,
        )
        for mirrored, inverted in WAYS
    ]
    least, sketch = (limits or PartLimits()).review.points, Sketch.of(work)
    scores = [(weighed(one, alike(sought.brightness, one, sketch)), one) for one in found if one]
    enough = [(score, one) for score, one in scores if score >= least]
    return max(enough, key=lambda scored: scored[0])[1] if enough else None


def drawn(picture: Pixels, work: Pixels, alignment: Alignment | None) -> Evidence:
    """The evidence that a picture is similar to a work (both uint8 HWC)."""
    of_work, of_picture = _Panel.of(work), _Panel.of(picture)
    if alignment is None:
        return Evidence(_sheet([(of_work.image, "A"), (of_picture.image, "B")]), None)
    matrix = of_picture.scale(alignment.picture_frame) @ alignment.homography
    matrix = matrix @ np.linalg.inv(of_work.scale(alignment.work_frame))
    panels = [
        (_lit(of_work, moved(np.linalg.inv(matrix), of_picture.corners)), "A"),
        (_lit(of_picture, moved(matrix, of_work.corners)), "B"),
    ]
    ends = [
        moved(panel.scale(frame), alignment.pairs[:, side])
        for side, (panel, frame) in enumerate(
            ((of_work, alignment.work_frame), (of_picture, alignment.picture_frame))
        )
    ]
    beside = _sheet(panels, ends)
    return Evidence(beside, _overlay(of_work, of_picture, matrix, inverted=alignment.inverted))


@dataclass(frozen=True, slots=True)
class _Panel:
    """A picture as large as it is shown."""

    image: Image.Image

    @classmethod
    def of(cls, pixels: Pixels) -> _Panel:
        image = on_white(pixels)
        factor = PANEL_PX / max(image.size)
        width, height = (max(1, round(side * factor)) for side in image.size)
        return cls(image.resize((width, height), Image.Resampling.LANCZOS))

    @property
    def corners(self) -> Matrix:
        return corners(self.image.height, self.image.width)

    def scale(self, frame: tuple[int, int]) -> Matrix:
        """From a frame of points (height, width) to the panel."""
        return np.diag([self.image.width / frame[1], self.image.height / frame[0], 1.0])


def _lit(panel: _Panel, outline: Matrix) -> Image.Image:
    """The panel with all dimmed that lies outside the outline of the other picture."""
    size = (panel.image.width * FINE, panel.image.height * FINE)
    shape = [tuple(point) for point in np.clip(outline, -FAR_PX, FAR_PX) * FINE]
    light = Image.new("L", size, round(255 * DIM))
    ImageDraw.Draw(light).polygon(shape, fill=255)
    dimmed = Image.composite(
        panel.image, Image.new("RGB", panel.image.size, PAPER), light.resize(panel.image.size)
    )
    fine = dimmed.resize(size)
    ImageDraw.Draw(fine).line([*shape, shape[0]], OUTLINE, width=2 * FINE)
    return fine.resize(panel.image.size, Image.Resampling.LANCZOS)


def _overlay(work: _Panel, picture: _Panel, matrix: Matrix, *, inverted: bool) -> Pixels:
    """The work laid over the picture at half strength, and the difference of their tones, doubled. The letters say
    where it was inverted first: else an inverted picture would seem to show what the work shows.
    """
    laid, covered = _laid(work, picture, matrix, inverted=inverted)
    half = Image.composite(Image.blend(picture.image, laid, 0.5), picture.image, covered)
    apart = ImageChops.difference(picture.image, laid).point(lambda value: min(255, DIFFERENCE_GAIN * value))
    nothing = Image.new("RGB", picture.image.size, PAPER)
    difference = Image.composite(ImageOps.invert(apart), nothing, covered)
    a = "(-A)" if inverted else "A"
    return _sheet([(picture.image, "B"), (half, f"{a} + B"), (difference, f"{a} - B")])


def _laid(
    work: _Panel, picture: _Panel, matrix: Matrix, *, inverted: bool
) -> tuple[Image.Image, Image.Image]:
    """The work as it would lie in the picture, and where it does (255)."""
    import cv2

    tones = np.asarray(ImageOps.invert(work.image) if inverted else work.image)
    laid = cv2.warpPerspective(tones, matrix, picture.image.size, flags=cv2.INTER_AREA)
    everywhere = np.full(tones.shape[:2], 255, np.uint8)
    covered = cv2.warpPerspective(everywhere, matrix, picture.image.size, flags=cv2.INTER_NEAREST)
    return Image.fromarray(laid), Image.fromarray(covered)


def _sheet(panels: Sequence[tuple[Image.Image, str]], ends: Sequence[NDArray[Any]] | None = None) -> Pixels:
    """Panels in a row under their letters, and lines from the first to the second."""
    width = sum(panel.width + GAP_PX for panel, _ in panels) + GAP_PX
    height = max(panel.height for panel, _ in panels) + 2 * GAP_PX + LETTER_PX
    sheet = Image.new("RGB", (width, height), PAPER)
    places, left, top = [], GAP_PX, GAP_PX + LETTER_PX
    for panel, letters in panels:
        sheet.paste(INK, (left, GAP_PX // 2), Image.fromarray(ink(letters, LETTER_PX)))
        sheet.paste(panel, (left, top))
        places.append((left, top))
        left += panel.width + GAP_PX
    return np.asarray(_joined(sheet, places, ends) if ends else sheet)


def _joined(
    sheet: Image.Image, places: Sequence[tuple[int, int]], ends: Sequence[NDArray[Any]]
) -> Image.Image:
    """Lines between points that agree, at most 60 of them, and a dot for every one."""
    fine = sheet.resize((sheet.width * FINE, sheet.height * FINE))
    draw = ImageDraw.Draw(fine)
    first, second = ((end + place) * FINE for end, place in zip(ends, places, strict=True))
    drawn_lines = set(
        np.linspace(0, len(first) - 1, min(MOST_LINES, len(first))).round().astype(int).tolist()
    )
    for number, (start, stop) in enumerate(zip(first, second, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        if number in drawn_lines:
            draw.line([*start, *stop], colour, width=FINE)
        for x, y in (start, stop):
            draw.ellipse([x - 2 * FINE, y - 2 * FINE, x + 2 * FINE, y + 2 * FINE], outline=colour, width=FINE)
    return fine.resize(sheet.size, Image.Resampling.LANCZOS)
