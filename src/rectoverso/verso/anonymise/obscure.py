"""Making faces unrecognisable: as a few squares, as a few soft patches, or as a hole that a generator fills.

Both ways keep no more than the colours of a few cells: a soft patch is a mosaic that was smoothed, because a blur of
the face itself can be undone in part. Then the picture is looked at again, and where a face is still found, or another
one, fewer cells are left, at last one. What a detector does not see at first, nobody hides: how often that is stands in
docs/en/anonymisation.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Pixels
from rectoverso.verso.anonymise.faces import Face, Finder
from rectoverso.verso.anonymise.ways import Way

AROUND = 1.3
"""How much larger than the face the hidden rectangle is, each way: hair, chin and ears tell too."""

CELLS = (6, 4, 2, 1)
"""Along the shorter side of what is hidden: at first, and each time that a face is still found there."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A picture whose faces are hidden. ``still``: how many are found in it all the same, which must be none."""

    pixels: Pixels
    faces: tuple[Face, ...]
    still: int


def hide(pixels: Pixels, finder: Finder, way: Way) -> Hidden:
    """The picture with all faces that ``finder`` sees hidden, looked at again until it sees none, or nothing helps.

    To be filled, faces become one colour each: whatever fills them is not shown what was there.
    """
    shown, faces = pixels, list(finder.find(pixels))
    found = list(faces)
    for cells in CELLS[-1:] if way is Way.FILL else CELLS:
        if not found:
            break
        shown = _hidden(pixels, faces, cells, smooth=way is Way.BLUR)
        found = list(finder.find(shown))
        faces += [face for face in found if not _is_within(face, faces)]
    if found:  # those that only the last look brought
        shown = _hidden(pixels, faces, CELLS[-1], smooth=False)
        found = list(finder.find(shown))
    return Hidden(shown, tuple(faces), len(found))


def mask_of(pixels: Pixels, faces: Sequence[Face]) -> NDArray[np.uint8]:
    """Where the faces are (H, W), 255 in their rectangles and 0 elsewhere, as a generator that fills takes it."""
    mask = np.zeros(pixels.shape[:2], np.uint8)
    for face in faces:
        rows, columns = _rectangle(face, pixels)
        mask[rows, columns] = 255
    return mask


def _hidden(pixels: Pixels, faces: Sequence[Face], cells: int, *, smooth: bool) -> Pixels:
    hidden = pixels.copy()
    for face in faces:
        rows, columns = _rectangle(face, pixels)
        hidden[rows, columns] = _mosaic(pixels[rows, columns], cells, smooth=smooth)
    return hidden


def _mosaic(part: Pixels, cells: int, *, smooth: bool) -> Pixels:
    """The mean colours of few cells, as squares or flowing into each other."""
    height, width = part.shape[:2]
    side = max(1, min(height, width) / cells)
    few = (max(1, round(width / side)), max(1, round(height / side)))
    small = cv2.resize(part, few, interpolation=cv2.INTER_AREA)
    way = cv2.INTER_CUBIC if smooth else cv2.INTER_NEAREST
    large = cv2.resize(small, (width, height), interpolation=way)
    return np.asarray(large, np.uint8).reshape(part.shape)


def _rectangle(face: Face, pixels: Pixels) -> tuple[slice, slice]:
    """The rows and columns of a face and what is around it, as far as the picture goes; one pixel at least."""
    height, width = pixels.shape[:2]
    middle_x, middle_y = face.x + face.width / 2, face.y + face.height / 2
    half_x, half_y = face.width * AROUND / 2, face.height * AROUND / 2
    left, right = _span(middle_x - half_x, middle_x + half_x, width)
    top, bottom = _span(middle_y - half_y, middle_y + half_y, height)
    return slice(top, bottom), slice(left, right)


def _span(begin: float, end: float, side: int) -> tuple[int, int]:
    first = min(max(0, int(np.floor(begin))), side - 1)
    return first, min(max(first + 1, int(np.ceil(end))), side)


def _is_within(face: Face, others: Sequence[Face]) -> bool:
    """Whether the middle of a face lies in one of the others."""
    x, y = face.x + face.width / 2, face.y + face.height / 2
    return any(o.x <= x <= o.x + o.width and o.y <= y <= o.y + o.height for o in others)
