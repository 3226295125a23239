"""Which pictures of a collection are copies of each other, also mirrored, turned, or cut by a tenth of their sides.

The prints of so many pictures are put into an index, which all pictures are then looked up in; then the next so many.
An index has the hashes by pieces of them, so that whatever differs in few bits shares a piece with what it is a copy
of, and the coarse shapes by the region that they fall into. Those of two pictures who come near by their shapes are
laid over each other as small pictures, at several scales, and how well the one agrees with a part of the other
decides.

Sources: T. Davis et al., "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019; M. Norouzi
et al., "Fast Exact Search in Hamming Space with Multi-Index Hashing", IEEE TPAMI 36(6), 2014, for the pieces; J.
Sivic and A. Zisserman, "Video Google", ICCV 2003, for the regions, as FAISS has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import faiss
import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.curate.prints import NUM_FREQUENCIES, NUM_VIEWS, THUMB_PX, Block, Floats, turned_views
from rectoverso.verso.screen.fingerprint import NUM_BYTES
from rectoverso.verso.screen.symmetry import SYMMETRIES, turned

HASH_BITS = 31
"""Of 256, as its authors advise. Unrelated photographs differ in 69 or more bits where a million are compared."""
PIECES, PIECE_BITS, PIECE_FLIPS = 16, 16, 1
"""Where up to 31 of 256 bits differ, at most one does in one of 16 pieces: none of these copies is missed."""
LIKE = 0.86
"""The cosine of coarse shapes from which on two pictures are laid over each other."""
AGREE = 0.96
"""The correlation from which on one lies in the other. Of copies it is 0.966 at least (CIFAR-10 at half its size;
photographs cut by a tenth, 0.977), of 1,800 other pictures of CIFAR-10 0.958 at most.
"""
NEAREST = 32
"""So many of each index are looked at for each picture and symmetry."""
FEW = 30_000
"""Up to so many views are compared one by one, which takes less time than regions take to be found."""
PROBED = 32
"""Regions that are looked into for each picture, of four times the root of the number of views."""

_SCALES = tuple(np.arange(0.85, 1.001, 0.03))
_FINER = (-0.02, -0.01, 0.01, 0.02)
_COARSE_PX = THUMB_PX // 2
_COARSE_MARGIN = 0.08
"""At half the size a correlation falls short of that at the full size by less."""

By = Literal["hash", "shapes"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of which one is a copy. ``score``: bits of 256 that differ, or the correlation."""

    later: int
    earlier: int
    by: By
    score: float

    @classmethod
    def of(cls, one: int, other: int, by: By, score: float) -> Pair:
        return cls(max(one, other), min(one, other), by, score)


