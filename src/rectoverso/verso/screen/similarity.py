"""Is this draft too close to a registered work?

The draft is compared with every work in all eight symmetries, by perceptual hash and by sketch (gallery.py). What is
found is similarity; whether anything was infringed is not a thing that a program can say.

Scaling, recompression, grey, brightness, mirroring, turning, squeezing and cuts of a few per cent are seen. Deeper
crops, overlays, pastes and free rotation are not yet: they need local features.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from rectoverso.store.works import Work
from rectoverso.types import Draft, Finding, Message, Outcome
from rectoverso.verso.screen.gallery import Gallery, Match


class SimilarityCheck:
    """Compares a draft with the registered works; raises ValueError when a work's row is damaged."""

    name = "similarity"

    def __init__(self, works: Sequence[Work]) -> None:
        self._works = tuple(works)

    @cached_property
    def _gallery(self) -> Gallery:
        return Gallery(self._works)

    def examine(self, draft: Draft) -> Finding:
        """`block` or `review` names the work; `pass` says how close the nearest one is."""
        matches = self._gallery.ranked(draft.pixels, at_most=1)
        return self._finding(matches[0]) if matches else _nothing_registered()

    def _finding(self, match: Match) -> Finding:
        return Finding(
            check=self.name,
            outcome=match.outcome,
            message=_message(match, len(self._works)),
            score=round(match.likeness, 4),
            threshold=match.limits.likeness,
            false_positive_rate=match.limits.false_positive_rate,
            evidence={"work": match.plain(), "compared_with": len(self._works)},
        )


def _message(match: Match, count: int) -> Message:
    if match.outcome is Outcome.PASS:
        return Message("screen.similarity.pass", {"count": count})
    facts = {
        "title": match.work.title,
        "owner": match.work.owner or "—",
        "percent": int(100 * match.likeness),
    }
    return Message(f"screen.similarity.{match.outcome.value}", facts)


def _nothing_registered() -> Finding:
    message = Message("screen.similarity.nothing_registered")
    return Finding(SimilarityCheck.name, Outcome.PASS, message, evidence={"compared_with": 0})
