"""What likeness to a work may lead to, given what is claimed of it. This is the one place that decides it.

    1. A picture that is not alike passes.
       A work that came as fingerprints, of which nobody here has seen a picture, calls for people at most, whatever was
       asked, up to a quota, and from then on is only told: fingerprints can be made up. 2 to 4 are of works seen.
    2. Where the owner asks for credit, it passes, and the credit is told.
    3. What is merely alike is for people (`review`), whatever was asked.
    4. A copy is `block`, unless something speaks against believing the claim so far; then it is for people:
       the owner asks for no more; the work stands for a style, which is nobody's alone; it is alike to common content;
       the claim is disputed; or it was never verified, and too much was refused because of it.

A draft that is like no picture of a style, but made like all of them, is for people at most (`style_ruling`). Somebody
who registers what everybody's pictures look like would send everybody's pictures there: so a claim that nobody verified
does it up to a quota, and from then on is only told.

Nothing here releases or refuses: the policy does, with the outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from rectoverso.store.rights import Asked, Kind, State
from rectoverso.store.works import Work
from rectoverso.types import Outcome

WORK_QUOTA = 20
"""So many drafts are refused because of one work whose claim was never verified; the next ones go to people."""

OWNER_QUOTA = 100
"""So many because of all such works of one owner together."""


STYLE_QUOTA = 50
"""So many drafts are held because of the style of an owner whose claim was never verified; the next ones pass."""


UNSEEN_WORK_QUOTA, UNSEEN_OWNER_QUOTA = 20, 50
"""So many drafts are held because of one work of which nobody has seen a picture, or of all such works of one owner."""


class Doubt(StrEnum):
    """Why a copy does not block, or a style or a work that nobody has seen does not call for people."""

    CREDIT = "credit"
    ASKED = "asked"
    STYLE = "style"
    COMMON = "common"
    DISPUTED = "disputed"
    WORK_QUOTA = "work_quota"
    OWNER_QUOTA = "owner_quota"
    STYLE_QUOTA = "style_quota"
    UNSEEN = "unseen"
    UNSEEN_QUOTA = "unseen_quota"


class Refusals(Protocol):
    """How many drafts were refused, or held for a style, because of claims that nobody had verified."""

    def of_work(self, work_id: str) -> int: ...

    def of_owner(self, owner: str) -> int: ...

    def held_for_style(self, owner: str) -> int: ...

    def held_unseen(self, work: Work) -> tuple[int, int]:
        """How many were held because of this work, and of all of its owner's, of which nobody has seen a picture."""
        ...


class NoRefusals:
    """Where nothing was decided yet."""

    def of_work(self, work_id: str) -> int:
        del work_id
        return 0

    def of_owner(self, owner: str) -> int:
        del owner
        return 0

    def held_for_style(self, owner: str) -> int:
        del owner
        return 0

    def held_unseen(self, work: Work) -> tuple[int, int]:
        del work
        return 0, 0


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a match leads to, and why that is less than the likeness alone would; None where it is not."""

    outcome: Outcome
    doubt: Doubt | None = None


def ruling(alike: Outcome, work: Work, refusals: Refusals) -> Ruling:
    """What a match with this work leads to; ``alike`` is what the pictures say by themselves."""
    if alike is Outcome.PASS:
        return Ruling(Outcome.PASS)
    if work.is_unseen:
        return _unseen_ruling(work, refusals)
    if work.rights.asked is Asked.CREDIT:
        return Ruling(Outcome.PASS, Doubt.CREDIT)
    doubt = next(_doubts(work, refusals), None) if alike is Outcome.BLOCK else None
    return Ruling(Outcome.REVIEW, doubt) if doubt else Ruling(alike)


def weight(work: Work) -> tuple[int, int]:
    """How much the claim to a work may lead to, the gravest most: what is asked, then how sure it is. What nobody has
    seen weighs least.
    """
    if work.is_unseen:
        return -1, 0
    asked = (Asked.CREDIT, Asked.REVIEW, Asked.BLOCK).index(work.rights.asked)
    return asked, (State.WITHDRAWN, State.DISPUTED, State.ASSERTED, State.VERIFIED).index(work.state)


def style_ruling(alike: Outcome, work: Work, refusals: Refusals) -> Ruling:
    """What it leads to that a draft is made like the style that this work stands for; ``alike`` is `review` or less."""
    led_to = ruling(min(alike, Outcome.REVIEW, key=list(Outcome).index), work, refusals)
    if led_to.outcome is Outcome.PASS or work.state is State.VERIFIED:
        return led_to
    used_up = refusals.held_for_style(work.owner) >= STYLE_QUOTA
    return Ruling(Outcome.PASS, Doubt.STYLE_QUOTA) if used_up else led_to


def _unseen_ruling(work: Work, refusals: Refusals) -> Ruling:
    """Not even a credit is told: fingerprints that are like everything would put one under every picture."""
    if work.rights.asked is Asked.CREDIT:
        return Ruling(Outcome.PASS, Doubt.UNSEEN)
    of_work, of_owner = refusals.held_unseen(work)
    used_up = of_work >= UNSEEN_WORK_QUOTA or of_owner >= UNSEEN_OWNER_QUOTA
    return Ruling(Outcome.PASS, Doubt.UNSEEN_QUOTA) if used_up else Ruling(Outcome.REVIEW, Doubt.UNSEEN)


def _doubts(work: Work, refusals: Refusals) -> Iterator[Doubt]:
    """What speaks against blocking, the plainest reason first; what was refused is only counted if it matters."""
    if work.rights.asked is Asked.REVIEW:
        yield Doubt.ASKED
    if work.rights.kind is Kind.STYLE:
        yield Doubt.STYLE
    if work.common:
        yield Doubt.COMMON
    if work.state is State.VERIFIED:
        return
    if work.state is not State.ASSERTED:
        yield Doubt.DISPUTED
    if refusals.of_work(work.id) >= WORK_QUOTA:
        yield Doubt.WORK_QUOTA
    if refusals.of_owner(work.owner) >= OWNER_QUOTA:
        yield Doubt.OWNER_QUOTA
