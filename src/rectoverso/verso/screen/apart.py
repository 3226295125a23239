"""Works of which nobody here has seen a picture are looked for apart from all others.

Their points may have been made up to be near every picture's, and many such works would be all of a point's neighbours:
they would take the votes of every other work, and call every picture crowded. So they vote among themselves, and that
there are more of them than were looked at is no reason to hold anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rectoverso.types import Pixels
from rectoverso.verso.screen.cascade import Cascade, Look, Stage
from rectoverso.verso.screen.gallery import GRAVITY
from rectoverso.verso.screen.points import Points


@dataclass(frozen=True, slots=True)
class Apart:
    """Looks as a cascade of all these works does, as far as that depends on no other work."""

    seen: Cascade
    unseen: Cascade

    def load(self) -> None:
        """As `Cascade.load`."""
        self.seen.load()
        self.unseen.load()

    def look(self, pixels: Pixels, *, at_least: int = 1) -> Look:
        """Every work that the picture (uint8 HWC) is similar to, and ``at_least`` so many of the nearest."""
        points = Points.sought(pixels)
        ours, theirs = (
            one.look(pixels, at_least=at_least, points=points) for one in (self.seen, self.unseen)
        )
        matches = sorted(
            (*ours.matches, *theirs.matches),
            key=lambda match: (GRAVITY[match.outcome], match.likeness),
            reverse=True,
        )
        also = {stage.name: stage for stage in theirs.stages}
        stages = tuple(_both(stage, also.get(stage.name)) for stage in ours.stages)
        return Look(tuple(matches), stages, (*ours.measured, *theirs.measured), ours.crowded)


AnyCascade: TypeAlias = Cascade | Apart


def _both(one: Stage, other: Stage | None) -> Stage:
    if other is None:  # weights know nothing of them
        return one
    return Stage(one.name, one.compared + other.compared, one.found + other.found)
