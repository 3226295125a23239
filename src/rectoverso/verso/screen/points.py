"""The points of a picture by which a part of it is known again: RootSIFT, and how it is kept.

A hash describes a whole picture, so that a crop, a paste or a free turn hides a copy from it. Points are described one
by one, each in its own scale and direction, and whatever part of them is left still says which picture it was.

Mirroring a picture reverses the rows of each descriptor's 4 x 4 cells and negates their 8 directions; inverting its
tones turns the cells by half. So both are found by reordering 128 numbers, without a second look at the picture.

A kept point is 38 bytes: place, scale, direction, and 2 bits of each of 128 numbers. 300 of them are 11.4 KB.

Sources: D. Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", 2004; R. Arandjelović and A. Zisserman,
"Three things everyone should know to improve object retrieval", 2012 (RootSIFT).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.screen.fingerprint import on_white

if TYPE_CHECKING:
    import cv2

# Shapes: N points; D = 128 = 4 rows x 4 columns x 8 directions.

Floats = NDArray[np.float32]

LEAST_SIDE_PX = 12
"""Below this shorter side there are too few points to tell anything."""

ENLARGED_SIDE_PX = 256
"""A picture whose longer side is shorter is enlarged to this: points need room around them to be described."""

SMALL_SIDE_PX = 96
"""Below this shorter side what is found is for people."""

CONTRAST = 0.02
"""Half of Lowe's threshold: pale pictures have points as well, and the selection takes the best of them."""

STEPS_PER_OCTAVE = 16
VERSION = 2
_HEADER = struct.Struct("<B?HHH")
_POINT = np.dtype([("x", "<u2"), ("y", "<u2"), ("scale", "u1"), ("angle", "u1"), ("bits", "u1", (32,))])
_SHIFTS = np.array([0, 2, 4, 6], np.uint8)
_EDGES = np.array([0.025, 0.07, 0.13], np.float32)
_LEVELS = np.array([0.008, 0.047, 0.098, 0.178], np.float32)
"""Between which values two bits distinguish, and what they are read as."""


@dataclass(frozen=True, slots=True)
class Closeness:
    """How closely a picture is looked at: no side longer than ``side_px``, at most ``points`` of them, and those from
    ``cells`` x ``cells`` parts of it.
    """

    side_px: int
    points: int
    cells: int


KEPT = Closeness(side_px=400, points=300, cells=4)
SOUGHT = Closeness(side_px=560, points=1200, cells=8)
"""Of a work few points are kept, at a small size. A picture is searched more closely: a work may be a small part of it,
and its points must not all be taken by what lies around."""


