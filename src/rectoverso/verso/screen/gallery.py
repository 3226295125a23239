"""The registered works, ready to be compared with a picture.

Two pictures of at least 96 pixels whose hashes mean something are compared in detail: the hash proposes, the
sketch confirms. Anything smaller or flatter is compared by its sketch alone, and has to be more alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from rectoverso.store.works import Work
from rectoverso.types import Outcome, Pixels
from rectoverso.verso.screen.fingerprint import NUM_BYTES, distances, fingerprint
from rectoverso.verso.screen.sketch import NUM_FREQUENCIES, Sketch, colours_agree
from rectoverso.verso.screen.symmetry import INVERSES, SYMMETRIES

# Shapes: W works, S symmetries, B bytes of a hash, K*K frequencies of a sketch.

SMALL_SIDE_PX = 96
"""Below this shorter side a hash says little (measured: a third of its bits turn by saving 32 px digits as JPEG)."""


class Method(StrEnum):
    """How two pictures were compared."""

    DETAILED = "detailed"
    COARSE = "coarse"


@dataclass(frozen=True, slots=True)
class Limits:
    """From which likeness on (1 is the same), and up to which hash distance, two pictures count as similar.

    The rates are upper 95 % bounds of how often a picture that is no copy reached the limit when it was set.
    """

    likeness: float
    distance: int
    false_positive_rate: float


LIMITS = {
    (Method.DETAILED, Outcome.BLOCK): Limits(0.97, 34, 0.001),
    (Method.DETAILED, Outcome.REVIEW): Limits(0.80, 72, 0.01),
    (Method.COARSE, Outcome.BLOCK): Limits(0.985, 256, 0.001),
    (Method.COARSE, Outcome.REVIEW): Limits(0.94, 256, 0.01),
}


@dataclass(frozen=True, slots=True)
class Match:
    """How a picture compares with one work: ``symmetry`` is what turns the work into the picture."""

    work: Work
    outcome: Outcome
    likeness: float
    distance: int | None
    symmetry: str
    colours_agree: bool
    method: Method

    @property
    def limits(self) -> Limits:
        """The limits that were reached, or the lowest that were not."""
        level = Outcome.REVIEW if self.outcome is Outcome.PASS else self.outcome
        return LIMITS[self.method, level]

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "id": self.work.id,
            "title": self.work.title,
            "owner": self.work.owner,
            "outcome": self.outcome.value,
            "likeness": round(self.likeness, 4),
            "distance": self.distance,
            "symmetry": self.symmetry,
            "colours_agree": self.colours_agree,
            "method": self.method.value,
        }


class Gallery:
    """Works to compare with. Raises ValueError when a work's fingerprints are not what this version wrote."""

    def __init__(self, works: Sequence[Work]) -> None:
        self.works = tuple(works)
        self._sketches = [Sketch.from_bytes(work.small) for work in self.works]
        self._has_hash_W = np.array([bool(work.fingerprint) for work in self.works], bool)
        self._side_px_W = np.array([sketch.side_px for sketch in self._sketches], int)
        self._hashes_WSB = self._stacked_hashes()
        shapes = [sketch.shape.ravel() for sketch in self._sketches]
        self._shapes_WK = np.array(shapes, np.float32).reshape(len(shapes), NUM_FREQUENCIES**2)

    def ranked(self, pixels: Pixels, *, at_most: int | None = None) -> list[Match]:
        """Every work (or the first ``at_most``), the most alike first."""
        if not self.works:
            return []
        sketch, hash_ = Sketch.of(pixels), fingerprint(pixels)
        turned = [sketch.turned(INVERSES[symmetry]) for symmetry in range(len(SYMMETRIES))]
        likeness_WS = self._shapes_WK @ np.stack([view.shape.ravel() for view in turned]).T
        best_W = likeness_WS.argmax(axis=1)
        likeness_W = likeness_WS[np.arange(len(self.works)), best_W]
        detailed_W = self._has_hash_W & (self._side_px_W >= SMALL_SIDE_PX)
        detailed_W &= bool(hash_) and sketch.side_px >= SMALL_SIDE_PX
        distance_W = self._distances(hash_, best_W)
        order = np.lexsort((-likeness_W, -_levels(likeness_W, distance_W, detailed_W)))
        return [
            self._match(
                int(work),
                turned[best_W[work]],
                float(likeness_W[work]),
                int(distance_W[work]) if hash_ and self._has_hash_W[work] else None,
                SYMMETRIES[best_W[work]],
                Method.DETAILED if detailed_W[work] else Method.COARSE,
            )
            for work in order[:at_most]
        ]
