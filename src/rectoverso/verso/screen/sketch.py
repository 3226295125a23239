"""What a picture looks like from afar: its low frequencies, in brightness and colour.

Pictures of 32 pixels say little to a perceptual hash, and flat drawings make its bits chance. Their coarse shapes can
be compared directly instead: cosine coefficients, each weighted by its frequency, because natural pictures fall off
as one over frequency and the weight gives every scale an equal say. The same sketch confirms what a hash claims about
a large picture. It is small, and no more than a blur can be drawn from it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Pixels
from rectoverso.verso.screen.fingerprint import on_white
from rectoverso.verso.screen.symmetry import turned_coefficients

# Shapes: N images, H height, W width, C channels, P planes (brightness, blue, red), K frequencies.

NUM_FREQUENCIES = 16
NUM_COLOUR_FREQUENCIES = 6
CHUNK_PIXELS = 8_000_000
LARGE_SIDE_PX = 512
SHAPES_AT_ONCE = 16_384
VERSION = 1

BRIGHTNESS_BLUE_RED = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], dtype=np.float32
)
"""ITU-R BT.601, as JPEG has it."""

FAINT_COLOUR = 4.0
"""Below this root mean square (of 255) a picture counts as grey, and its colours say nothing."""

PLAIN_CONTRAST = 3.0
PLAIN_COMPONENTS = 2.5

_FREQUENCY = np.arange(NUM_FREQUENCIES)
WEIGHTS_KK = np.hypot(_FREQUENCY[:, None], _FREQUENCY[None, :]).astype(np.float32)
INSIDE_KK = (_FREQUENCY[:, None] + _FREQUENCY[None, :]) < NUM_FREQUENCIES
_HEADER = struct.Struct("<BH")
_LENGTH = _HEADER.size + 2 * (NUM_FREQUENCIES**2 + 2 * NUM_COLOUR_FREQUENCIES**2)


@dataclass(frozen=True, slots=True)
class Sketch:
    """One picture from afar: ``shape`` (K, K) of length 1, ``colour`` (2, 6, 6), and its shorter side."""

    shape: NDArray[np.float32]
    colour: NDArray[np.float32]
    side_px: int
    plain: bool = False

    @classmethod
    def of(cls, pixels: Pixels) -> Sketch:
        """The sketch of one picture (uint8 HWC with 1, 3 or 4 channels, of any size)."""
        planes = coefficients(_reduced(pixels)[None])[0]
        weighted = planes[0] * WEIGHTS_KK * INSIDE_KK
        length = float(np.linalg.norm(weighted))
        shape = weighted / length if length > 0 else weighted
        side_px = int(min(pixels.shape[:2]))
        plain = _is_plain(planes[0], shape)
        return cls(shape, planes[1:, :NUM_COLOUR_FREQUENCIES, :NUM_COLOUR_FREQUENCIES], side_px, plain)

    def turned(self, symmetry: int) -> Sketch:
        """The sketch of the picture under one of the eight symmetries."""
        shape = turned_coefficients(self.shape, symmetry)
        return Sketch(shape, turned_coefficients(self.colour, symmetry), self.side_px, self.plain)

    def inverted(self) -> Sketch:
        """The sketch of the picture with its tones inverted."""
        return Sketch(-self.shape, -self.colour, self.side_px, self.plain)

    def to_bytes(self) -> bytes:
        """739 bytes: version, shorter side, then half-precision coefficients."""
        values = np.concatenate([self.shape.ravel(), self.colour.ravel()]).astype("<f2")
        return _HEADER.pack(VERSION, min(self.side_px, 0xFFFF)) + values.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Sketch:
        """The sketch that ``to_bytes`` wrote. Raises ValueError for anything else."""
        if len(data) != _LENGTH or data[0] != VERSION:
            raise ValueError("not a sketch of this version")
        values = np.frombuffer(data, "<f2", offset=_HEADER.size).astype(np.float32)
        shape, colour = np.split(values, [NUM_FREQUENCIES**2])
        return cls(
            shape.reshape(NUM_FREQUENCIES, NUM_FREQUENCIES),
            colour.reshape(2, NUM_COLOUR_FREQUENCIES, NUM_COLOUR_FREQUENCIES),
            _HEADER.unpack_from(data)[1],
        )


def shapes_in(kept: Sequence[bytes]) -> NDArray[np.float16]:
    """Of what ``Sketch.to_bytes`` wrote, the numbers (W, K) of each shape that are not always 0, as they are kept.

    Raises ValueError for anything else.
    """
    if any(len(data) != _LENGTH or data[0] != VERSION for data in kept):
        raise ValueError("not a sketch of this version")
    shapes_WK = np.empty((len(kept), int(INSIDE_KK.sum())), np.float16)
    for start in range(0, len(kept), SHAPES_AT_ONCE):
        rows = np.frombuffer(b"".join(kept[start : start + SHAPES_AT_ONCE]), np.uint8).reshape(-1, _LENGTH)
        values = np.ascontiguousarray(rows[:, _HEADER.size : _HEADER.size + 2 * INSIDE_KK.size]).view("<f2")
        shapes_WK[start : start + len(rows)] = values[:, INSIDE_KK.ravel()]
    return shapes_WK


def _reduced(pixels: Pixels) -> Pixels:
    """A large picture made smaller: the low frequencies stay, and the memory for them is bounded."""
    factor = min(pixels.shape[:2]) // LARGE_SIDE_PX
    return np.asarray(on_white(pixels).reduce(factor)) if factor > 1 else pixels


def colours_agree(one: Sketch, other: Sketch, *, at_least: float = 0.75) -> bool:
    """Whether two pictures share their colours; a grey picture does not contradict any."""
    ours, theirs = float((one.colour**2).sum()), float((other.colour**2).sum())
    if min(ours, theirs) < FAINT_COLOUR**2:
        return True
    return 2 * float((one.colour * other.colour).sum()) / (ours + theirs) >= at_least


def coefficients(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Cosine coefficients (N, P, K, K) of images (N, H, W, C), on the scale of pixels whatever their size."""
    num, height, width, _ = images.shape
    rows, columns = cosines(height), cosines(width)
    chunk = max(1, CHUNK_PIXELS // (height * width))
    parts = [np.empty((0, 3, NUM_FREQUENCIES, NUM_FREQUENCIES), np.float32)]
    for start in range(0, num, chunk):
        values = _over_white(images[start : start + chunk])
        # Colours are mixed last, when little is left of them: all three steps are linear.
        high = (rows @ values.reshape(len(values), height, -1)).reshape(len(values), -1, width, 3)
        both = np.moveaxis(high, -1, 1) @ columns.T
        parts.append(np.einsum("pc,nckl->npkl", BRIGHTNESS_BLUE_RED, both))
    return np.concatenate(parts)


def _over_white(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    values = images.astype(np.float32)
    if values.shape[-1] == 1:
        return np.repeat(values, 3, axis=-1)
    if values.shape[-1] == 4:
        return np.float32(255) + (values[..., :3] - np.float32(255)) * (values[..., 3:] / np.float32(255))
    return values


@cache
def cosines(side_px: int) -> NDArray[np.float32]:
    """(K, side): rows of the DCT-II, scaled by the side so that coefficients do not grow with resolution."""
    places = (np.arange(side_px) + 0.5) / side_px
    basis = np.cos(np.pi * _FREQUENCY[:, None] * places) * np.sqrt(2) / side_px
    basis[0] /= np.sqrt(2)
    basis[side_px:] = 0  # a picture of 8 pixels holds 8 frequencies; the rest would be echoes of them
    return np.asarray(basis, np.float32)


def _is_plain(brightness: NDArray[np.float32], shape: NDArray[np.float32]) -> bool:
    """Nearly one flat tone or one smooth wave: nothing to tell it from other plain pictures."""
    contrast = float(np.sqrt((brightness**2).sum() - brightness[0, 0] ** 2))
    components = float((shape**2).sum() ** 2 / max(float((shape**4).sum()), 1e-12))
    return contrast < PLAIN_CONTRAST or components < PLAIN_COMPONENTS