@dataclass(frozen=True, slots=True)
class Points:
    """``xy`` (N, 2) in pixels of a frame of ``height`` x ``width``, ``size`` (N,) in pixels, ``angle`` (N,) in radians
    clockwise from the right, ``descriptors`` (N, D) of length 1. Any first few are spread over the picture as all of
    them are. ``small`` says that its shorter side has less than 96 pixels. ``brightness`` (H, W) is the frame, where
    the picture is at hand.
    """

    height: int
    width: int
    xy: Floats
    size: Floats
    angle: Floats
    descriptors: Floats
    small: bool = False
    brightness: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.xy)

    @classmethod
    def kept(cls, pixels: Pixels) -> Points:
        """Those kept of a work (uint8 HWC): at most 300, spread over picture and scales."""
        return _described(pixels, _grey(pixels, KEPT.side_px), KEPT)

    @classmethod
    def sought(cls, pixels: Pixels) -> Points:
        """Those by which a picture (uint8 HWC) is compared with works: at most 1,200."""
        grey = _grey(pixels, SOUGHT.side_px)
        return replace(_described(pixels, grey, SOUGHT), brightness=grey)

    def first(self, at_most: int) -> Points:
        """The first of them."""
        xy, size, angle = (column[:at_most] for column in (self.xy, self.size, self.angle))
        return replace(self, xy=xy, size=size, angle=angle, descriptors=self.descriptors[:at_most])

    def pose(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """How each point lies: its direction in 256ths of a turn, and its size in 16ths of an octave."""
        turns = np.rint(self.angle / (2 * np.pi) * 256) % 256
        octaves = np.clip(np.rint(np.log2(np.maximum(self.size, 1)) * STEPS_PER_OCTAVE), 0, 255)
        return turns.astype(np.uint8), octaves.astype(np.uint8)

    def mirrored(self) -> Points:
        """The points of the same picture mirrored left to right."""
        xy = np.stack([self.width - self.xy[:, 0], self.xy[:, 1]], axis=1)
        cells = self._cells()[:, ::-1][..., -np.arange(8) % 8]
        return replace(self, xy=xy, angle=np.pi - self.angle, descriptors=cells.reshape(-1, 128))

    def inverted(self) -> Points:
        """The points of the same picture with its tones inverted."""
        cells = self._cells()[:, ::-1, ::-1]
        return replace(self, angle=self.angle + np.pi, descriptors=cells.reshape(-1, 128))

    def to_bytes(self) -> bytes:
        """At most 11.4 KB. 8 bytes: version, whether small, frame, count; then 38 a point."""
        rows = np.zeros(len(self), _POINT)
        rows["x"], rows["y"] = np.clip(np.rint(self.xy.T / [[self.width], [self.height]] * 65535), 0, 65535)
        rows["angle"], rows["scale"] = self.pose()
        rows["bits"] = _packed(np.digitize(self.descriptors, _EDGES).astype(np.uint8))
        header = _HEADER.pack(VERSION, self.small, self.height, self.width, len(self))
        return header + rows.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Points:
        """What ``to_bytes`` wrote. Raises ValueError for anything else."""
        small, height, width, rows = _read(data)
        xy = np.stack([rows["x"] * (width / 65535), rows["y"] * (height / 65535)], axis=1)
        return cls(
            height,
            width,
            np.asarray(xy, np.float32),
            np.exp2(rows["scale"] / np.float32(STEPS_PER_OCTAVE)).astype(np.float32),
            (rows["angle"] * np.float32(2 * np.pi / 256)).astype(np.float32),
            decoded(rows["bits"]),
            small,
        )

    def _cells(self) -> Floats:
        return self.descriptors.reshape(-1, 4, 4, 8)


def codes_and_pose(data: bytes, at_most: int) -> tuple[NDArray[np.uint8], ...]:
    """Of the first points in what ``to_bytes`` wrote, as they are kept: codes (N, 32), turns and octaves (N,).

    Raises ValueError.
    """
    rows = _read(data)[-1][:at_most]
    return np.ascontiguousarray(rows["bits"]), rows["angle"], rows["scale"]


def decoded(bits: NDArray[np.uint8]) -> Floats:
    """Descriptors (N, D) of length 1 from their codes (N, 32)."""
    rows = _LEVELS[_unpacked(bits)]
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _read(data: bytes) -> tuple[bool, int, int, NDArray[Any]]:
    if len(data) < _HEADER.size or data[0] != VERSION:
        raise ValueError("not points of this version")
    _, small, height, width, count = _HEADER.unpack_from(data)
    if len(data) != _HEADER.size + count * _POINT.itemsize or not (height and width):
        raise ValueError("not points of this version")
    return small, height, width, np.frombuffer(data, _POINT, offset=_HEADER.size)


def _described(pixels: Pixels, grey: NDArray[np.uint8], closely: Closeness) -> Points:
    height, width = grey.shape
    small = min(pixels.shape[:2]) < SMALL_SIDE_PX
    if min(*pixels.shape[:2], height, width) < LEAST_SIDE_PX:
        return _from_cv2(height, width, [], None, small=small)
    import cv2

    sift = cv2.SIFT.create(contrastThreshold=CONTRAST)
    found = _spread(sift.detect(grey, None), height, width, closely)
    described = sift.compute(grey, found) if found else ([], None)
    return _from_cv2(height, width, *described, small=small)


def _grey(pixels: Pixels, side_px: int) -> NDArray[np.uint8]:
    """Brightness, on white, no side longer than ``side_px``, and none so short that points had no room."""
    longer = max(pixels.shape[:2])
    factor = min(max(longer, ENLARGED_SIDE_PX), side_px) / longer
    image = on_white(pixels).convert("L")
    if factor != 1:
        width, height = (max(1, round(side * factor)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.asarray(image)


def _spread(points: Any, height: int, width: int, closely: Closeness) -> list[cv2.KeyPoint]:
    """The best points of each part of the picture and each octave of scale, one of each in turn.

    Taken by contrast alone they crowd where a picture is busiest and finest, and a crop or a thumbnail leaves none.
    """
    if not len(points):
        return []
    strength = np.array([point.response for point in points])
    places = np.array([(*point.pt, point.size) for point in points])
    parts = _parts(places, height, width, closely.cells)
    best_first = np.lexsort((-strength, parts))
    ordered = parts[best_first]
    turn = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    taken = best_first[np.lexsort((-strength[best_first], turn))][: closely.points]
    return [points[index] for index in taken]


def _parts(places: NDArray[np.float64], height: int, width: int, cells: int) -> NDArray[np.int64]:
    """The number of the part and octave of each place (x, y, size)."""
    columns, rows = np.minimum(places[:, :2] * cells // [width, height], cells - 1).T
    octaves = np.floor(np.log2(np.maximum(places[:, 2], 1)))
    return np.asarray((octaves * cells + rows) * cells + columns, np.int64)


def _from_cv2(height: int, width: int, points: Any, descriptors: Any, *, small: bool) -> Points:
    raw = np.zeros((0, 128), np.float32) if descriptors is None else np.asarray(descriptors, np.float32)
    return Points(
        height,
        width,
        np.array([point.pt for point in points], np.float32).reshape(-1, 2),
        np.array([point.size for point in points], np.float32),
        np.radians(np.array([point.angle for point in points], np.float32)),
        np.sqrt(raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-12)),
        small,
    )


def _packed(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Four codes of two bits a byte."""
    return np.asarray((codes.reshape(-1, 32, 4) << _SHIFTS).sum(axis=2, dtype=np.uint8))


def _unpacked(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray((packed[..., None] >> _SHIFTS) & 3).reshape(-1, 128)
