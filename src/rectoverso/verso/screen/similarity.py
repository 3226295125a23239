"""Is this draft too close to a registered work?

The draft is compared with every work in all eight symmetries, by perceptual hash and by sketch (gallery.py). What is
found is similarity; whether anything was infringed is not a thing that a program can say. What follows from it depends
on what is claimed of the work too (claims.py), and of all works that are similar the gravest answer counts.

Scaling, recompression, grey, brightness, mirroring, turning, squeezing and cuts of a few per cent are seen. Deeper
crops, overlays, pastes and free rotation are not yet: they need local features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rectoverso.store.works import Work
from rectoverso.types import Draft, Finding, Message, Outcome
from rectoverso.verso.screen.claims import Doubt, NoRefusals, Refusals, Ruling, ruling
from rectoverso.verso.screen.gallery import GRAVITY, Gallery, Match

MOST_TOLD = 20
"""So many similar works are told beside the gravest; all of them are ruled on."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """A match, and what it leads to."""

    match: Match
    ruling: Ruling

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it: ``outcome`` is what the pictures say, ``ruling`` what it led to, ``doubt`` why less."""
        doubt = self.ruling.doubt
        led_to = {"ruling": self.ruling.outcome.value, "doubt": doubt.value if doubt else None}
        return self.match.plain() | led_to

    @property
    def gravity(self) -> tuple[int, bool, float]:
        """By which works are ordered: what they lead to, then whether they want anything, then likeness."""
        return GRAVITY[self.ruling.outcome], self.ruling.doubt is Doubt.CREDIT, self.match.likeness


class SimilarityCheck:
    """Compares a draft with the registered works; raises ValueError when a work's row is damaged.

    ``refusals`` tells what was refused so far because of claims that nobody verified.
    """

    name = "similarity"

    def __init__(self, works: Sequence[Work], refusals: Refusals | None = None) -> None:
        self._works = tuple(works)
        self._refusals = refusals or NoRefusals()

    @cached_property
    def _gallery(self) -> Gallery:
        return Gallery(self._works)

    def examine(self, draft: Draft) -> Finding:
        """`block` or `review` names the work; `pass` says how close the nearest one is, and whom to credit."""
        matches = self._gallery.similar(draft.pixels)
        if not matches:
            return _nothing_registered()
        ruled = [Ruled(match, ruling(match.outcome, match.work, self._refusals)) for match in matches]
        return self._finding(sorted(ruled, key=lambda one: one.gravity, reverse=True))

    def _finding(self, ruled: Sequence[Ruled]) -> Finding:
        gravest, others = ruled[0], ruled[1:]
        to_credit = [_credit(one) for one in ruled if one.ruling.doubt is Doubt.CREDIT]
        evidence: dict[str, Any] = {"work": gravest.plain(), "compared_with": len(self._works)}
        if others:
            evidence |= {"also": [one.plain() for one in others[:MOST_TOLD]], "similar": len(ruled)}
        if to_credit:
            evidence |= {"credits": to_credit[:MOST_TOLD]}
        return Finding(
            check=self.name,
            outcome=gravest.ruling.outcome,
            message=_message(gravest, len(self._works)),
            score=round(gravest.match.likeness, 4),
            threshold=gravest.match.limits.likeness,
            false_positive_rate=gravest.match.limits.false_positive_rate,
            evidence=evidence,
        )


def _credit(ruled: Ruled) -> dict[str, Any]:
    """Whom to name, and how."""
    work = ruled.match.work
    parts = (f"“{work.title}”", work.owner, work.rights.licence)
    return {
        "work": work.id,
        "line": ", ".join(part for part in parts if part),
        "contact": work.rights.contact,
        "claim": work.state.value,
        "likeness": round(ruled.match.likeness, 4),
    }


def _message(ruled: Ruled, count: int) -> Message:
    match, doubt = ruled.match, ruled.ruling.doubt
    if match.outcome is Outcome.PASS:
        return Message("screen.similarity.pass", {"count": count})
    facts = {
        "title": match.work.title,
        "owner": match.work.owner or "—",
        "percent": int(100 * match.likeness),
    }
    return Message(f"screen.similarity.{f'doubt_{doubt.value}' if doubt else match.outcome.value}", facts)


def _nothing_registered() -> Finding:
    message = Message("screen.similarity.nothing_registered")
    return Finding(SimilarityCheck.name, Outcome.PASS, message, evidence={"compared_with": 0})
