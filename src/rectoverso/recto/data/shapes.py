"""The built-in ``shapes``: drawn scenes of one or two objects, each with its class, caption and mask.

A scene is decided by (seed, index) alone, so any part of the data can be made anywhere, in any order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from rectoverso.recto.data.dataset import Dataset
from rectoverso.types import Pixels

SHAPES = ("circle", "square", "triangle", "star", "ring", "cross")
COLOURS = {
    "red": (200, 62, 54),
    "orange": (226, 138, 48),
    "yellow": (226, 192, 66),
    "green": (74, 148, 84),
    "blue": (58, 104, 182),
    "purple": (124, 78, 158),
    "pink": (222, 134, 168),
    "brown": (122, 84, 58),
}
GROUNDS = (
    (236, 228, 212),
    (216, 226, 234),
    (222, 232, 216),
    (238, 220, 216),
    (226, 220, 236),
    (232, 231, 228),
)
SCENES, MOST_SCENES = 4096, 2**16

_FINE = 4  # drawn this many times larger and brought down, which smooths the edges


@dataclass(frozen=True, slots=True)
class Thing:
    """One object: centre and radius in parts of the picture's side, turn in radians."""

    shape: str
    colour: str
    x: float
    y: float
    radius: float
    turn: float


@dataclass(frozen=True, slots=True)
class Scene:
    """The shape of ``things[0]`` is the scene's class. ``mask`` H,W: 0 ground, else 1 + the class there."""

    things: tuple[Thing, ...]
    caption: str
    image: Pixels
    mask: NDArray[np.uint8]

    @property
    def label(self) -> int:
        return SHAPES.index(self.things[0].shape)


def shapes(size: int = 32, count: int = SCENES, seed: int = 0) -> Dataset:
    """``count`` scenes of ``size`` x ``size`` RGB with labels, captions and masks."""
    scenes = [scene(index, size, seed) for index in range(count)]
    return Dataset(
        name="shapes",
        images=np.stack([one.image for one in scenes]),
        labels=np.array([one.label for one in scenes], dtype=np.int64),
        classes=SHAPES,
        captions=tuple(one.caption for one in scenes),
        masks=np.stack([one.mask for one in scenes]),
        regions=("ground", *SHAPES),
    )


def scene(index: int, size: int = 32, seed: int = 0) -> Scene:
    """The scene of one index; its composition is the same at every size."""
    chance = np.random.default_rng([seed, index])
    ground = GROUNDS[int(chance.integers(len(GROUNDS)))]
    things: tuple[Thing, ...]
    if chance.random() < 0.5:
        things, relation = _pair(chance)
        caption = f"{_called(things[0])} {relation} {_called(things[1])}"
    else:
        things = (_thing(chance, (0.36, 0.64), (0.36, 0.64), (0.2, 0.32)),)
        caption = _called(things[0])
    image, mask = _drawn(things, ground, float(chance.uniform(-14, 14)), size)
    return Scene(things, caption, image, mask)


def _pair(chance: np.random.Generator) -> tuple[tuple[Thing, Thing], str]:
    """Two objects that stand clear of each other, the main one first, and how it stands to the other."""
    near, far, across, radii = (0.24, 0.28), (0.72, 0.76), (0.38, 0.62), (0.15, 0.2)
    relation = ("left of", "right of", "above", "below")[int(chance.integers(4))]
    first, second = (near, far) if relation in ("left of", "above") else (far, near)
    if relation in ("left of", "right of"):
        main, other = _thing(chance, first, across, radii), _thing(chance, second, across, radii)
    else:
        main, other = _thing(chance, across, first, radii), _thing(chance, across, second, radii)
    return (main, other), relation


Span = tuple[float, float]


def _thing(chance: np.random.Generator, x: Span, y: Span, radius: Span) -> Thing:
    shape = SHAPES[int(chance.integers(len(SHAPES)))]
    colour = list(COLOURS)[int(chance.integers(len(COLOURS)))]
    spans = (x, y, radius, (-0.3, 0.3))
    return Thing(shape, colour, *(float(chance.uniform(*span)) for span in spans))


def _called(thing: Thing) -> str:
    return f"{'an' if thing.colour[0] in 'aeiou' else 'a'} {thing.colour} {thing.shape}"


def _drawn(
    things: tuple[Thing, ...], ground: tuple[int, int, int], slope: float, size: int
) -> tuple[Pixels, NDArray[np.uint8]]:
    """The picture, and the class of each of its pixels."""
    fine = size * _FINE
    image = _ground(ground, slope, fine)
    mask = Image.new("L", (fine, fine))
    for thing in things:
        paint(ImageDraw.Draw(image), thing, fine, COLOURS[thing.colour])
        paint(ImageDraw.Draw(mask), thing, fine, 1 + SHAPES.index(thing.shape))
    pixels = np.asarray(image.resize((size, size), Image.Resampling.BOX))
    # The fine mask is read at the pixels' centres: a class is never an average of two.
    classes = np.asarray(mask)[_FINE // 2 :: _FINE, _FINE // 2 :: _FINE]
    return pixels, classes.copy()


def _ground(colour: tuple[int, int, int], slope: float, side: int) -> Image.Image:
    """A soft vertical shade around one colour."""
    shade_H = np.linspace(-slope, slope, side)
    rows_H3 = np.rint(np.array(colour) + shade_H[:, None]).clip(8, 247).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(rows_H3[:, None], (side, side, 3))))


Ink = tuple[int, int, int] | int


def paint(draw: ImageDraw.ImageDraw, thing: Thing, side: int, ink: Ink) -> None:
    """Draw one object into a picture of this side."""
    x, y, radius = thing.x * side, thing.y * side, thing.radius * side
    box = (x - radius, y - radius, x + radius, y + radius)
    if thing.shape == "circle":
        draw.ellipse(box, fill=ink)
    elif thing.shape == "ring":
        draw.ellipse(box, outline=ink, width=round(radius * 0.42))
    else:
        corners = _corners(thing.shape, thing.turn)
        draw.polygon([(x + radius * px, y + radius * py) for px, py in corners], fill=ink)


def _corners(shape: str, turn: float) -> list[tuple[float, float]]:
    """The corners of a shape within the unit circle, turned."""
    if shape == "square":
        points = _polar([1.0] * 4, 45)
    elif shape == "triangle":
        points = _polar([1.0] * 3, -90)
    elif shape == "star":
        points = _polar([1.0, 0.45] * 5, -90)
    else:
        arm, edge = 0.32, 0.94
        corner = [(-arm, -edge), (arm, -edge), (arm, -arm)]
        points = [_turned(point, quarter * math.pi / 2) for quarter in range(4) for point in corner]
    return [_turned(point, turn) for point in points]


def _polar(radii: list[float], start_degrees: float) -> list[tuple[float, float]]:
    step = 2 * math.pi / len(radii)
    start = math.radians(start_degrees)
    return [(r * math.cos(start + k * step), r * math.sin(start + k * step)) for k, r in enumerate(radii)]


def _turned(point: tuple[float, float], angle: float) -> tuple[float, float]:
    x, y = point
    return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
