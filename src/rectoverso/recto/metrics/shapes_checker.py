"""Whether a picture shows what a caption of the built-in ``shapes`` says: image analysis, and nothing learned.

1. The ground is a straight shade down the picture, read at its left and right edges.
2. What is far from it falls apart into things, each of one piece.
3. A thing's colour is the nearest of those that scenes are drawn in, at the pixels that are farthest from the ground.
4. Its shape is the one that covers it best: each is painted at the thing's own centre and area, at several turns.
5. Two things stand as the caption says when they stand apart in that direction more than in the other.

Whatever is not sure is wrong: a colour between two, a blot that no shape covers, a thing too many.

Shapes: H height, W width, P pixels of a thing.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from rectoverso.recto.data.shapes import COLOURS, SHAPES, Thing, paint
from rectoverso.types import Pixels

Floats = NDArray[np.float64]
CAPTION = re.compile(
    rf"an? ({'|'.join(COLOURS)}) ({'|'.join(SHAPES)})"
    rf"(?: (left of|right of|above|below) an? ({'|'.join(COLOURS)}) ({'|'.join(SHAPES)}))?"
)
FAR = 36.0
"""From the ground, in levels of red, green and blue together: what is no ground."""
LEAST_AREA = 0.008
"""Of the picture: smaller spots are no things."""
NEAR_COLOUR = 48.0
"""A colour farther than this from all is none of them."""
BETWEEN = 0.7
"""Nor is one whose distance from the nearest is more than this share of that from the next."""
LEAST_COVER = 0.75
"""Of a thing and its shape together, what both cover."""
TURNS = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
FINE = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """A thing in a picture: its colour and shape, None where it has none of those known, and its centre in pixels."""

    colour: str | None
    shape: str | None
    x: float
    y: float


def is_right(image_HWC: Pixels, caption: str) -> bool:
    """Whether the picture shows just what the caption says. Raises ValueError for a caption of another kind."""
    found = CAPTION.fullmatch(caption)
    if found is None:
        raise ValueError(caption)
    colour, shape, relation, other_colour, other_shape = found.groups()
    seen = things_of(image_HWC)
    main = (colour, shape)
    if relation is None:
        return [(one.colour, one.shape) for one in seen] == [main]
    return len(seen) == 2 and any(
        (a.colour, a.shape, b.colour, b.shape) == (*main, other_colour, other_shape)
        and stands(a, b, relation)
        for a, b in (seen, seen[::-1])
    )


def stands(one: Seen, other: Seen, relation: str) -> bool:
    """Whether one thing stands so to another."""
    x, y = other.x - one.x, other.y - one.y
    along, across = (x, y) if relation in ("left of", "right of") else (y, x)
    return (along if relation in ("left of", "above") else -along) > abs(across)


def things_of(image_HWC: Pixels) -> list[Seen]:
    """Everything that stands on the ground, in the order of the picture's rows."""
    level_HWC = image_HWC[..., :3].astype(np.float64)
    ground_HWC = ground_of(level_HWC)
    far_HW = np.linalg.norm(level_HWC - ground_HWC, axis=2)
    count, piece_HW = cv2.connectedComponents((far_HW > FAR).astype(np.uint8), connectivity=4)
    pieces = [piece_HW == number for number in range(1, count)]
    least = LEAST_AREA * far_HW.size
    return [_seen(level_HWC, ground_HWC, far_HW, piece) for piece in pieces if piece.sum() >= least]


def ground_of(level_HWC: Floats) -> Floats:
    """A straight line down the picture for each channel, through the edges' lighter pixels of each row."""
    height, width = level_HWC.shape[:2]
    edge_H2C = level_HWC[:, [0, width - 1]]
    lighter_H = edge_H2C.sum(2).argmax(1)
    row_H = np.arange(height)
    slope_C, start_C = np.polyfit(row_H, edge_H2C[row_H, lighter_H], 1)
    line_HC = start_C + row_H[:, None] * slope_C
    return np.broadcast_to(line_HC[:, None], level_HWC.shape)


def _seen(level_HWC: Floats, ground_HWC: Floats, far_HW: Floats, piece_HW: NDArray[np.bool_]) -> Seen:
    inside_HW = piece_HW & (far_HW >= np.quantile(far_HW[piece_HW], 0.6))
    ink_C = np.median(level_HWC[inside_HW], axis=0)
    cover_HW = _cover(level_HWC, ground_HWC, ink_C, piece_HW)
    y, x = (float(place) for place in _centre(cover_HW))
    return Seen(_named(ink_C), shape_of(cover_HW, x, y), x, y)


def _named(ink_C: Floats) -> str | None:
    """The colour that is meant; None where it may as well be another."""
    distances = {name: float(np.linalg.norm(ink_C - colour)) for name, colour in COLOURS.items()}
    nearest, next_one = sorted(distances, key=lambda name: distances[name])[:2]
    is_sure = distances[nearest] < min(NEAR_COLOUR, BETWEEN * distances[next_one])
    return nearest if is_sure else None


def _cover(level_HWC: Floats, ground_HWC: Floats, ink_C: Floats, piece_HW: NDArray[np.bool_]) -> Floats:
    """How much of each pixel the thing covers: how far it is on the way from the ground to the ink, 0 away from it."""
    way_HWC = ink_C - ground_HWC
    share_HW = ((level_HWC - ground_HWC) * way_HWC).sum(2) / np.maximum((way_HWC**2).sum(2), 1.0)
    around_HW = cv2.dilate(piece_HW.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.where(around_HW, share_HW.clip(0, 1), 0.0)


def _centre(cover_HW: Floats) -> Floats:
    places_2HW = np.indices(cover_HW.shape)
    centre: Floats = (places_2HW * cover_HW).sum((1, 2)) / max(cover_HW.sum(), 1e-9) + 0.5
    return centre


def shape_of(cover_HW: Floats, x: float, y: float) -> str | None:
    """The shape that covers the same pixels best, None where none does well."""
    area = float(cover_HW.sum())
    covers = {
        (shape, turn): _overlap(cover_HW, _painted(shape, turn, x, y, area, cover_HW.shape))
        for shape in SHAPES
        for turn in (TURNS if shape not in ("circle", "ring") else (0.0,))
    }
    best = max(covers, key=lambda key: covers[key])
    return best[0] if covers[best] >= LEAST_COVER else None


def _overlap(one_HW: Floats, other_HW: Floats) -> float:
    return float(np.minimum(one_HW, other_HW).sum() / max(np.maximum(one_HW, other_HW).sum(), 1e-9))


def _painted(shape: str, turn: float, x: float, y: float, area: float, sides: tuple[int, ...]) -> Floats:
    """How much of each pixel a shape of this centre, turn and area covers."""
    height, width = sides
    thing = Thing(shape, "", x * FINE, y * FINE, FINE * math.sqrt(area / _unit_area(shape)), turn)
    fine = Image.new("L", (width * FINE, height * FINE))
    paint(ImageDraw.Draw(fine), thing, 1, 255)
    covered_HW: Floats = np.asarray(fine, np.float64).reshape(height, FINE, width, FINE).mean((1, 3)) / 255
    return covered_HW


@lru_cache(maxsize=len(SHAPES))
def _unit_area(shape: str, side: int = 400) -> float:
    """The area of a shape of radius 1."""
    fine = Image.new("L", (side, side))
    paint(ImageDraw.Draw(fine), Thing(shape, "", 0.5, 0.5, 0.4, 0.0), side, 1)
    return float(np.asarray(fine).sum()) / (0.4 * side) ** 2
