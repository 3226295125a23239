"""What is kept of a work beside its fingerprints, so that the very picture and its parts are known again.

Neither gives the picture back: a digest says nothing, and points say what small patches around corners are like, in two
bits a number. They are still personal data where a work shows a person, and are sealed in the store.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Pixels
from rectoverso.verso.screen import points as kept
from rectoverso.verso.screen.points import Points

DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Trace:
    """``digest`` is the SHA-256 of shape and pixels, whatever file they were in; ``points`` are at most 300."""

    digest: bytes
    points: Points

    @classmethod
    def of(cls, pixels: Pixels) -> Trace:
        """That of a picture (uint8 HWC)."""
        return cls(digest_of(pixels), Points.kept(pixels))

    def to_bytes(self) -> bytes:
        """At most 11.5 KB: the digest, then the points."""
        return self.digest + self.points.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Trace:
        """What ``to_bytes`` wrote. Raises ValueError for anything else."""
        return cls(digest_in(data), Points.from_bytes(data[DIGEST_BYTES:]))


def digest_of(pixels: Pixels) -> bytes:
    """SHA-256 of shape and values."""
    shape = "x".join(str(side) for side in pixels.shape).encode()
    return hashlib.sha256(shape + b"\0" + pixels.tobytes()).digest()


def digest_in(trace: bytes) -> bytes:
    """The digest in what ``Trace.to_bytes`` wrote."""
    return trace[:DIGEST_BYTES]


def kept_in(trace: bytes, *, at_most: int) -> tuple[NDArray[np.uint8], ...]:
    """Of the first points in what ``Trace.to_bytes`` wrote: codes (N, 32), turns, octaves (N,). Raises ValueError."""
    return kept.codes_and_pose(trace[DIGEST_BYTES:], at_most)
