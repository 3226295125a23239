"""A door to go through, with a check that says what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rectoverso.types import Draft, Finding, Maker, Message, Outcome
from rectoverso.workflow import digests
from rectoverso.workflow.release import Door, Passage, release


@dataclass(frozen=True)
class Says:
    """A check that always gives one answer, or misbehaves."""

    outcome: Outcome = Outcome.PASS
    name: str = "similarity"
    misbehave: Callable[[], None] = lambda: None

    def examine(self, draft: Draft) -> Finding:
        del draft
        self.misbehave()
        return Finding(self.name, self.outcome, Message("release.parts_passed", {"count": 1}))


def draft_of(name: str = "waves", side: int = 64) -> Draft:
    y, x = np.mgrid[0:side, 0:side]
    pixels = np.stack([100 + 60 * np.sin(x / 5), 120 + 50 * np.cos(y / 7), 90 + (x + y) % 64], axis=-1)
    return Draft(pixels.astype(np.uint8), digests.of_facts(name=name), Maker("test", "1"), seed=7)


def through(door: Door, out: Path, drafts: Sequence[Draft] | None = None) -> list[Passage]:
    return list(release(drafts or [draft_of()], door, out))
