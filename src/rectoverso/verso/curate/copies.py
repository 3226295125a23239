"""Which pictures of a collection are copies of each other, also mirrored, turned, or cut by a tenth of their sides.

Every picture is compared with every other, block by block, so that memory does not grow with their number; the time
does, with its square. Of those who come near by their coarse shapes the small pictures are laid over each other, at
several scales, and how well the one agrees with a part of the other decides.

Source of the hash: T. Davis et al., "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import faiss
import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.curate.prints import NUM_VIEWS, THUMB_PX, Block, Floats, mirrored
from rectoverso.verso.screen.fingerprint import NUM_BYTES
from rectoverso.verso.screen.symmetry import SYMMETRIES, turned

HASH_BITS = 31
"""Of 256, as its authors advise. Unrelated photographs differ in 69 or more bits where a million are compared."""
TURNED_BITS = 60
"""Up to which two pictures are laid over each other: of a turned picture the hash is not computed but derived, which
costs up to 50 bits (seen on 6 pictures in 7 symmetries).
"""
LIKE = 0.80
"""The cosine of coarse shapes from which on two pictures are laid over each other."""
AGREE = 0.93
"""The correlation from which on one lies in the other."""
NEAREST = 32
"""So many of each block are looked at for each picture."""

_MIRRORED = SYMMETRIES.index("mirrored")
_SCALES = tuple(np.arange(0.85, 1.001, 0.03))
_FINER = (-0.02, -0.01, 0.01, 0.02)

By = Literal["hash", "shapes"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of which one is a copy. ``score``: bits of 256 that differ, or the correlation."""

    later: int
    earlier: int
    by: By
    score: float


def pairs(one: Block, other: Block, thumb: Callable[[int], bytes]) -> Iterator[Pair]:
    """The copies between two blocks, or within one; ``thumb`` gives the small picture of a place."""
    seen = set[tuple[int, int]]()
    for first, second, bits in _by_hash(one, other):
        found = _ordered(first, second)
        if (
            first != second
            and found not in seen
            and (bits <= HASH_BITS or _agree_turned(thumb(first), thumb(second)))
        ):
            seen.add(found)
            yield Pair(*found, "hash", bits)
    for first, second, symmetry in _by_shapes(one, other):
        found = _ordered(first, second)
        if first != second and found not in seen:
            score = agreement(_grey(thumb(first)), _grey(thumb(second), symmetry))
            if score >= AGREE:
                seen.add(found)
                yield Pair(*found, "shapes", round(score, 4))


def agreement(one: Floats, other: Floats) -> float:
    """How well one small grey picture agrees with a part of the other, at best: their correlation, up to 1."""
    return max(_within(one, other), _within(other, one))


def _within(part: Floats, whole: Floats) -> float:
    """The best correlation of a part, scaled down, with any place of the whole."""
    at_scales = {scale: _correlation(part, whole, scale) for scale in _SCALES}
    best = max(at_scales, key=lambda scale: at_scales[scale])
    finer = [_correlation(part, whole, best + step) for step in _FINER if best + step <= 1]
    return max(at_scales[best], *finer)


def _correlation(part: Floats, whole: Floats, scale: float) -> float:
    side = round(THUMB_PX * scale)
    scaled = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA)
    return float(cv2.matchTemplate(whole, scaled, cv2.TM_CCOEFF_NORMED).max())


def _agree_turned(one: bytes, other: bytes) -> bool:
    """Whether one lies in the other, turned or mirrored somehow."""
    grey = _grey(one)
    return any(agreement(grey, _grey(other, symmetry)) >= AGREE for symmetry in range(len(SYMMETRIES)))


def _grey(thumb: bytes, symmetry: int = 0) -> Floats:
    grey = turned(np.frombuffer(thumb, np.uint8).reshape(THUMB_PX, THUMB_PX), symmetry)
    # A shift of less than a pixel of it must not count.
    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 0.8), np.float32)


def _by_hash(one: Block, other: Block) -> Iterator[tuple[int, int, int]]:
    hashed_one, hashed_other = one.hashes[:, 0].any(axis=1), other.hashes[:, 0].any(axis=1)
    if not hashed_one.any() or not hashed_other.any():
        return
    places_one, places_other = one.places[hashed_one], other.places[hashed_other]
    index = faiss.IndexBinaryFlat(8 * NUM_BYTES)
    index.add(np.ascontiguousarray(one.hashes[hashed_one, 0]))
    asked = np.ascontiguousarray(other.hashes[hashed_other]).reshape(-1, NUM_BYTES)
    distance, found = index.search(asked, min(NEAREST, len(places_one)))
    asking = np.repeat(places_other, other.hashes.shape[1])
    for row, column in np.argwhere(distance <= TURNED_BITS):
        yield int(places_one[found[row, column]]), int(asking[row]), int(distance[row, column])


def _by_shapes(one: Block, other: Block) -> Iterator[tuple[int, int, int]]:
    """The whole of each picture, as it lies and mirrored, against all views of the other block, both ways round."""
    yield from _like_views(one, other)
    if one is not other:
        yield from _like_views(other, one)


def _like_views(viewed: Block, asking: Block) -> Iterator[tuple[int, int, int]]:
    whole = asking.views[:, 0]
    is_shaped = whole.any(axis=1)
    if not is_shaped.any():
        return
    index = faiss.IndexFlatIP(whole.shape[1])
    index.add(np.ascontiguousarray(viewed.views.reshape(-1, whole.shape[1])))
    places: NDArray[np.int64] = asking.places[is_shaped]
    for symmetry, wanted in ((0, whole[is_shaped]), (_MIRRORED, mirrored(whole[is_shaped]))):
        likeness, found = index.search(np.ascontiguousarray(wanted), min(NEAREST, index.ntotal))
        for row, column in np.argwhere(likeness >= LIKE):
            yield int(viewed.places[found[row, column] // NUM_VIEWS]), int(places[row]), symmetry


def _ordered(first: int, second: int) -> tuple[int, int]:
    return max(first, second), min(first, second)
