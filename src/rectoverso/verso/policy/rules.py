"""The rules of one pack, as its TOML file writes them.

    version = 1                 # raised with every change of the rules
    extends = "advertising"     # the pack that this one makes stricter; the six that ship extend none
    required = ["similarity"]   # checks without whose answer nothing is released

    [any]                       # what an outcome leads to, whichever check it comes from
    pass = "release"
    review = "hold"
    block = "refuse"

    [checks.memorisation]       # where one check is taken otherwise
    block = "hold"

    [kinds.heritage]            # where it depends on the kind of the registered work that was found
    block = "hold"

    [always]                    # a decision that holds for every image, and why, in both languages
    decision = "hold"
    says = { en = "A person looks at every image.", zh = "每张图片都由人查看。" }

    [people]                    # who may let a held image go
    least = 2                   # how many of them
    professional = true         # of the field that the image is for, as an admin has confirmed
    signed = true               # each by a signature of their own

Of the rules of one pack that speak to a finding the most specific decides: the kind's, else the check's, else any's.
A pack cannot be made so that a check's alarm is ignored: `review` and `block` never lead to a release (pack.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from rectoverso.store.rights import Kind
from rectoverso.types import Decision, Outcome

CHECKS = frozenset({"memorisation", "origin", "similarity", "style"})
"""The checks that this version asks. Whoever opens the door from Python may ask others."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
"""Of a pack or a check: short, and free of the signs that separate them in a record."""

Alarm = Literal[Outcome.REVIEW, Outcome.BLOCK]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Table):
    """The same in both languages."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class Always(_Table):
    """A decision that no finding can soften, and the sentence that people read for it."""

    decision: Literal[Decision.HOLD, Decision.REFUSE]
    says: Text


class People(_Table):
    """Who may let a held image go: ``least`` how many, of the profession or anyone, with a signature or without."""

    least: int = Field(default=1, ge=1, le=9)
    professional: bool = False
    signed: bool = False

    def stricter(self, other: People) -> People:
        """What meets both."""
        return People(
            least=max(self.least, other.least),
            professional=self.professional or other.professional,
            signed=self.signed or other.signed,
        )


class Rules(_Table):
    """One pack's rules. Raises ValidationError where a pack that stands alone leaves something unanswered."""

    version: int = Field(ge=1)
    extends: Name | None = None
    required: tuple[Name, ...] = ()
    any: dict[Outcome, Decision] = {}
    checks: dict[Name, dict[Outcome, Decision]] = {}
    kinds: dict[Kind, dict[Alarm, Decision]] = {}
    always: Always | None = None
    people: People | None = None

    @model_validator(mode="after")
    def _answers_everything(self) -> Self:
        if self.extends is None:
            missing = [outcome.value for outcome in Outcome if outcome not in self.any]
            if missing or not self.required:
                raise ValueError(
                    "a pack that extends none requires a check and says what every outcome leads to"
                )
        return self

    def decisions(self) -> Iterator[tuple[tuple[str, ...], Decision]]:
        """Every rule that answers an outcome, and its decision."""
        for outcome, decision in self.any.items():
            yield ("any", outcome.value), decision
        for table, named in (("checks", self.checks), ("kinds", self.kinds)):
            for name, answers in named.items():
                for outcome, decision in answers.items():
                    yield (table, name, outcome.value), decision

    def speaking(
        self, check: str, kind: str | None, outcome: Outcome
    ) -> tuple[tuple[str, ...], Decision] | None:
        """The rule that speaks to this outcome, and its decision; None where the pack says nothing of it."""
        answers = dict(self.decisions())
        asked = [("kinds", kind, outcome.value)] if kind else []
        paths = (*asked, ("checks", check, outcome.value), ("any", outcome.value))
        return next(((path, answers[path]) for path in paths if path in answers), None)
