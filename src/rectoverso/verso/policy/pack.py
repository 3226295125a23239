"""The rules of one use, as its TOML file writes them.

    use = "general"
    version = 1                 # raised with every change of the rules
    required = ["similarity"]   # checks without whose answer nothing is released

    [any]                       # what an outcome leads to, whichever check it comes from
    pass = "release"
    review = "hold"
    block = "refuse"

    [checks.memorisation]       # where one check is taken otherwise
    block = "hold"

    [always]                    # a decision that holds for every image, and the name of its reason
    decision = "hold"
    reason = "medical"

A pack cannot be made so that a check's alarm is ignored: `review` and `block` never lead to a release.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rectoverso.types import Decision, Outcome


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Always(_Rules):
    """A decision that no finding can soften; ``reason`` names its sentence in the catalogue of policies."""

    decision: Decision
    reason: str


class Pack(_Rules):
    """One use's rules. Raises ValidationError for rules that are incomplete or would ignore an alarm."""

    use: str
    version: int = Field(ge=1)
    required: tuple[str, ...]
    any: dict[Outcome, Decision]
    checks: dict[str, dict[Outcome, Decision]] = {}
    always: Always | None = None

    @model_validator(mode="after")
    def _answers_everything(self) -> Self:
        missing = [outcome.value for outcome in Outcome if outcome not in self.any]
        if missing:
            raise ValueError(f"[any] does not say what {', '.join(missing)} leads to")
        ignored = [
            f"{name}.{outcome}"
            for name, rules in {"any": self.any, **self.checks}.items()
            for outcome, decision in rules.items()
            if outcome is not Outcome.PASS and decision is Decision.RELEASE
        ]
        if ignored:
            raise ValueError(f"an alarm cannot lead to a release: {', '.join(ignored)}")
        return self

    def line(self, check: str, outcome: Outcome) -> tuple[str, Decision]:
        """The line that speaks to this outcome of this check, by name, and the decision it makes."""
        own = self.checks.get(check, {})
        if outcome in own:
            return f"checks.{check}.{outcome.value}", own[outcome]
        return f"any.{outcome.value}", self.any[outcome]
