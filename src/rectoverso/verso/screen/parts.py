"""The registered works, ready to be found in a part of a picture, or a part of them in it.

Points vote for the works that are worth a look (votes.py), and geometry says whether they lie in the picture as they
lie in the work (alignment.py). Its measure is a count that people can check on the evidence: so many points of the work
are where they would be if it had been moved there; and each counts for as much as the two look alike there (laid.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rectoverso.store.traces import Traces
from rectoverso.store.works import Work
from rectoverso.types import Outcome, Pixels
from rectoverso.verso.screen.alignment import Alignment, Transformation, aligned
from rectoverso.verso.screen.known import KnownPoints
from rectoverso.verso.screen.laid import alike
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.sketch import Sketch
from rectoverso.verso.screen.trace import Trace, digest_of
from rectoverso.verso.screen.votes import Ballot, Candidate, looked_at

CANDIDATES = 12
UNKNOWN_LOOKS = 0.5
"""What is said of a work and a picture that have too little in common to be looked at."""


@dataclass(frozen=True, slots=True)
class PartLimit:
    """From how many points on, weighed by how alike the two look there, and from which share of the work that they
    span, two pictures count as similar.

    The rate is how often an unrelated photograph got there, as an upper 95 % bound.
    """

    points: int
    span: float
    false_positive_rate: float


@dataclass(frozen=True, slots=True)
class PartLimits:
    """What a calibration replaces. A caption or a logo that two pictures share spans little, and is for people."""

    block: PartLimit = PartLimit(10, 0.025, 0.002)
    review: PartLimit = PartLimit(4, 0.0, 0.03)

    def outcome(self, alignment: Alignment, looks: float | None, *, small: bool) -> Outcome:
        """What is small is for people: a point says less of it, and there are fewer to say it."""
        score = weighed(alignment, looks)
        for outcome, limit in ((Outcome.BLOCK, self.block), (Outcome.REVIEW, self.review)):
            if score >= limit.points and alignment.span >= limit.span:
                return Outcome.REVIEW if small else outcome
        return Outcome.PASS

    def of(self, outcome: Outcome) -> PartLimit:
        """The limit that was reached, or the lowest that was not."""
        return self.block if outcome is Outcome.BLOCK else self.review


def weighed(alignment: Alignment, looks: float | None) -> float:
    """The points that lie as in the work, each by how alike the two look there, 0 to 1; by half where none can say."""
    return alignment.inliers * (UNKNOWN_LOOKS if looks is None else max(0.0, looks))


@dataclass(frozen=True, slots=True)
class PartMatch:
    """How the points of a picture lie beside those of one work, and how alike they look there, if that can be said.
    ``small``: one of the two is, so that it is for people at most.
    """

    work: Work
    outcome: Outcome
    alignment: Alignment
    limit: PartLimit
    alike: float | None = None
    small: bool = False

    @property
    def likeness(self) -> float:
        """From 0 to 1, growing with the points that agree and with how alike they look: an order among matches."""
        return self.score / (self.alignment.inliers + self.limit.points)

    @property
    def score(self) -> float:
        return round(weighed(self.alignment, self.alike), 2)

    @property
    def measure(self) -> dict[str, float]:
        """What was measured, by its name."""
        return {"points": float(self.alignment.inliers)}

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
            "alike": None if self.alike is None else round(self.alike, 3),
            "transformation": self.transformation.plain(),
        }


class PartGallery:
    """Works to look for; ``traces`` has what is kept of each by its id (``Trace.to_bytes``), where anything is.

    What is kept is read when it is first needed; ValueError is raised then for what is not what this version wrote.
    """

    def __init__(
        self, works: Sequence[Work], traces: Mapping[str, bytes], limits: PartLimits | None = None
    ) -> None:
        self._asked = works
        self._traces = traces
        self._limits = limits or PartLimits()

    @cached_property
    def _known(self) -> KnownPoints:
        return KnownPoints.of(self._traces, {work.id for work in self._asked})

    @cached_property
    def works(self) -> Sequence[Work]:
        """Those of which anything is kept; candidates name them by their places."""
        asked = {work.id: work for work in self._asked}
        return [asked[name] for name in self._known.names]

    def identical(self, pixels: Pixels) -> Sequence[Work]:
        """The works whose very pixels these are."""
        same = self._known.identical(digest_of(pixels)) if self.works else []
        return [self.works[place] for place in same]

    def candidates(self, points: Points) -> Ballot:
        """The works that points of the picture vote for: 12, or as many as have strong votes."""
        return self._known.candidates(points, at_most=CANDIDATES)

    def verified(self, points: Points, candidates: Sequence[Candidate]) -> list[PartMatch]:
        """Those of the candidates that lie in the picture, the likeliest first; the outcome may still be `pass`."""
        traces = self._traces_of(candidates)
        found = [self._match(points, candidate, traces) for candidate in candidates]
        matches = [match for match in found if match]
        return sorted(matches, key=lambda match: match.likeness, reverse=True)

    def _traces_of(self, candidates: Sequence[Candidate]) -> Mapping[str, bytes]:
        """What is kept of them: from a home in one go, as one by one took longer than all that is done with them."""
        if not candidates or not isinstance(self._traces, Traces):
            return self._traces
        return self._traces.of_works({self.works[candidate.work].id for candidate in candidates})

    def _match(self, points: Points, candidate: Candidate, traces: Mapping[str, bytes]) -> PartMatch | None:
        way = {"mirrored": candidate.mirrored, "inverted": candidate.inverted}
        work = self.works[candidate.work]
        kept = Trace.from_bytes(traces[work.id]).points
        alignment = aligned(looked_at(points, **way), kept, **way)
        if alignment is None:
            return None
        looks = alike(points.brightness, alignment, Sketch.from_bytes(work.small))
        small = points.small or kept.small
        outcome = self._limits.outcome(alignment, looks, small=small)
        return PartMatch(work, outcome, alignment, self._limits.of(outcome), looks, small)
