"""All ways to find a registered work in a picture, the plainest first; every one is asked, and says what it found.

    1. digest    The very pixels of a work, in whatever file.
    2. hash      The whole picture, turned, mirrored or inverted: perceptual hash and sketch (gallery.py).
    3. points    Parts of it: local descriptors vote for works (votes.py).
    4. weights   Only where the user named any: works that a network finds near, as a whole (embedding.py).
    5. geometry  Of the works of 3 and 4, the ones that lie in the picture as points say (alignment.py).

Whoever enters a picture many times over, or pieces of it, as works of their own would take all the votes for it. So all
works with strong votes are looked at, and of those that geometry confirms other versions in the register too, those
first whose claims weigh most. Where votes are strong for more works than that, it is told (``Look.crowded``).

None ends the search: what a match leads to depends on what is claimed of its work, and the next may be another work's.
What only a network finds is for people; what geometry confirms of it is a part like any other.
A work that was registered before traces were kept is compared by its hash and sketch alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from rectoverso.store.works import Work
from rectoverso.types import Outcome, Pixels
from rectoverso.verso.screen.claims import weight
from rectoverso.verso.screen.embedding import EmbeddedWorks, NearMatch, to_verify
from rectoverso.verso.screen.gallery import GRAVITY, Gallery, Match, WholeLimits, identical
from rectoverso.verso.screen.parts import PartGallery, PartLimits, PartMatch
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.votes import Ballot, Candidate

AnyMatch: TypeAlias = Match | PartMatch | NearMatch

MOST_NAMED = 20
MOST_AGAIN = 24
"""So many works are looked at because they are versions of one that was found."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage did: with how many works it compared, and which of them it found."""

    name: str
    compared: int
    found: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it; no more than 20 works are named."""
        named = list(self.found[:MOST_NAMED])
        return {"stage": self.name, "compared": self.compared, "found": len(self.found), "works": named}


@dataclass(frozen=True, slots=True)
class Look:
    """What was found, the gravest first and each work once, and what each stage had to say. ``measured`` are all the
    comparisons that were made, whatever came of them. ``crowded``: there may be more, for points speak strongly for
    more works than were looked at.
    """

    matches: tuple[AnyMatch, ...]
    stages: tuple[Stage, ...]
    measured: tuple[AnyMatch, ...] = ()
    crowded: bool = False

    @property
    def similar(self) -> tuple[AnyMatch, ...]:
        """The works that the picture is similar to, or else the nearest one."""
        return tuple(match for match in self.matches if match.outcome is not Outcome.PASS) or self.matches[:1]


class Cascade:
    """Works to compare with; ``traces`` has what is kept of them by their ids (``Trace.to_bytes``), ``embedded`` is as
    weights know them that the user named. ``limits`` and ``whole`` take the place of what is shipped: for parts, and
    for whole pictures.

    Raises ValueError when what is kept of a work is not what this version wrote.
    """

    def __init__(
        self,
        works: Sequence[Work],
        traces: Mapping[str, bytes] | None = None,
        limits: PartLimits | None = None,
        whole: WholeLimits | None = None,
        *,
        embedded: EmbeddedWorks | None = None,
    ) -> None:
        self._embedded = embedded
        self._gallery = Gallery(works, whole)
        self._parts = PartGallery(works, traces or {}, limits)

    def load(self) -> None:
        """Open what is kept of the works' parts, which many works take seconds for. Raises as looking would."""
        _ = self._parts.works

    def look(self, pixels: Pixels, *, at_least: int = 1, points: Points | None = None) -> Look:
        """Every work that the picture (uint8 HWC) is similar to, and ``at_least`` so many of the nearest. ``points``:
        those by which it is sought, where somebody has them.
        """
        exact = [identical(work) for work in self._parts.identical(pixels)]
        whole = self._gallery.compared(pixels, at_least=at_least)
        near = self._embedded.nearest(pixels) if self._embedded else []
        voted, candidates, parts = self._in_part(pixels, near, points)
        names = tuple(self._parts.works[candidate.work].id for candidate in voted.candidates)
        stages = [
            Stage("digest", len(self._parts.works), _found(exact)),
            Stage("hash", len(self._gallery.works), _found(whole)),
            Stage("points", len(self._parts.works), names),
            Stage("geometry", len({candidate.work for candidate in candidates}), _found(parts)),
        ]
        if self._embedded:
            stages.insert(3, Stage("weights", len(self._embedded.works), _found(near)))
        further: list[AnyMatch] = [*parts, *near]
        lying = [match for match in further if match.outcome is not Outcome.PASS]
        measured: tuple[AnyMatch, ...] = (*exact, *whole, *parts, *near)
        return Look(_each_once([*exact, *whole, *lying]), tuple(stages), measured, voted.is_crowded)

    def _in_part(
        self, pixels: Pixels, near: Sequence[NearMatch], points: Points | None
    ) -> tuple[Ballot, list[Candidate], list[PartMatch]]:
        """The works that points speak for, all that were looked for in the picture, and those that lie in it."""
        if not self._parts.works:
            return Ballot(()), [], []
        points = Points.sought(pixels) if points is None else points
        if not len(points):
            return Ballot(()), [], []
        voted = self._parts.candidates(points)
        by_weights = to_verify(near, self._parts.works, voted.candidates)
        candidates = [*voted.candidates, *by_weights]
        parts = self._parts.verified(points, candidates)
        again = self._entered_again(parts, candidates)
        return voted, [*candidates, *again], [*parts, *self._parts.verified(points, again)]

    def _entered_again(self, parts: Sequence[PartMatch], asked: Sequence[Candidate]) -> list[Candidate]:
        """Versions of the works that were found, which these may have kept from the votes, to be looked at as well."""
        places = {work.id: place for place, work in enumerate(self._parts.works)}
        known = {(one.work, one.mirrored, one.inverted) for one in asked}
        found: dict[tuple[int, bool, bool], Work] = {}
        for part in parts:
            versions = self._gallery.versions_of(part.work) if part.outcome is not Outcome.PASS else ()
            for one in versions:
                mirrored = part.alignment.mirrored is not one.mirrored
                inverted = part.alignment.inverted is not one.inverted
                place = places.get(one.work.id)
                if place is not None and (place, mirrored, inverted) not in known:
                    found[place, mirrored, inverted] = one.work
        gravest = sorted(found, key=lambda way: weight(found[way]), reverse=True)
        return [Candidate(*way, 0.0) for way in gravest[:MOST_AGAIN]]


def _found(matches: Sequence[AnyMatch]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match.work.id for match in matches if match.outcome is not Outcome.PASS))


def _each_once(matches: Sequence[AnyMatch]) -> tuple[AnyMatch, ...]:
    """The gravest match of each work; of equal ones the earlier stage's, which says more about the whole."""
    best: dict[str, AnyMatch] = {}
    for match in matches:
        known = best.get(match.work.id)
        if known is None or GRAVITY[match.outcome] > GRAVITY[known.outcome]:
            best[match.work.id] = match
    ordered = sorted(best.values(), key=lambda match: (GRAVITY[match.outcome], match.likeness), reverse=True)
    return tuple(ordered)
