"""Noise as a pure function of (run seed, image index, purpose): nothing is drawn from a state that moves.

Each purpose is a Philox4x64-10 generator (Salmon et al. 2011) whose key is (seed, purpose) and whose counter
is the image's place. An image always consumes the same number of counters, so a run of images is one
vectorised call, and any split of it into batches, processes or resumed parts gives the same values.

Shapes: N images, D numbers an image.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

WORDS_PER_COUNT = 4
MASK64 = 2**64 - 1
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Streams:
    """All the randomness of one seed."""

    seed: int

    def words(self, purpose: str, first: int, count: int, width: int) -> NDArray[np.uint64]:
        """Raw 64-bit words (N, D) for the images ``first`` to ``first + count``."""
        counts = -(-width // WORDS_PER_COUNT)
        key = np.array([self.seed & MASK64, _number(purpose)], dtype=np.uint64)
        raw = np.random.Philox(key=key, counter=first * counts).random_raw(count * counts * WORDS_PER_COUNT)
        return np.ascontiguousarray(raw.reshape(count, counts * WORDS_PER_COUNT)[:, :width])

    def uniforms(self, purpose: str, first: int, count: int, width: int) -> NDArray[np.float64]:
        """Numbers (N, D) strictly between 0 and 1."""
        top_ND = (self.words(purpose, first, count, width) >> np.uint64(11)).astype(np.float64)
        return (top_ND + 0.5) * 2.0**-53

    def normals(self, purpose: str, first: int, count: int, width: int) -> Floats:
        """Standard normal numbers (N, D), by Box and Muller (1958): two uniforms make two normals, never
        more.
        """
        pairs = -(-width // 2)
        u = self.uniforms(purpose, first, count, 2 * pairs)
        radius = np.sqrt(-2 * np.log(u[:, :pairs]))
        angle = 2 * np.pi * u[:, pairs:]
        both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        return np.ascontiguousarray(both[:, :width], dtype=np.float32)

    def signs(self, purpose: str, first: int, count: int, width: int) -> Floats:
        """Numbers (N, D) that are 1 or -1 with equal chance."""
        words = self.words(purpose, first, count, -(-width // 64))
        bits = np.unpackbits(words.astype("<u8").view(np.uint8), axis=1)[:, :width]
        return bits.astype(np.float32) * 2 - 1

    def choices(self, purpose: str, first: int, count: int, options: int) -> NDArray[np.int64]:
        """One of ``options`` for each image (N,)."""
        u_N = self.uniforms(purpose, first, count, 1)[:, 0]
        return np.minimum((u_N * options).astype(np.int64), options - 1)

    def torch_seed(self, purpose: str, images: int) -> int:
        """A seed for torch's global generator, for what can only be drawn from it (dropout)."""
        return int(self.words(purpose, images, 1, 1)[0, 0] >> np.uint64(1))

    def order(self, epoch: int, length: int, purpose: str = "order") -> NDArray[np.int64]:
        """The order (length,) in which one pass over the data takes its pictures."""
        return _order(self.seed, epoch, length, purpose)

    def places(self, first: int, count: int, length: int, purpose: str = "order") -> NDArray[np.int64]:
        """Which picture of the data each image index (N,) shows: every pass has an order of its own."""
        index_N = np.arange(first, first + count)
        orders = [self.order(int(i) // length, length, purpose)[i % length] for i in index_N]
        return np.array(orders, dtype=np.int64)


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, length: int, purpose: str) -> NDArray[np.int64]:
    key = np.array([seed & MASK64, _number(purpose)], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=epoch << 128)).permutation(length)


def _number(purpose: str) -> int:
    return int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8])
