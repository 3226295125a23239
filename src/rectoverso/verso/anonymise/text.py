"""Printed letters in a picture: small marks of one brightness, of like height, in rows.

It is a test for burned-in annotation and captions, not a reader: it says where rows of letters seem to be. Marks are
what stands out from its surroundings by a top-hat or a black-hat (Serra 1982) of the size of letters. A row is four
marks or more that stand side by side on one line. Letters from about 7 to 40 pixels high are looked for.

Words that lie over bone stand out from nothing, but are as bright as hardly anything else is: where that is so, as in
what devices write into their pictures, what is beyond some ``levels`` is looked at by itself. Photographs would have
half as many alarms again (26 instead of 17 of 75 of BSDS500).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_CONTRAST = 70
"""Of 255, between a letter and what is around it."""

OF_DEVICES = (250, 225, 200, 160)
"""Levels, of 255, for the pictures of devices: what is at least so bright, and what is as near to black."""

LEAST_LETTERS = 4
_LOW, _HIGH = 6, 40
_WIDEST = 1.6
_UNEVEN = 70
"""Of 255, between a quarter and three quarters of a mark's pixels: letters have one brightness, but for soft edges."""
_GAP = 1.0
_KERNEL = 13
"""Pixels: strokes that are wider are no letters' strokes."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of letters: its rectangle in pixels, and how many marks are in it."""

    x: int
    y: int
    width: int
    height: int
    letters: int

    def overlaps(self, other: Row) -> bool:
        """Whether they share a pixel."""
        across = self.x < other.x + other.width and other.x < self.x + self.width
        return across and self.y < other.y + other.height and other.y < self.y + self.height


def rows_of_text(grey: NDArray[np.uint8], levels: Sequence[int] = ()) -> list[Row]:
    """The rows of letters in a grey picture (H, W), light ones on dark and dark ones on light, each once."""
    found: list[Row] = []
    for mask in _masks(grey, levels):
        found += [row for row in _rows(_marks(mask, grey)) if not any(map(row.overlaps, found))]
    return found


def _masks(grey: NDArray[np.uint8], levels: Sequence[int]) -> Iterator[NDArray[np.bool_]]:
    """Where something may be of letters, by one way of looking after the other."""
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (_KERNEL, _KERNEL))
    for way in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        yield cv2.morphologyEx(grey, way, kernel) >= LEAST_CONTRAST
    for level in levels:
        yield grey >= level
        yield grey <= 255 - level


def _marks(mask: NDArray[np.bool_], grey: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    """Connected pixels of the size of a letter and of one brightness: x, y, width, height."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    marks = []
    for index in range(1, count):
        x, y, width, height, area = (int(value) for value in boxes[index])
        if not (_LOW <= height <= _HIGH and width <= _WIDEST * height and area >= height):
            continue
        inside = grey[y : y + height, x : x + width][labels[y : y + height, x : x + width] == index]
        if float(np.percentile(inside, 75) - np.percentile(inside, 25)) <= _UNEVEN:
            marks.append((x, y, width, height))
    return marks


def _rows(marks: list[tuple[int, int, int, int]]) -> list[Row]:
    """Marks side by side: of like height, on one line, no further apart than they are high."""
    rows: list[list[tuple[int, int, int, int]]] = []
    for mark in sorted(marks):
        row = next((one for one in rows if _continues(one[-1], mark)), None)
        if row is None:
            rows.append([mark])
        else:
            row.append(mark)
    return [_row(row) for row in rows if len(row) >= LEAST_LETTERS]


def _continues(last: tuple[int, int, int, int], mark: tuple[int, int, int, int]) -> bool:
    x, y, width, height = last
    taller = max(height, mark[3])
    like = taller <= 1.5 * min(height, mark[3])
    on_line = abs((y + height) - (mark[1] + mark[3])) <= 0.3 * taller or abs(y - mark[1]) <= 0.2 * taller
    return like and on_line and -2 <= mark[0] - (x + width) <= _GAP * taller


def _row(marks: list[tuple[int, int, int, int]]) -> Row:
    left, top = min(mark[0] for mark in marks), min(mark[1] for mark in marks)
    right = max(mark[0] + mark[2] for mark in marks)
    bottom = max(mark[1] + mark[3] for mark in marks)
    return Row(left, top, right - left, bottom - top, len(marks))
