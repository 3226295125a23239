"""What answers are worth: recall at a rate of false alarms, for each method by itself, and for ours together.

A threshold is the lowest by which no more than the rate (rounded down) of the strangers are called copies. Ours has two
ways of looking, which share the rate: half of it each. The first named is what lies in the picture by its points, else
what is alike as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from copying.methods import PARTS, WHOLE, Answer
from copying.splits import Query, Split

TOGETHER = "**ours, all stages**"
LEVELS = ("review", "block")


@dataclass
class Tally:
    """All answers of all methods to the queries of one split, and the processor seconds that they took."""

    split: Split
    names: list[str]
    queries: list[Query] = field(default_factory=list)
    answers: list[Sequence[Answer]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def bar(self, name: str, rate: float) -> float:
        """The score that a copy has to be above."""
        column = self.names.index(name)
        scores = sorted((row[column].score for row in self._of(is_copy=False)), reverse=True)
        return scores[min(int(rate * len(scores)), len(scores) - 1)]

    def _of(self, *, is_copy: bool) -> list[Sequence[Answer]]:
        both = zip(self.queries, self.answers, strict=True)
        return [answers for query, answers in both if query.is_copy is is_copy]

    def named(self, rate: float) -> dict[str, Callable[[Sequence[Answer]], Answer | None]]:
        """For each method, which answer it gives at this rate; None is that there is no copy."""
        judges: dict[str, Callable[[Sequence[Answer]], Answer | None]] = {}
        for column, name in enumerate(self.names):
            judges[name] = _above(column, self.bar(name, rate))
        if {WHOLE, PARTS} <= set(self.names):
            parts = _above(self.names.index(PARTS), self.bar(PARTS, rate / 2))
            whole = _above(self.names.index(WHOLE), self.bar(WHOLE, rate / 2))
            judges[TOGETHER] = lambda row: parts(row) or whole(row)
        return judges

    def plain(self, rate: float) -> dict[str, Any]:
        """As JSON keeps it."""
        judges = self.named(rate)
        return {
            "works": len(self.split.works),
            "copies": sum(query.is_copy for query in self.queries),
            "strangers": sum(not query.is_copy for query in self.queries),
            "stranger_pictures": len({query.picture for query in self.queries if not query.is_copy}),
            "left_out": self.split.left_out,
            "works_with_twins": len(self.split.twins),
            "methods": {name: self._recall(judge) | self._cost(name) for name, judge in judges.items()},
            "door": {level: self._at_door(level) for level in LEVELS if TOGETHER in judges},
            "thresholds": {name: self.bar(name, rate / 2) for name in (WHOLE, PARTS) if name in self.names},
        }

    def _recall(self, judge: Callable[[Sequence[Answer]], Answer | None]) -> dict[str, Any]:
        """Mean over attacks, with the standard error over pictures; by attack; and of each origin of works."""
        found: dict[tuple[str, str, int], bool] = {}
        false = 0
        for query, row in zip(self.queries, self.answers, strict=True):
            answer = judge(row)
            if query.is_copy:
                key = self.split.origins[query.picture], query.attack or "", query.picture
                found[key] = answer is not None and self.split.is_right(query, answer.work)
            else:
                false += answer is not None
        counted = {key: hit for key, hit in found.items() if key[0] == self.split.counted}
        attacks = {attack: _mean(counted, 1, attack) for attack in dict.fromkeys(key[1] for key in counted)}
        by_picture = [_mean(counted, 2, picture) for picture in dict.fromkeys(key[2] for key in counted)]
        return {
            "recall": round(float(np.mean(list(attacks.values()))), 4),
            "standard_error": round(float(np.std(by_picture) / math.sqrt(len(by_picture))), 4),
            "false": false,
            "attacks": attacks,
            "origins": {origin: _mean(found, 0, origin) for origin in dict.fromkeys(key[0] for key in found)},
        }

    def _cost(self, name: str) -> dict[str, float]:
        return {"ms": round(1000 * self.seconds[name] / len(self.queries), 2)} if name in self.seconds else {}

    def _at_door(self, level: str) -> dict[str, Any]:
        """With the limits that the door has by itself: recall, and false alarms of each way of looking."""
        enough = LEVELS[LEVELS.index(level) :]
        columns = {name: self.names.index(name) for name in (PARTS, WHOLE)}

        def judge(row: Sequence[Answer]) -> Answer | None:
            return next((row[at] for at in columns.values() if row[at].outcome in enough), None)

        strangers = self._of(is_copy=False)
        false = {name: sum(row[at].outcome in enough for row in strangers) for name, at in columns.items()}
        recall = self._recall(judge)
        return {
            "recall": recall["recall"],
            "attacks": recall["attacks"],
            "false": false,
            "at_most": {name: upper_bound(count, len(strangers)) for name, count in false.items()},
        }


def _above(column: int, bar: float) -> Callable[[Sequence[Answer]], Answer | None]:
    return lambda row: row[column] if row[column].score > bar else None


def _mean(found: dict[tuple[str, str, int], bool], part: int, value: object) -> float:
    return round(float(np.mean([hit for key, hit in found.items() if key[part] == value])), 4)


def upper_bound(count: int, of: int) -> float:
    """The rate that is not exceeded with 95 % confidence, if events are rare and one says nothing of another."""
    low, high = float(count), 3.0 * count + 10
    for _ in range(60):
        middle = (low + high) / 2
        at_most = sum(math.exp(-middle + k * math.log(middle) - math.lgamma(k + 1)) for k in range(count + 1))
        low, high = (middle, high) if at_most > 0.05 else (low, middle)
    return round(high / of, 6)
