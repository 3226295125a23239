"""Is this draft too close to a registered work?

The draft is compared with every work by the stages of cascade.py: its very pixels, the whole picture in all eight
symmetries and inverted, and parts of it by their points. What is found is similarity; whether anything was infringed is
not a thing that a program can say. What follows from it depends on what is claimed of the work too (claims.py), and of
all works that are similar the gravest answer counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rectoverso.store.rights import Kind
from rectoverso.store.works import Work
from rectoverso.types import Draft, Finding, Message, Outcome
from rectoverso.verso.screen.apart import AnyCascade, Apart
from rectoverso.verso.screen.calibration import Calibration
from rectoverso.verso.screen.cascade import AnyMatch, Cascade, Stage
from rectoverso.verso.screen.chance import Chance
from rectoverso.verso.screen.claims import Doubt, NoRefusals, Refusals, Ruling, ruling
from rectoverso.verso.screen.embedding import EmbeddedWorks, NearMatch
from rectoverso.verso.screen.gallery import GRAVITY
from rectoverso.verso.screen.parts import PartMatch

MOST_TOLD = 20
"""So many similar works are told beside the gravest, and of the others one of each kind; all of them are ruled on."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """A match, what it leads to, and how often an unrelated picture is as near."""

    match: AnyMatch
    ruling: Ruling
    chance: Chance

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it: ``outcome`` is what the pictures say, ``ruling`` what it led to, ``doubt`` why less."""
        doubt = self.ruling.doubt
        led_to = {"ruling": self.ruling.outcome.value, "doubt": doubt.value if doubt else None}
        unseen = {"unseen": True} if self.match.work.is_unseen else {}
        return self.match.plain() | led_to | unseen | {"chance": self.chance.plain()}

    @property
    def gravity(self) -> tuple[int, bool, bool, float]:
        """By which works are ordered: what they lead to, then whether anybody has seen them, so that none that was made
        up takes the place of others before people, then whether they want anything, then likeness.
        """
        is_seen, wants = not self.match.work.is_unseen, self.ruling.doubt is Doubt.CREDIT
        return GRAVITY[self.ruling.outcome], is_seen, wants, self.match.likeness


