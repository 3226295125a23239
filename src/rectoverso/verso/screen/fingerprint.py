"""The perceptual hash of a picture: PDQ, 256 bits from the signs of its low frequencies.

Two versions of one picture differ in few bits, unrelated pictures in about half of them. PDQ says by itself how much
there was to hash (quality 0 to 100); below 50 the bits are mostly chance and no hash is given.

Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", Facebook, 2019.
"""

from __future__ import annotations

import math

import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.screen.symmetry import SYMMETRIES, turned

NUM_BYTES = 32
MIN_QUALITY = 50
SIDE_PX = 256
"""Every picture is hashed at this size: large ones faster so, small ones enlarged smoothly, not in steps."""

_COINS = 239


def fingerprint(pixels: Pixels) -> bytes:
    """The hash of a picture (uint8 HWC with 1, 3 or 4 channels): 32 bytes, or none when it is too plain."""
    return _hash(_square(pixels))


def fingerprints(pixels: Pixels) -> bytes:
    """The hashes of a picture in its eight symmetries, one after the other: 256 bytes, or none."""
    square = _square(pixels)
    hashes = [_hash(turned(square, symmetry)) for symmetry in range(len(SYMMETRIES))]
    return b"".join(hashes) if all(hashes) else b""


def chance(distance: int, comparisons: int) -> float:
    """How often the nearest of so many unrelated photographs would be as near as ``distance`` bits of 256.

    The distances of unrelated photographs are as if 239 independent coins were thrown: their spread is 8.27 bits over
    358,800 comparisons (`benchmarks/durable.py`). Drawings that share a layout come nearer than that.
    Source: Daugman, "The importance of being random", 2003 (degrees of freedom from the spread).
    """
    heads = round(distance / (8 * NUM_BYTES) * _COINS)
    at_most = sum(math.comb(_COINS, count) for count in range(heads + 1))
    return min(1.0, comparisons * (at_most / 2.0**_COINS))


def distances(one: bytes, many: NDArray[np.uint8]) -> NDArray[np.int64]:
    """In how many of 256 bits one hash differs from many, uint8 (..., 32): 0 is the same, 128 is chance."""
    differing = np.bitwise_xor(many, np.frombuffer(one, np.uint8))
    return np.asarray(np.bitwise_count(differing).sum(axis=-1, dtype=np.int64))


def _hash(square: Pixels) -> bytes:
    bits, quality = pdqhash.compute(square)
    return np.packbits(bits.astype(bool)).tobytes() if quality >= MIN_QUALITY else b""


def on_white(pixels: Pixels) -> Image.Image:
    """A picture (uint8 HWC with 1, 3 or 4 channels) in RGB, as it looks on white paper."""
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _square(pixels: Pixels) -> Pixels:
    """RGB at the hashing size; the aspect ratio is not kept, so that a squeezed copy is found as well."""
    size = (SIDE_PX, SIDE_PX)
    return np.asarray(on_white(pixels).resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0))
