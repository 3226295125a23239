"""Printed letters in a picture: small marks of one brightness, of like height, in rows.

It is a test for burned-in annotation and captions, not a reader: it says where rows of letters seem to be. Marks are
what stands out from its surroundings by a top-hat or a black-hat (Serra 1982) of the size of letters; a row is four of
them or more that stand side by side on one line. Letters from about 7 to 40 pixels high are looked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_CONTRAST = 70
"""Of 255, between a letter and what is around it."""

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


def rows_of_text(grey: NDArray[np.uint8]) -> list[Row]:
    """The rows of letters in a grey picture (H, W), light ones on dark and dark ones on light."""
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (_KERNEL, _KERNEL))
    found = []
    for way in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        stands_out = cv2.morphologyEx(grey, way, kernel)
        found += _rows(_marks((stands_out >= LEAST_CONTRAST).astype(np.uint8), grey))
    return found


def _marks(mask: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    """Connected pixels of the size of a letter and of one brightness: x, y, width, height."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
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