class SimilarityCheck:
    """Compares a draft with the registered works; raises ValueError or RecordDamaged when a work's row is damaged.

    ``refusals`` tells what was refused so far because of claims that nobody verified; ``traces`` has by the works' ids
    what is kept of them to find their parts, ``embedded`` how weights know them that the user named. ``calibration``
    has limits and rates of this register's own.
    """

    name = "similarity"

    def __init__(
        self,
        works: Sequence[Work],
        refusals: Refusals | None = None,
        traces: Mapping[str, bytes] | None = None,
        embedded: EmbeddedWorks | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.calibration = calibration
        self._works = tuple(works)
        self._embedded = embedded
        self._traces = traces
        self._refusals = refusals or NoRefusals()

    @cached_property
    def _cascade(self) -> AnyCascade:
        return cascade_of(self._works, self._traces, self.calibration, self._embedded)

    def load(self) -> None:
        """Open the works and what is kept of their parts."""
        if self._works:
            self._cascade.load()

    def examine(self, draft: Draft) -> Finding:
        """`block` or `review` names the work; `pass` says how close the nearest one is, and whom to credit."""
        if not self._works:
            return _nothing_registered()
        look = self._cascade.look(draft.pixels)
        ruled = [self._ruled(match) for match in look.similar]
        found = self._finding(sorted(ruled, key=lambda one: one.gravity, reverse=True), look.stages)
        return _for_people(found) if look.crowded and found.outcome is Outcome.PASS else found

    def _ruled(self, match: AnyMatch) -> Ruled:
        led_to = ruling(match.outcome, match.work, self._refusals)
        return Ruled(match, led_to, chance_of(match, self.calibration))

    def _finding(self, ruled: Sequence[Ruled], stages: Sequence[Stage]) -> Finding:
        gravest, others = ruled[0], ruled[1:]
        to_credit = [_credit(one) for one in ruled if one.ruling.doubt is Doubt.CREDIT]
        evidence: dict[str, Any] = {"work": gravest.plain(), "compared_with": len(self._works)}
        evidence |= {"stages": [stage.plain() for stage in stages]}
        if others:
            evidence |= {"also": [one.plain() for one in _also(others)], "similar": len(ruled)}
        if to_credit:
            evidence |= {"credits": to_credit[:MOST_TOLD]}
        return Finding(
            check=self.name,
            outcome=gravest.ruling.outcome,
            message=_told(gravest, len(self._works)),
            score=gravest.match.score,
            threshold=gravest.match.threshold,
            false_positive_rate=gravest.match.false_positive_rate,
            evidence=evidence,
        )


def cascade_of(
    works: Sequence[Work],
    traces: Mapping[str, bytes] | None,
    calibration: Calibration | None = None,
    embedded: EmbeddedWorks | None = None,
) -> AnyCascade:
    """The stages by the limits of a calibration, or those shipped; works of which nobody has seen a picture apart."""
    limits = (calibration.parts, calibration.whole) if calibration else (None, None)
    unseen = [work for work in works if work.is_unseen]
    if not unseen:
        return Cascade(works, traces, *limits, embedded=embedded)
    seen = Cascade([work for work in works if not work.is_unseen], traces, *limits, embedded=embedded)
    return Apart(seen, Cascade(unseen, traces, *limits))


def chance_of(match: AnyMatch, calibration: Calibration | None) -> Chance:
    """How often an unrelated picture is as near, as this register measured it, or by the limits shipped."""
    return calibration.chance(match) if calibration else Chance.shipped(match)


def _also(others: Sequence[Ruled]) -> list[Ruled]:
    """The gravest, and of the rest one of each kind and ruling that is not among them: policies speak to these."""
    told = list(others[:MOST_TOLD])
    for one in others[MOST_TOLD:]:
        if all(_spoken_to(one) != _spoken_to(other) for other in told):
            told.append(one)
    return told


def _spoken_to(ruled: Ruled) -> tuple[Kind, Outcome]:
    return ruled.match.work.rights.kind, ruled.ruling.outcome


def _credit(ruled: Ruled) -> dict[str, Any]:
    return credit_line(ruled.match.work) | ruled.match.measure


def credit_line(work: Work) -> dict[str, Any]:
    """Whom to name with a work, and how."""
    parts = (f"“{work.title}”", work.owner, work.rights.licence)
    return {
        "work": work.id,
        "line": ", ".join(part for part in parts if part),
        "contact": work.rights.contact,
        "claim": work.state.value,
    }


def described(match: AnyMatch) -> Message:
    """What the pictures say by themselves, whatever is claimed of the work; the outcome is not `pass`."""
    facts = _facts(match)
    return Message(f"screen.similarity.{match.outcome.value}{_manner(match)}", facts)


def with_chance(found: Message, chance: Chance) -> Message:
    """What was found, and how often an unrelated picture is as near."""
    return Message("screen.chance.told", {"found": found, "chance": chance.message})


def _told(ruled: Ruled, count: int) -> Message:
    found = _message(ruled, count)
    return found if ruled.match.outcome is Outcome.PASS else with_chance(found, ruled.chance)


def _message(ruled: Ruled, count: int) -> Message:
    match, doubt = ruled.match, ruled.ruling.doubt
    if match.outcome is Outcome.PASS:
        return Message("screen.similarity.pass", {"count": count})
    if doubt is None:
        return described(match)
    facts = _facts(match)
    return Message(f"screen.similarity.doubt_{doubt.value}{_manner(match)}", facts)


def _manner(match: AnyMatch) -> str:
    """How the keys of sentences end: about the whole, a part, or what only weights find."""
    if isinstance(match, NearMatch):
        return "_near"
    return "_part" if isinstance(match, PartMatch) else ""


def _facts(match: AnyMatch) -> dict[str, Any]:
    """Of a part: how many points agree, and how much of the work the picture holds; else how alike the two are."""
    named = {"title": match.work.title, "owner": match.work.owner or "—"}
    if isinstance(match, PartMatch):
        percent = round(100 * match.transformation.of_work)
        return named | {"points": match.alignment.inliers, "percent": percent}
    if isinstance(match, NearMatch):
        return named | {"weights": match.description.name, "cosine": f"{match.cosine:.2f}"}
    return named | {"percent": int(100 * round(match.likeness, 4))}  # as records round it


def _for_people(found: Finding) -> Finding:
    """What was found passes; but points speak for more works than were looked at, and those may say otherwise."""
    message = Message("screen.similarity.crowded", {"found": found.message})
    return replace(
        found, outcome=Outcome.REVIEW, message=message, evidence={**found.evidence, "crowded": True}
    )


def _nothing_registered() -> Finding:
    message = Message("screen.similarity.nothing_registered")
    return Finding(SimilarityCheck.name, Outcome.PASS, message, evidence={"compared_with": 0})