class Index:
    """The prints of many pictures, to look others up in."""

    def __init__(self, block: Block) -> None:
        is_hashed, is_shaped = block.hashes.any(axis=1), block.views[:, 0].any(axis=1)
        self._hashed, self._shaped = block.places[is_hashed], block.places[is_shaped]
        self._by_hash = faiss.IndexBinaryMultiHash(8 * NUM_BYTES, PIECES, PIECE_BITS)
        self._by_hash.nflip = PIECE_FLIPS
        self._by_hash.add(np.ascontiguousarray(block.hashes[is_hashed]))
        self._by_shapes = _shapes_index(
            np.ascontiguousarray(block.views[is_shaped]).reshape(-1, NUM_FREQUENCIES)
        )

    def pairs(self, asking: Block, thumb: Callable[[int], bytes]) -> Iterator[Pair]:
        """The copies among these pictures of those in the index, each once; ``thumb`` gives the small picture of a
        place.

        Of two pictures with one cut from the other, the cut one has to be asking.
        """
        seen = set[tuple[int, int]]()
        for held, asker, bits in self._near_by_hash(asking):
            if held != asker and (held, asker) not in seen:
                seen |= {(held, asker), (asker, held)}
                yield Pair.of(held, asker, "hash", bits)
        for held, asker, symmetry in self._near_by_shapes(asking):
            if held != asker and (held, asker) not in seen:
                score = agreement(_grey(thumb(asker), symmetry), _grey(thumb(held)))
                if score >= AGREE:
                    seen |= {(held, asker), (asker, held)}
                    yield Pair.of(held, asker, "shapes", round(score, 4))

    def _near_by_hash(self, asking: Block) -> Iterator[tuple[int, int, int]]:
        is_hashed = asking.hashes.any(axis=1)
        if not len(self._hashed) or not is_hashed.any():
            return
        # What is nearer than the radius is found.
        starts, distances, found = self._by_hash.range_search(
            np.ascontiguousarray(asking.hashes[is_hashed]), HASH_BITS + 1
        )
        askers = np.repeat(asking.places[is_hashed], np.diff(starts).astype(np.int64))
        for asker, held, bits in zip(askers, self._hashed[found], distances, strict=True):
            yield int(held), int(asker), int(bits)

    def _near_by_shapes(self, asking: Block) -> Iterator[tuple[int, int, int]]:
        """The whole of each picture, in all symmetries, against all views of those in the index."""
        whole = asking.views[:, 0]
        is_shaped = whole.any(axis=1)
        if not len(self._shaped) or not is_shaped.any():
            return
        places: NDArray[np.int64] = asking.places[is_shaped]
        for symmetry in range(len(SYMMETRIES)):
            wanted = np.ascontiguousarray(turned_views(whole[is_shaped], symmetry))
            likeness, found = self._by_shapes.search(wanted, min(NEAREST, self._by_shapes.ntotal))
            rows, columns = np.nonzero((likeness >= LIKE) & (found >= 0))
            # Several views of a picture are like the same one.
            near = np.unique(np.stack([rows, found[rows, columns] // NUM_VIEWS], axis=1), axis=0)
            for row, held in near:
                yield int(self._shaped[held]), int(places[row]), symmetry


def _shapes_index(views: Floats) -> faiss.Index:
    """An index by inner product. Its regions depend on nothing but the views."""
    whole = faiss.IndexFlatIP(NUM_FREQUENCIES)
    if len(views) <= FEW:
        whole.add(views)
        return whole
    regions = 4 * int(np.sqrt(len(views)))
    index = faiss.IndexIVFFlat(whole, NUM_FREQUENCIES, regions, faiss.METRIC_INNER_PRODUCT)
    index.train(views)
    index.add(views)
    index.nprobe = PROBED
    return index


def agreement(part: Floats, whole: Floats) -> float:
    """How well a small grey picture, scaled down, agrees with any place of the other: their best correlation, up to 1.

    Where it is far from a copy at half the size already, that is the answer.
    """
    coarse_part, coarse_whole = _halved(part), _halved(whole)
    coarse = max(_correlation(coarse_part, coarse_whole, scale) for scale in _SCALES)
    if coarse < AGREE - _COARSE_MARGIN:
        return coarse
    at_scales = {scale: _correlation(part, whole, scale) for scale in _SCALES}
    best = max(at_scales, key=lambda scale: at_scales[scale])
    finer = [_correlation(part, whole, best + step) for step in _FINER if best + step <= 1]
    return max(at_scales[best], *finer)


def _halved(grey: Floats) -> Floats:
    return np.asarray(cv2.resize(grey, (_COARSE_PX, _COARSE_PX), interpolation=cv2.INTER_AREA), np.float32)


def _correlation(part: Floats, whole: Floats, scale: float) -> float:
    side = round(len(part) * scale)
    scaled = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA)
    return float(cv2.matchTemplate(whole, scaled, cv2.TM_CCOEFF_NORMED).max())


def _grey(thumb: bytes, symmetry: int = 0) -> Floats:
    grey = turned(np.frombuffer(thumb, np.uint8).reshape(THUMB_PX, THUMB_PX), symmetry)
    # A shift of less than a pixel of it must not count.
    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 0.8), np.float32)
