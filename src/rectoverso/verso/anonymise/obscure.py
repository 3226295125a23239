"""Making faces unrecognisable: as a few squares, as a few soft patches, or as a hole that a generator fills.

Both ways keep no more than the colours of a few cells: a soft patch is a mosaic that was smoothed, because a blur of
the face itself can be undone in part. Few, because networks that were trained on the faces of a known group tell them
apart in mosaics in which people see none (McPherson, Shokri and Shmatikov 2016, arXiv 1609.00408). Then the picture is
looked at again, and where a face is still found, or another one, fewer cells are left, at last one. What a detector
does not see at first, nobody hides: how often that is stands in docs/en/anonymisation.md.
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

CELLS = (4, 2, 1)
"""Along the shorter side of what is hidden, so that the face itself has three at first; and each time that a face is
still found.
"""
_HOLE, _GREY = 0, 128
"""No cell at all: what is to be filled is grey, for the mean of a face is the colour of a skin."""
_OPAQUE = 255

_SURROUNDINGS = 2.0


@dataclass(frozen=True, slots=True)
class Hidden:
    """A picture whose faces are hidden. ``still``: how many are found in it all the same, which must be none."""

    pixels: Pixels
    faces: tuple[Face, ...]
    still: int


def hide(pixels: Pixels, finder: Finder, way: Way) -> Hidden:
    """The picture with all faces that ``finder`` sees hidden, looked at again until it sees none, or nothing helps.

    To be filled, faces become grey: whatever fills them is not shown what was there.
    """
    shown, faces = pixels, list(finder.find(pixels))
    found = list(faces)
    steps = (_HOLE,) if way is Way.FILL else CELLS
    for cells in (*steps, steps[-1]):  # the last one twice, for what only the look before it brought
        if not found:
            break
        shown = _hidden(pixels, faces, cells, smooth=way is Way.BLUR)
        found = list(finder.find(shown))
        covered = mask_of(pixels, faces)
        faces += [face for face in found if not covered[_rectangle(face, pixels, around=1)].all()]
    return Hidden(shown, tuple(faces), len(found))


def mask_of(pixels: Pixels, faces: Sequence[Face]) -> NDArray[np.uint8]:
    """Where the faces are (H, W), 255 in their rectangles and 0 elsewhere, as a generator that fills takes it."""
    mask = np.zeros(pixels.shape[:2], np.uint8)
    for face in faces:
        mask[_rectangle(face, pixels)] = 255
    return mask


def apart(pixels: Pixels, faces: Sequence[Face]) -> list[list[Face]]:
    """The faces in groups: what is around one of a group, as far again as it is wide, holds none of another group."""
    wide = np.zeros(pixels.shape[:2], np.uint8)
    for face in faces:
        wide[_rectangle(face, pixels, AROUND * _SURROUNDINGS)] = 1
    _, labels = cv2.connectedComponents(wide)
    groups: dict[int, list[Face]] = {}
    for face in faces:
        place = _rectangle(face, pixels)
        groups.setdefault(int(labels[place].max()), []).append(face)
    return list(groups.values())


def _hidden(pixels: Pixels, faces: Sequence[Face], cells: int, *, smooth: bool) -> Pixels:
    hidden = pixels.copy()
    hole = (*(_GREY,) * min(3, pixels.shape[2]), _OPAQUE)[: pixels.shape[2]]
    for face in faces:
        place = _rectangle(face, pixels)
        hidden[place] = hole if cells == _HOLE else _mosaic(pixels[place], cells, smooth=smooth)
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


def _rectangle(face: Face, pixels: Pixels, around: float = AROUND) -> tuple[slice, slice]:
    """The rows and columns of a face and what is around it, as far as the picture goes; one pixel at least."""
    height, width = pixels.shape[:2]
    middle_x, middle_y = face.x + face.width / 2, face.y + face.height / 2
    half_x, half_y = face.width * around / 2, face.height * around / 2
    left, right = _span(middle_x - half_x, middle_x + half_x, width)
    top, bottom = _span(middle_y - half_y, middle_y + half_y, height)
    return slice(top, bottom), slice(left, right)


def _span(begin: float, end: float, side: int) -> tuple[int, int]:
    first = min(max(0, int(np.floor(begin))), side - 1)
    return first, min(max(first + 1, int(np.ceil(end))), side)
