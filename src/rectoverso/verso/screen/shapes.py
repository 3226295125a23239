"""What all works look like from afar, so that those alike to a picture are found among a million at once.

Some thousands are compared number by number. Of more, signs are compared first: on which side of 256 random planes a
shape lies. Two shapes at an angle a are parted by a share a / pi of such planes, so that how many part them says how
alike they are; only works that may be alike enough are compared number by number. Of those that are as alike as was
asked and no more, the signs of one in half a million say no, and of those that are more alike next to none.

No work can keep another from being found: all that are alike enough are told, however many.

Source: M. Charikar, "Similarity Estimation Techniques from Rounding Algorithms", 2002, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.screen.sketch import shapes_in

# Shapes: W works, R of them, S views, K the numbers of a shape.

FEW = 16_384
"""Up to so many works signs save no time."""

PLANES = 256
MOST_APART = 5.0
"""By so many standard deviations signs may look less alike than shapes are: of 256 coins at 0.80, 2 in a million."""

NEAREST = 256
"""The nearest work is looked for among so many that signs find nearest."""

AT_ONCE = 32_768


class Shapes:
    """The shapes in ``kept`` (``Sketch.to_bytes``), by their places: 304 bytes each where they are many.

    Raises ValueError for what is not a sketch of this version.
    """

    def __init__(self, kept: Sequence[bytes]) -> None:
        shapes_WK = shapes_in(kept)
        self._are_few = len(kept) <= FEW
        self._shapes_WK = shapes_WK.astype(np.float32) if self._are_few else shapes_WK
        if not self._are_few:
            rng = np.random.default_rng(0)
            self._planes_KP = rng.standard_normal((shapes_WK.shape[1], PLANES), np.float32)
            none = np.zeros((0, PLANES // 8), np.uint8)
            parts = (self._signs(self._rows(rows)) for rows in _parts(np.arange(len(kept))))
            self._signs_W = np.concatenate([none, *parts])

    def near(
        self, views_SK: NDArray[np.float32], likeness: float, *, at_least: int = 0
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The places (R,) of all that are so alike to one of the views or its inverse, and of ``at_least`` so many;
        the most alike first, with their likenesses (R, S): 1 is the same, -1 the same inverted.
        """
        if self._are_few:
            rows, alike_RS = np.arange(len(self._shapes_WK)), self._shapes_WK @ views_SK.T
        else:
            rows = self._possible(views_SK, likeness, at_least)
            parts = [self._rows(part) @ views_SK.T for part in _parts(rows)]
            alike_RS = np.concatenate([np.zeros((0, len(views_SK)), np.float32), *parts])
        most_R = np.abs(alike_RS).max(axis=1)
        count = max(min(at_least, len(rows)), int((most_R >= likeness).sum()))
        first = np.argsort(-most_R, kind="stable")[:count]
        return rows[first], alike_RS[first]

    def _possible(self, views_SK: NDArray[np.float32], likeness: float, at_least: int) -> NDArray[np.int64]:
        """The works whose signs do not say that they are less alike, and those that signs find nearest."""
        agree_W = self._agreeing(self._signs(views_SK))
        enough = np.cumsum(np.bincount(agree_W, minlength=PLANES // 2 + 1)[::-1])[::-1] >= NEAREST * at_least
        nearest = int(np.flatnonzero(enough)[-1]) if enough.any() else 0
        return np.flatnonzero(agree_W >= min(_least(likeness), nearest))

    def _agreeing(self, asked_SB: NDArray[np.uint8]) -> NDArray[np.int32]:
        """By how many signs more than half each work agrees, or disagrees, with the view that it does most with."""
        import faiss

        library: Any = faiss
        agree_W = np.empty(len(self._signs_W), np.int32)
        for start in range(0, len(agree_W), AT_ONCE):
            here_RB = self._signs_W[start : start + AT_ONCE]
            apart_SR = np.empty((len(asked_SB), len(here_RB)), np.int32)
            sizes = len(asked_SB), len(here_RB), asked_SB.shape[1]
            library.hammings(*map(faiss.swig_ptr, (asked_SB, here_RB)), *sizes, faiss.swig_ptr(apart_SR))
            np.abs(np.subtract(apart_SR, PLANES // 2, out=apart_SR), out=apart_SR)
            apart_SR.max(axis=0, out=agree_W[start : start + AT_ONCE])
        return agree_W

    def _rows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.asarray(self._shapes_WK[rows], np.float32)

    def _signs(self, shapes_RK: NDArray[np.float32]) -> NDArray[np.uint8]:
        return np.packbits(shapes_RK @ self._planes_KP > 0, axis=1)


def _least(likeness: float) -> float:
    """By how many signs more than half two shapes that are so alike agree, or seldom a little fewer."""
    share = math.acos(min(likeness, 1.0)) / math.pi
    return PLANES / 2 - PLANES * share - MOST_APART * math.sqrt(PLANES * share * (1 - share))


def _parts(rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)]
