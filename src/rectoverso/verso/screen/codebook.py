"""The words in which indexed points are written: product quantisation, learnt from a register's own points.

A point's descriptor is written in 16 bytes, one for each of its 4 x 4 cells: which of 256 patterns the cell's eight
directions are most like. Where it is looked for is told by two more words, of its upper and its lower half: only points
with both words near those of the query are compared. So a point costs 16 bytes and its address, and a new point is
written without looking at any other.

The words are learnt from the points that are there, and again when there are eight times as many: there have to be more
addresses then, so that the points at one stay few.

Sources: H. Jégou et al., "Product Quantization for Nearest Neighbor Search", 2011; A. Babenko and V. Lempitsky, "The
Inverted Multi-Index", 2012; M. Douze et al., "The Faiss library", 2024.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Shapes: N points, D = 128 numbers, L words of a half, A addresses searched.

Floats = NDArray[np.float32]

DIMENSION = 128
CODE_BYTES = 16
HALVES = 2
PROBES = 16
LEARNT_AGAIN_AT = 8
LEARNT_FROM = 65_536
ROUNDS = 10
AT_ONCE = 2_048

_HEADER = struct.Struct("<BBQ")
_VERSION = 1
_PATTERNS = 256
_WORD_BITS = ((60_000, 4), (1_000_000, 6), (16_000_000, 8), (64_000_000, 9))
_MOST_WORD_BITS = 10
"""Up to how many points halves have 2^4, 2^6, 2^8, 2^9 words: some hundred points an address, seldom many more. An
address takes about 180 bytes of memory by itself, with 2^10 words 190 MB.
"""


@dataclass(frozen=True, eq=False)
class Codebook:
    """``words`` (2, L, D/2) tell addresses, ``patterns`` (16, 256, D/16) write descriptors; learnt from ``points``."""

    words: Floats
    patterns: Floats
    points: int

    @classmethod
    def learnt(cls, descriptors: Floats, points: int) -> Codebook:
        """From some descriptors (N, D) of a register that has ``points`` of them; the same ones give the same book."""
        bits = word_bits(points * LEARNT_AGAIN_AT)
        return cls(_learnt(descriptors, HALVES, bits), _learnt(descriptors, CODE_BYTES, 8), points)

    @property
    def suits(self) -> int:
        """Up to how many points it is good for."""
        return self.points * LEARNT_AGAIN_AT

    @cached_property
    def name(self) -> str:
        """What tells it from other books."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]

    def empty_index(self) -> Any:
        """A FAISS index over squared distances that reads these words, with nothing in it."""
        import faiss

        bits = int(np.log2(self.words.shape[1]))
        addresses: Any = faiss.MultiIndexQuantizer(DIMENSION, HALVES, bits)
        faiss.copy_array_to_vector(self.words.ravel(), addresses.pq.centroids)
        addresses.is_trained, addresses.ntotal = True, 1 << (HALVES * bits)
        index: Any = faiss.IndexIVFPQ(addresses, DIMENSION, addresses.ntotal, CODE_BYTES, 8)
        index.quantizer_trains_alone = 1
        index.by_residual = (
            False  # so that what is written does not depend on the address, and one table serves all
        )
        faiss.copy_array_to_vector(self.patterns.ravel(), index.pq.centroids)
        index.is_trained, index.nprobe = True, PROBES
        return index

    def written(self, descriptors: Floats) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        """Addresses (N,) and codes (N, 16) of descriptors (N, D)."""
        bits = int(np.log2(self.words.shape[1]))
        first, second = (
            _nearest(half, words)
            for half, words in zip(np.split(descriptors, HALVES, axis=1), self.words, strict=True)
        )
        codes = self._writer.pq.compute_codes(descriptors)
        return (first | second << bits).astype(np.uint32), np.asarray(codes, np.uint8)

    @cached_property
    def _writer(self) -> Any:
        return self.empty_index()

    def to_bytes(self) -> bytes:
        """0.2 to 0.7 MB."""
        bits = int(np.log2(self.words.shape[1]))
        header = _HEADER.pack(_VERSION, bits, self.points)
        return header + self.words.astype("<f4").tobytes() + self.patterns.astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Codebook:
        """What ``to_bytes`` wrote. Raises ValueError for anything else."""
        if len(data) < _HEADER.size:
            raise ValueError("not a codebook of this version")
        version, bits, points = _HEADER.unpack_from(data)
        words, patterns = DIMENSION << bits, DIMENSION * _PATTERNS
        if version != _VERSION or len(data) != _HEADER.size + 4 * (words + patterns):
            raise ValueError("not a codebook of this version")
        values = np.frombuffer(data, "<f4", offset=_HEADER.size).astype(np.float32)
        first, second = np.split(values, [words])
        return cls(
            first.reshape(HALVES, 1 << bits, DIMENSION // HALVES),
            second.reshape(CODE_BYTES, _PATTERNS, DIMENSION // CODE_BYTES),
            points,
        )


def _nearest(halves: Floats, words: Floats) -> NDArray[np.int64]:
    """Which of the words (L, D/2) is nearest to each half (N, D/2): that with the greatest product, less half its own
    square.
    """
    squares_L = np.einsum("ld,ld->l", words, words) / 2
    nearest_N = np.empty(len(halves), np.int64)
    for start in range(0, len(halves), AT_ONCE):
        here = slice(start, start + AT_ONCE)
        nearest_N[here] = (halves[here] @ words.T - squares_L).argmax(axis=1)
    return nearest_N


def word_bits(points: int) -> int:
    """How many bits a half's word has for so many points."""
    return next((bits for most, bits in _WORD_BITS if points <= most), _MOST_WORD_BITS)


def _learnt(descriptors: Floats, parts: int, bits: int) -> Floats:
    """The centres (parts, 2^bits, D / parts) of k-means in each part of the descriptors."""
    import faiss

    quantiser: Any = faiss.ProductQuantizer(DIMENSION, parts, bits)
    quantiser.cp.niter = ROUNDS
    quantiser.cp.min_points_per_centroid = 1
    quantiser.train(np.ascontiguousarray(descriptors, np.float32))
    centres = faiss.vector_to_array(quantiser.centroids)
    return np.asarray(centres.reshape(parts, 1 << bits, DIMENSION // parts), np.float32)
