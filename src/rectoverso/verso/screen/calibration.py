"""What a register measured about itself: how high unrelated pictures score here, and the limits made of that.

1. `review` begins, for each score, at the first step at which all scores together call for people as often as was
   asked, or more seldom. Where no curve tells how rare more is, it begins no earlier than as shipped; and it never
   begins behind the shipped `block`, so that what was a copy's is at least shown to people, whatever the rate.
2. `block` never begins earlier than as shipped. It begins later where an unrelated picture came as far, or where the
   curve promises more than a hundredth of the rate that was asked.
3. A score that too few pictures can have keeps its shipped limits.

A policy says what an outcome leads to; nothing here does. What was laxer or stricter as shipped is told (``moved``).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from rectoverso.store.works import Work
from rectoverso.types import Outcome
from rectoverso.version import __version__
from rectoverso.verso.screen.cascade import AnyMatch
from rectoverso.verso.screen.chance import Basis, Chance
from rectoverso.verso.screen.gallery import LIMITS, LOWEST_LIKENESS, Method, WholeLimits
from rectoverso.verso.screen.parts import PartLimits
from rectoverso.verso.screen.points import VERSION as POINTS_VERSION
from rectoverso.verso.screen.replication import upper_bound
from rectoverso.verso.screen.scores import (
    BITS,
    Reached,
    Score,
    Steps,
    likeness_at,
    may_call,
    score_of,
    shipped,
    sketch_step,
    step_of,
)
from rectoverso.verso.screen.tail import Tail

RULE_OF_THREE = 3
"""None among n pictures leaves up to 3 / n at 95 % confidence: no rate below that can be measured on them."""

BLOCK_SHARE = 0.01
LAXEST = {Score.POINTS: 4, Score.HASH: BITS // 2, Score.SKETCH: sketch_step(LOWEST_LIKENESS) + 1}
"""Before this nothing says anything, whatever the rate: a homography through four points, chance bits, what is not
compared. None lies behind the shipped `review`, so that no rate makes a limit laxer that it does not have to.
"""

HIGHEST = {Score.POINTS: 300, Score.HASH: BITS, Score.SKETCH: sketch_step(1.0)}
"""What only the work itself reaches."""

MOST_CHANGED = 0.2
"""Once more than this share of works was added, what was measured before is not used."""


_OUTCOMES = (Outcome.REVIEW, Outcome.BLOCK)


class Standing(StrEnum):
    """How a calibration stands today. From ``stale`` on it is not used: the shipped limits are back."""

    NONE = "none"
    IN_FORCE = "in_force"
    WORKS_CHANGED = "works_changed"
    STALE = "stale"
    EXPIRED = "expired"
    OTHER_VERSION = "other_version"
    UNREADABLE = "unreadable"

    @property
    def is_used(self) -> bool:
        return self in {Standing.IN_FORCE, Standing.WORKS_CHANGED}


@dataclass(frozen=True)
class Null:
    """What unrelated pictures scored. ``able`` of them could have this score at all; how many came to which step, by
    all that `review` asks beside the score, and all that `block` asks.
    """

    able: int
    review: Mapping[int, int] = field(default_factory=dict)
    block: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def tail(self) -> Tail:
        return Tail(self.able, self.review)

    @cached_property
    def block_tail(self) -> Tail:
        return Tail(self.able, self.block)

    @classmethod
    def of(cls, reached: Iterable[Reached], score: Score) -> Self:
        """That of one score."""
        able = [one for one in reached if score in one.review]
        review = Counter(step for one in able if (step := one.review[score]) is not None)
        block = Counter(step for one in able if (step := one.block[score]) is not None)
        return cls(len(able), review, block)

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it: counts by step."""
        counts = {"review": self.review, "block": self.block}
        told = {name: {str(step): of[step] for step in sorted(of)} for name, of in counts.items()}
        return {"able": self.able, **told}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Self:
        """What ``plain`` was made from."""
        review, block = ({int(step): n for step, n in plain[name].items()} for name in ("review", "block"))
        return cls(plain["able"], review, block)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of ``pictures`` were called alike, and the bounds (Clopper and Pearson, 95 % each) of their share."""

    called: int
    pictures: int

    @property
    def rate(self) -> float:
        return self.called / self.pictures if self.pictures else 0.0

    @property
    def at_least(self) -> float:
        return 1 - upper_bound(self.pictures - self.called, self.pictures) if self.pictures else 0.0

    @property
    def at_most(self) -> float:
        return upper_bound(self.called, self.pictures) if self.pictures else 1.0

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        bounds = {"rate": self.rate, "at_least": self.at_least, "at_most": self.at_most}
        short = {name: float(f"{value:.4g}") for name, value in bounds.items()}
        return {"called": self.called, "pictures": self.pictures, **short}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Self:
        """What ``plain`` was made from."""
        return cls(plain["called"], plain["pictures"])


@dataclass(frozen=True)
class Calibration:
    """A register's measurement of ``day``, good until ``until``.

    ``rate`` was asked for; ``steps`` are the limits of the scores that were calibrated, ``nulls`` what they rest on.
    ``works`` are the ids of the works compared with, ``version`` what compared them. ``review`` counts the unrelated
    pictures that these limits call alike, ``with_copies`` with those that were set apart as copies, ``block`` those
    that they call copies. ``found`` has by the edits of planted copies how many `review` and `block` found.
    ``pictures`` says what became of the pictures given.
    """

    day: date
    until: date
    rate: float
    version: str
    works: tuple[str, ...]
    steps: Mapping[Score, Steps]
    nulls: Mapping[Score, Null]
    review: Counted
    block: Counted
    with_copies: Counted
    found: Mapping[str, tuple[Counted, Counted]]
    pictures: Mapping[str, int]

    @cached_property
    def parts(self) -> PartLimits:
        """The limits for parts."""
        limits, steps = PartLimits(), self.steps.get(Score.POINTS)
        if steps is None:
            return limits
        rates = self._rates(Score.POINTS)
        return PartLimits(
            block=replace(limits.block, points=steps.block, false_positive_rate=rates[Outcome.BLOCK]),
            review=replace(limits.review, points=steps.review, false_positive_rate=rates[Outcome.REVIEW]),
        )

    @cached_property
    def whole(self) -> WholeLimits:
        """The limits for whole pictures."""
        limits = dict(LIMITS)
        for score, method in ((Score.HASH, Method.DETAILED), (Score.SKETCH, Method.COARSE)):
            if score not in self.steps:
                continue
            for outcome, rate in self._rates(score).items():
                limit = replace(limits[method, outcome], false_positive_rate=rate)
                step = _of(self.steps[score], outcome)
                if step == _of(shipped()[score], outcome):  # not by way of steps, which round
                    limits[method, outcome] = limit
                elif score is Score.HASH:
                    limits[method, outcome] = replace(limit, distance=BITS - step)
                else:
                    limits[method, outcome] = replace(limit, likeness=likeness_at(step))
        return limits

    def chance(self, match: AnyMatch) -> Chance:
        """How often an unrelated picture is as near to any work as this match is, by its score; unknown for one that is
        no likeness whatever its score.
        """
        score = score_of(match)
        if score is None or score not in self.steps or not may_call(match):
            return Chance.shipped(match)
        place = score, step_of(match)
        if place not in self._chances:
            self._chances[place] = self._chance(*place)
        return self._chances[place]

    @cached_property
    def _chances(self) -> dict[tuple[Score, int], Chance]:
        """Those that were asked for: a draft may be alike to many works."""
        return {}

    def _chance(self, score: Score, step: int) -> Chance:
        tail = self.nulls[score].tail
        p_value, at_most = tail.rate(step), tail.at_most(step)
        is_beyond = not tail.reached(step)
        return Chance(Basis.CALIBRATED, p_value, max(p_value, at_most), tail.pictures, is_beyond)

    @property
    def stated(self) -> float:
        """How often these limits call an unrelated picture alike, by the tails; more than ``rate`` where that would
        have let pictures leave which count as copies as shipped.
        """
        return sum(self.nulls[score].tail.rate(steps.review) for score, steps in self.steps.items())

    @property
    def is_met(self) -> bool:
        """Whether the rate that was asked for is kept: by the tails, and by all that was called, which scores that were
        left as shipped did too.
        """
        return max(self.stated, self.review.rate) <= self.rate * (1 + 1e-9)

    @property
    def moved(self) -> dict[str, str]:
        """Which limits are not those shipped: ``laxer`` lets more leave, ``stricter`` less."""
        told = {}
        for score, steps in self.steps.items():
            for outcome in _OUTCOMES:
                now, before = _of(steps, outcome), _of(shipped()[score], outcome)
                if now != before:
                    told[f"{score}.{outcome}"] = "laxer" if now > before else "stricter"
        return told

    def standing(
        self, works: Collection[str], today: date, weights: str = "", *, all_of_them: bool = True
    ) -> Standing:
        """How it stands for the works of these ids. ``weights``: the digest of those that are named. ``all_of_them``:
        what is not among the works was removed, and not only left out because it has no rights where a picture is for.
        """
        if self.version != comparing(weights):
            return Standing.OTHER_VERSION
        if today > self.until:
            return Standing.EXPIRED
        added, removed = self.changed(works)
        if added > MOST_CHANGED * len(self.works):
            return Standing.STALE
        return Standing.WORKS_CHANGED if added or (removed and all_of_them) else Standing.IN_FORCE

    def changed(self, works: Collection[str]) -> tuple[int, int]:
        """How many works were added since, and how many removed."""
        now, then = set(works), set(self.works)
        return len(now - then), len(then - now)

    def limits(self) -> dict[str, Any]:
        """The limits as people know the scores: points, bits that differ, likeness."""
        return {score.value: self._limits(score) for score in self.steps}

    @property
    def left(self) -> tuple[Score, ...]:
        """The scores that too few pictures could have: they go by the shipped limits."""
        return tuple(score for score in Score if score not in self.steps)

    def fits(self) -> dict[str, str]:
        """How well the curve of each score fits, in a word of ``Fit``."""
        return {score.value: self.nulls[score].tail.fit.value for score in self.steps}

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it, and what ``read`` reads."""
        return {
            "day": self.day.isoformat(),
            "until": self.until.isoformat(),
            "rate": self.rate,
            "version": self.version,
            "works": list(self.works),
            "steps": {score.value: [steps.review, steps.block] for score, steps in self.steps.items()},
            "nulls": {score.value: null.plain() for score, null in self.nulls.items()},
            "review": self.review.plain(),
            "block": self.block.plain(),
            "with_copies": self.with_copies.plain(),
            "found": {
                edit: {"review": shown.plain(), "block": blocked.plain()}
                for edit, (shown, blocked) in self.found.items()
            },
            "pictures": dict(self.pictures),
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it: another calibration makes what is asked at the door another question."""
        return hashlib.sha256(json.dumps(self.plain(), sort_keys=True).encode()).hexdigest()

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Self:
        """What ``plain`` was made from. Raises ValueError, KeyError or TypeError for anything else."""
        found = {
            edit: (Counted.read(both["review"]), Counted.read(both["block"]))
            for edit, both in plain["found"].items()
        }
        return cls(
            day=date.fromisoformat(plain["day"]),
            until=date.fromisoformat(plain["until"]),
            rate=plain["rate"],
            version=plain["version"],
            works=tuple(plain["works"]),
            steps={Score(name): Steps(*steps) for name, steps in plain["steps"].items()},
            nulls={Score(name): Null.read(null) for name, null in plain["nulls"].items()},
            review=Counted.read(plain["review"]),
            block=Counted.read(plain["block"]),
            with_copies=Counted.read(plain["with_copies"]),
            found=found,
            pictures=plain["pictures"],
        )

    def _limits(self, score: Score) -> dict[str, float]:
        if score is Score.POINTS:
            return {"review": self.parts.review.points, "block": self.parts.block.points}
        if score is Score.SKETCH:
            return {
                outcome.value: round(self.whole[Method.COARSE, outcome].likeness, 4) for outcome in _OUTCOMES
            }
        return {outcome.value: self.whole[Method.DETAILED, outcome].distance or 0 for outcome in _OUTCOMES}

    def _rates(self, score: Score) -> dict[Outcome, float]:
        """The upper bounds of the rates at its two limits."""
        null, steps = self.nulls[score], self.steps[score]
        return {
            Outcome.BLOCK: null.block_tail.at_most(steps.block),
            Outcome.REVIEW: null.tail.at_most(steps.review),
        }


def is_supported(rate: float, pictures: int) -> bool:
    """Whether so many pictures can tell such a rate from none (the rule of three)."""
    return rate * pictures >= RULE_OF_THREE * (1 - 1e-9)


def settled(nulls: Mapping[Score, Null], rate: float) -> dict[Score, Steps]:
    """The limits by which all scores together call unrelated pictures alike at this rate or more seldom, of the scores
    that enough of them can have.
    """
    asked = [score for score in Score if is_supported(rate, nulls[score].able)]
    share = rate / max(1, len(asked))
    review = {score: _first(nulls[score].tail, share, score) for score in asked}
    for score in asked:  # what the others leave of the rate
        spent = sum(nulls[other].tail.rate(review[other]) for other in asked if other is not score)
        review[score] = min(review[score], _first(nulls[score].tail, rate - spent, score))
    begin = {
        score: _block(nulls[score].block_tail, shipped()[score].block, rate, HIGHEST[score])
        for score in asked
    }
    return {score: Steps(review[score], max(begin[score], review[score])) for score in asked}


def comparing(weights: str = "") -> str:
    """What compares pictures in this version and with these weights, so that another does not use what this one
    measured: works that weights propose are looked at by points too, and each is one more chance to lie alike.
    """
    what = f"{__version__} {sorted(LIMITS.items())} {PartLimits()} points {POINTS_VERSION} weights {weights}"
    return hashlib.sha256(what.encode()).hexdigest()[:16]


def ids_of(works: Iterable[Work]) -> tuple[str, ...]:
    """The works as a calibration names them."""
    return tuple(sorted(work.id for work in works))


def _of(steps: Steps, outcome: Outcome) -> int:
    return steps.block if outcome is Outcome.BLOCK else steps.review


def _first(tail: Tail, rate: float, score: Score) -> int:
    """The first step that is reached so seldom, and none behind the shipped `block`."""
    lowest = LAXEST[score] if tail.is_believed else shipped()[score].review
    steps = range(lowest, shipped()[score].block)
    return next((step for step in steps if tail.rate(step) <= rate), shipped()[score].block)


def _block(tail: Tail, step: int, rate: float, most: int) -> int:
    """Behind every unrelated picture, and where the curve promises little enough."""
    step = max(step, -1 if tail.highest is None else tail.highest + 1)
    while tail.is_believed and tail.promised(step) > BLOCK_SHARE * rate and step < most:
        step += 1
    return step
