"""The registered works, ready to be found in a part of a picture, or a part of them in it.

Points vote for the works that are worth a look (votes.py), and geometry says whether they lie in the picture as they
lie in the work (alignment.py). Its measure is a count that people can check on the evidence: so many points of the work
are where they would be if it had been moved there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rectoverso.store.works import Work
from rectoverso.types import Outcome, Pixels
from rectoverso.verso.screen.alignment import Alignment, Transformation, aligned
from rectoverso.verso.screen.known import KnownPoints
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.trace import Trace, digest_of
from rectoverso.verso.screen.votes import Candidate, looked_at

CANDIDATES = 12


@dataclass(frozen=True, slots=True)
class PartLimit:
    """From how many points on, and from which share of the work that they span, two pictures count as similar.

    The rate is how often an unrelated photograph got there, as an upper 95 % bound.
    """

    points: int
    span: float
    false_positive_rate: float


@dataclass(frozen=True, slots=True)
class PartLimits:
    """What a calibration replaces. A caption or a logo that two pictures share spans little, and is for people."""

    block: PartLimit = PartLimit(12, 0.025, 0.002)
    review: PartLimit = PartLimit(8, 0.0, 0.0042)

    def outcome(self, alignment: Alignment) -> Outcome:
        for outcome, limit in ((Outcome.BLOCK, self.block), (Outcome.REVIEW, self.review)):
            if alignment.inliers >= limit.points and alignment.span >= limit.span:
                return outcome
        return Outcome.PASS

    def of(self, outcome: Outcome) -> PartLimit:
        """The limit that was reached, or the lowest that was not."""
        return self.block if outcome is Outcome.BLOCK else self.review


@dataclass(frozen=True, slots=True)
class PartMatch:
    """How the points of a picture lie beside those of one work."""

    work: Work
    outcome: Outcome
    alignment: Alignment
    limit: PartLimit

    @property
    def likeness(self) -> float:
        """From 0 to 1, growing with the points that agree: no more than an order among matches."""
        return self.alignment.inliers / (self.alignment.inliers + self.limit.points)

    @property
    def score(self) -> float:
        return float(self.alignment.inliers)

    @property
    def measure(self) -> dict[str, float]:
        """What was measured, by its name."""
        return {"points": self.score}

    @property
    def threshold(self) -> float:
        return float(self.limit.points)

    @property
    def false_positive_rate(self) -> float:
        return self.limit.false_positive_rate

    @property
    def transformation(self) -> Transformation:
        return Transformation.of(self.alignment)

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "id": self.work.id,
            "title": self.work.title,
            "owner": self.work.owner,
            "outcome": self.outcome.value,
            "method": "points",
            "rights": self.work.rights.plain(),
            "claim": self.work.state.value,
            "points": self.alignment.inliers,
            "span": round(self.alignment.span, 3),
            "transformation": self.transformation.plain(),
        }


class PartGallery:
    """Works to look for; ``traces`` has what is kept of each by its id (``Trace.to_bytes``), where anything is.

    What is kept is read when it is first needed; ValueError is raised then for what is not what this version wrote.
    """

    def __init__(
        self, works: Sequence[Work], traces: Mapping[str, bytes], limits: PartLimits | None = None
    ) -> None:
        self._all = {work.id: work for work in works}
        self._traces = traces
        self._limits = limits or PartLimits()

    @cached_property
    def _known(self) -> KnownPoints:
        return KnownPoints.of(self._traces)

    @cached_property
    def _numbered(self) -> dict[int, Work]:
        """The works that are looked for, by their numbers among all whose points are known."""
        names = enumerate(self._known.names)
        return {number: self._all[name] for number, name in names if name in self._all}

    @property
    def works(self) -> Sequence[Work]:
        """Those of which anything is kept."""
        return list(self._numbered.values())

    def work(self, candidate: Candidate) -> Work:
        """The work that a candidate is."""
        return self._numbered[candidate.work]

    def identical(self, pixels: Pixels) -> Sequence[Work]:
        """The works whose very pixels these are."""
        if not self._numbered:
            return []
        same = self._known.identical(digest_of(pixels))
        return [self._numbered[number] for number in same if number in self._numbered]

    def candidates(self, points: Points) -> list[Candidate]:
        """The works that points of the picture vote for, at most 12."""
        return self._known.candidates(points, among=self._numbered, at_most=CANDIDATES)

    def verified(self, points: Points, candidates: Sequence[Candidate]) -> list[PartMatch]:
        """Those of the candidates that lie in the picture, most points first; the outcome may still be `pass`."""
        matches = [match for candidate in candidates if (match := self._match(points, candidate))]
        return sorted(matches, key=lambda match: match.alignment.inliers, reverse=True)

    def _match(self, points: Points, candidate: Candidate) -> PartMatch | None:
        way = {"mirrored": candidate.mirrored, "inverted": candidate.inverted}
        work = self.work(candidate)
        alignment = aligned(looked_at(points, **way), Trace.from_bytes(self._traces[work.id]).points, **way)
        if alignment is None:
            return None
        outcome = self._limits.outcome(alignment)
        return PartMatch(work, outcome, alignment, self._limits.of(outcome))
