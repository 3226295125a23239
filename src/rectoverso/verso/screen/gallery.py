"""The registered works, ready to be compared with a picture.

Inverted tones negate a sketch and all bits of a hash, so they are seen without another look.

Two pictures of at least 96 pixels whose hashes mean something are compared in detail: the hash proposes, the sketch
confirms. Anything smaller or flatter is compared by its sketch alone, and has to be more alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rectoverso.store.works import Work
from rectoverso.types import Outcome, Pixels
from rectoverso.verso.screen.fingerprint import NUM_BYTES, distances, fingerprint
from rectoverso.verso.screen.shapes import Shapes
from rectoverso.verso.screen.sketch import INSIDE_KK, Sketch, colours_agree
from rectoverso.verso.screen.symmetry import INVERSES, MIRRORED_FROM, SYMMETRIES

# Shapes: R works, S symmetries, K the numbers of a sketch.

SMALL_SIDE_PX = 96
"""Below this shorter side a hash says little: JPEG alone turns up to 68 of 256 bits of a 32 px digit."""


class Method(StrEnum):
    """How two pictures were compared."""

    EXACT = "exact"
    DETAILED = "detailed"
    COARSE = "coarse"


@dataclass(frozen=True, slots=True)
class Limits:
    """From which likeness on (1 is the same), and up to which hash distance, two pictures count as similar.

    The rate is how often a picture that is no copy got there, as an upper 95 % bound and of the kind of picture that
    fared worst: drawings in another style (detailed), handwritten digits (coarse). Of 5,000 small photographs none
    did.
    """

    likeness: float
    distance: int | None
    false_positive_rate: float


WholeLimits: TypeAlias = Mapping[tuple[Method, Outcome], Limits]

LIMITS: WholeLimits = {
    (Method.EXACT, Outcome.BLOCK): Limits(1.0, 0, 0.0),
    (Method.DETAILED, Outcome.BLOCK): Limits(0.97, 34, 0.003),
    (Method.DETAILED, Outcome.REVIEW): Limits(0.80, 72, 0.011),
    (Method.COARSE, Outcome.BLOCK): Limits(0.985, None, 0.002),
    (Method.COARSE, Outcome.REVIEW): Limits(0.94, None, 0.03),
}
LOWEST_LIKENESS = min(limits.likeness for limits in LIMITS.values())
VERSION_LIKENESS = 0.9
"""From here on two works may be versions of one picture: below what a copy has, for this only says where to look."""

GRAVITY = {Outcome.PASS: 0, Outcome.REVIEW: 1, Outcome.BLOCK: 2}


@dataclass(frozen=True, slots=True)
class Match:
    """How a picture compares with one work: ``symmetry``, and inverted tones if so, turn the work into the picture."""

    work: Work
    outcome: Outcome
    likeness: float
    distance: int | None
    symmetry: str
    colours_agree: bool
    method: Method
    inverted: bool = False
    judged_by: WholeLimits = field(default_factory=lambda: LIMITS, repr=False, compare=False)

    @property
    def score(self) -> float:
        return round(self.likeness, 4)

    @property
    def measure(self) -> dict[str, float]:
        """What was measured, by its name."""
        return {"likeness": self.score}

    @property
    def threshold(self) -> float:
        return self.limits.likeness

    @property
    def false_positive_rate(self) -> float:
        return self.limits.false_positive_rate

    @property
    def limits(self) -> Limits:
        """The limits that were reached, or the lowest that were not."""
        level = Outcome.REVIEW if self.outcome is Outcome.PASS else self.outcome
        return self.judged_by[self.method, level]

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
            "inverted": self.inverted,
            "colours_agree": self.colours_agree,
            "method": self.method.value,
            "rights": self.work.rights.plain(),
            "claim": self.work.state.value,
        }


@dataclass(frozen=True, slots=True)
class Version:
    """A work that looks like another one, and whether it is that one mirrored, and with its tones inverted."""

    work: Work
    mirrored: bool
    inverted: bool


def identical(work: Work) -> Match:
    """The match of a picture whose pixels are those of the work."""
    return Match(work, Outcome.BLOCK, 1.0, 0, SYMMETRIES[0], True, Method.EXACT)


class Gallery:
    """Works to compare with, by the shipped limits or others. Raises ValueError when a work's fingerprints are not what
    this version wrote.
    """

    def __init__(self, works: Sequence[Work], limits: WholeLimits | None = None) -> None:
        self.works = tuple(works)
        self._limits = limits or LIMITS
        self._shapes = Shapes([work.small for work in self.works])

    def similar(self, pixels: Pixels) -> list[Match]:
        """Every work that a picture (uint8 HWC) is similar to, or else the nearest one; in the order of `compared`."""
        matches = self.compared(pixels, at_least=1)
        return [match for match in matches if match.outcome is not Outcome.PASS] or matches[:1]

    def compared_to(self, work: Work) -> list[Match]:
        """As `compared` of a picture that is not at hand, by its fingerprints."""
        return self._compared(_Seen.by(work), at_least=0) if self.works else []

    def versions_of(self, work: Work) -> list[Version]:
        """The other works that look like this one, turned, mirrored or inverted: somebody may have entered it again."""
        sketch = Sketch.from_bytes(work.small)
        views = np.stack([sketch.turned(symmetry).shape[INSIDE_KK] for symmetry in range(len(SYMMETRIES))])
        places_R, likeness_RS = self._shapes.near(views, VERSION_LIKENESS)
        nearest_R = np.abs(likeness_RS).argmax(axis=1)
        likeness_R = likeness_RS[np.arange(len(nearest_R)), nearest_R]
        return [
            Version(self.works[place], bool(view >= MIRRORED_FROM), bool(likeness < 0))
            for place, view, likeness in zip(places_R.tolist(), nearest_R, likeness_R, strict=True)
            if self.works[place].id != work.id
        ]

    def compared(self, pixels: Pixels, *, at_least: int) -> list[Match]:
        """All works that could be similar, and ``at_least`` so many: the gravest outcome first, then the most alike."""
        return self._compared(_Seen.of(pixels), at_least=at_least) if self.works else []

    def _compared(self, seen: _Seen, *, at_least: int) -> list[Match]:
        near = self._shapes.near(seen.shapes, LOWEST_LIKENESS, at_least=at_least)
        matches = [self._match(int(place), likeness_S, seen) for place, likeness_S in zip(*near, strict=True)]
        return sorted(matches, key=lambda match: (GRAVITY[match.outcome], match.likeness), reverse=True)

    def _match(self, place: int, likeness_S: NDArray[np.float32], seen: _Seen) -> Match:
        work = self.works[place]
        sketch = Sketch.from_bytes(work.small)
        symmetry = int(np.abs(likeness_S).argmax())
        inverted = bool(likeness_S[symmetry] < 0)
        likeness = float(abs(likeness_S[symmetry]))
        distance = _distance(seen.hash, work.fingerprint, symmetry, inverted=inverted)
        is_large = min(seen.side_px, sketch.side_px) >= SMALL_SIDE_PX
        method = Method.DETAILED if distance is not None and is_large else Method.COARSE
        view = seen.views[symmetry]
        agree = colours_agree(view.inverted() if inverted else view, sketch)
        # What is small and inverted is for people: as many again could be near, and no hash confirms it.
        agree_to_block = agree and not (inverted and method is Method.COARSE)
        outcome = _outcome(self._limits, method, likeness, distance, agree=agree_to_block)
        turn, limits = SYMMETRIES[symmetry], self._limits
        return Match(work, outcome, likeness, distance, turn, agree, method, inverted, limits)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture as the gallery compares it: ``views[s]`` is it with symmetry ``s`` undone."""

    views: tuple[Sketch, ...]
    shapes: NDArray[np.float32]
    hash: bytes
    side_px: int

    @classmethod
    def of(cls, pixels: Pixels) -> _Seen:
        return cls._viewed(Sketch.of(pixels), fingerprint(pixels))

    @classmethod
    def by(cls, work: Work) -> _Seen:
        return cls._viewed(Sketch.from_bytes(work.small), work.fingerprint[:NUM_BYTES])

    @classmethod
    def _viewed(cls, sketch: Sketch, hash_: bytes) -> _Seen:
        views = tuple(sketch.turned(inverse) for inverse in INVERSES)
        shapes = np.stack([view.shape[INSIDE_KK] for view in views])
        return cls(views, shapes, hash_, sketch.side_px)


def _distance(seen: bytes, registered: bytes, symmetry: int, *, inverted: bool) -> int | None:
    if not seen or not registered:
        return None
    start = symmetry * NUM_BYTES
    theirs = np.frombuffer(registered[start : start + NUM_BYTES], np.uint8)
    differing = int(distances(seen, theirs))
    return 8 * NUM_BYTES - differing if inverted else differing


def _outcome(
    limits: WholeLimits, method: Method, likeness: float, distance: int | None, *, agree: bool
) -> Outcome:
    """Other colours on the same shapes are for people to judge: flags and hearts differ in nothing else."""
    if agree and _within(limits[method, Outcome.BLOCK], likeness, distance):
        return Outcome.BLOCK
    if _within(limits[method, Outcome.REVIEW], likeness, distance):
        return Outcome.REVIEW
    return Outcome.PASS


def _within(limits: Limits, likeness: float, distance: int | None) -> bool:
    close = limits.distance is None or (distance is not None and distance <= limits.distance)
    return close and likeness >= limits.likeness
