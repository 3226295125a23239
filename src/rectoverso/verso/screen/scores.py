"""The three scores that tell a copy from a stranger, each in whole steps, of which more is nearer.

    hash     bits of 256 that agree with a work which looks alike from afar (gallery.py, in detail)
    sketch   likeness x of pictures that are small or flat, as -ln(1 - x^2): so random directions fall off evenly
    points   points that lie as in the work (parts.py)

Beside its score, `review` and `block` ask other things of a match: that it looks alike from afar, that colours agree,
that the points span a share of the work. These stay as they are shipped; what a calibration moves are the steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rectoverso.types import Outcome
from rectoverso.verso.screen.cascade import AnyMatch
from rectoverso.verso.screen.embedding import NearMatch
from rectoverso.verso.screen.gallery import LIMITS, Match, Method
from rectoverso.verso.screen.parts import PartLimits, PartMatch

BITS = 256
SKETCH_STEP = 0.02


class Score(StrEnum):
    """What is measured of a match. Points come first: their steps are the coarsest."""

    POINTS = "points"
    HASH = "hash"
    SKETCH = "sketch"


@dataclass(frozen=True, slots=True)
class Steps:
    """From which steps on a score calls for people, and from which on it is a copy's."""

    review: int
    block: int


def score_of(match: AnyMatch) -> Score | None:
    """By which score a match is judged; None where there is nothing to calibrate, as for identical pixels."""
    if isinstance(match, PartMatch):
        return Score.POINTS
    if isinstance(match, Match) and match.method is not Method.EXACT:
        return Score.HASH if match.method is Method.DETAILED else Score.SKETCH
    return None


def step_of(match: AnyMatch) -> int:
    """How near a match is by its score. Raises TypeError for one that has none."""
    if isinstance(match, PartMatch):
        return int(match.score)
    if not isinstance(match, Match):
        raise TypeError(f"{type(match).__name__} has no score")
    if match.method is Method.DETAILED and match.distance is not None:
        return BITS - match.distance
    return sketch_step(match.likeness)


def sketch_step(likeness: float) -> int:
    """The step of a likeness from 0 to 1."""
    return int(-math.log(max(1 - min(likeness, 1.0) ** 2, 1e-6)) / SKETCH_STEP)


def likeness_at(step: int) -> float:
    """The least likeness of a step."""
    return math.sqrt(1 - math.exp(-SKETCH_STEP * step))


def shipped() -> dict[Score, Steps]:
    """The limits that this version comes with."""
    near = [LIMITS[Method.DETAILED, outcome].distance or 0 for outcome in (Outcome.REVIEW, Outcome.BLOCK)]
    coarse = [LIMITS[Method.COARSE, outcome].likeness for outcome in (Outcome.REVIEW, Outcome.BLOCK)]
    parts = PartLimits()
    return {
        Score.POINTS: Steps(parts.review.points, parts.block.points),
        Score.HASH: Steps(*(BITS - distance for distance in near)),
        Score.SKETCH: Steps(*(sketch_step(likeness) for likeness in coarse)),
    }


def may_call(match: AnyMatch) -> bool:
    """Whether it has all that `review` asks beside the score. Of others it was not counted how often they score so."""
    if isinstance(match, PartMatch):
        return match.alignment.span >= PartLimits().review.span
    if isinstance(match, Match) and match.method is Method.DETAILED:
        return match.likeness >= LIMITS[Method.DETAILED, Outcome.REVIEW].likeness
    return True


@dataclass(frozen=True, slots=True)
class Reached:
    """The nearest steps of one picture to any work, by matches that have all that `review` asks beside the score, and
    all that `block` asks. A score that it could have had and has not is there with None. ``by_weights``: weights that
    were named call for people, whatever the scores.
    """

    review: Mapping[Score, int | None]
    block: Mapping[Score, int | None]
    by_weights: bool = False

    @classmethod
    def of(cls, matches: Iterable[AnyMatch], *, has_points: bool) -> Reached:
        """``matches``: all that was measured of the picture. ``has_points``: it is large enough for them."""
        review: dict[Score, int | None] = {Score.POINTS: None} if has_points else {}
        block = dict(review)
        by_weights = False
        for match in matches:
            score = score_of(match)
            if score is None:
                by_weights |= isinstance(match, NearMatch) and match.outcome is Outcome.REVIEW
                continue
            for steps, fits in ((review, may_call(match)), (block, _may_block(match))):
                known = steps.setdefault(score, None)
                if fits:
                    steps[score] = max(step_of(match), known or 0)
        return cls(review, block, by_weights)

    def is_review(self, limits: Mapping[Score, Steps]) -> bool:
        """Whether it would be shown to people, or worse."""
        far = (step is not None and step >= limits[score].review for score, step in self.review.items())
        return self.by_weights or any(far)

    def is_block(self, limits: Mapping[Score, Steps]) -> bool:
        """Whether it would count as a copy."""
        return any(step is not None and step >= limits[score].block for score, step in self.block.items())


def _may_block(match: AnyMatch) -> bool:
    if isinstance(match, PartMatch):
        return match.alignment.span >= PartLimits().block.span and not match.small
    if not isinstance(match, Match):
        return False
    if match.method is Method.DETAILED:
        return match.colours_agree and match.likeness >= LIMITS[Method.DETAILED, Outcome.BLOCK].likeness
    return match.colours_agree and not match.inverted
