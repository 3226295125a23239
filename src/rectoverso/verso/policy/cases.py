"""A pack's cases: findings, and what the pack is to make of them. They stand beside it, in NAME.cases.toml.

    [[cases]]
    name = "the same as cultural heritage"
    findings = { similarity = { outcome = "block", kind = "heritage" }, memorisation = "pass" }
    decision = "refuse"
    line = "kinds.heritage.block"       # one of those that made the decision; acme:any.block names its pack too
    people = { least = 2 }              # where it is held: who may let it go

Every rule of the pack has to be reached by some case: it spoke to a finding, even if a stricter one decided. What a
pack extends has cases of its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from rectoverso.store.rights import Kind
from rectoverso.types import Decision, Finding, Message, Outcome
from rectoverso.verso.policy.pack import Line
from rectoverso.verso.policy.policy import Policy, kind_of
from rectoverso.verso.policy.rules import CHECKS, Name, People
from rectoverso.verso.policy.wrong import not_toml, problem_of, unusable


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Found(_Table):
    """What one check says, and the kind of the registered work that it found."""

    outcome: Outcome
    kind: Kind | None = None


class Case(_Table):
    """Findings, and what is to come of them."""

    name: str
    findings: dict[Name, Found]
    decision: Decision
    line: str
    people: People | None = None

    @field_validator("findings", mode="before")
    @classmethod
    def _written_short(cls, given: object) -> object:
        """``similarity = "pass"`` is short for a table."""
        if not isinstance(given, dict):
            return given
        return {
            check: {"outcome": found} if isinstance(found, str) else found for check, found in given.items()
        }

    def expected(self) -> dict[str, object]:
        """As `--json` prints it."""
        people = {"people": self.people.model_dump(exclude_unset=True)} if self.people else {}
        return {"decision": self.decision.value, "line": self.line, **people}

    def as_findings(self) -> list[Finding]:
        return [
            Finding(check, found.outcome, Message("policy.case"), evidence={"kind": found.kind})
            for check, found in self.findings.items()
        ]


class _Cases(_Table):
    cases: tuple[Case, ...] = ()

    @classmethod
    def read(cls, data: bytes, file: str) -> Self:
        try:
            return cls.model_validate(tomllib.loads(data.decode()))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise unusable(file, "toml", problem=not_toml(error)) from error
        except ValidationError as error:
            raise unusable(file, "rules", problem=problem_of(error, {})) from error


@dataclass(frozen=True, slots=True)
class Failed:
    """A case that came out otherwise: its number from 1, and the lines and people that there really were."""

    number: int
    case: Case
    decision: Decision
    lines: tuple[Line, ...]
    people: People


@dataclass(frozen=True, slots=True)
class Trial:
    """A policy run against its cases: how many, which came out otherwise, which of its own lines none reaches."""

    policy: Policy
    count: int
    failed: tuple[Failed, ...]
    unreached: tuple[Line, ...]

    @property
    def holds(self) -> bool:
        return not (self.failed or self.unreached)

    @property
    def unheard(self) -> list[tuple[Line, str]]:
        """The policy's own lines about checks that this version does not ask, and what they call these: cases that
        misspell a check as the line does would not find it.
        """
        pack = self.policy.packs[-1]
        of_checks = ((line, line.rule.split(".")) for line in pack.lines())
        return [
            (line, name[1])
            for line, name in of_checks
            if name[0] in ("checks", "required") and name[1] not in CHECKS
        ]


def run_cases(policy: Policy, data: bytes, file: str) -> Trial:
    """Run a policy against the cases in ``data``, the bytes of ``file``. Raises PolicyUnusable for what are none."""
    cases = _Cases.read(data, file).cases
    failed = [_failed(policy, number, case) for number, case in enumerate(cases, 1)]
    reached = {line.code for case in cases for line in _reached(policy, case)}
    own = policy.packs[-1].lines()
    return Trial(
        policy,
        len(cases),
        tuple(one for one in failed if one),
        tuple(line for line in own if line.code not in reached),
    )


def _failed(policy: Policy, number: int, case: Case) -> Failed | None:
    findings = case.as_findings()
    decision = policy.decide(findings).decision
    lines = tuple(one.line for one in policy.said(findings) if one.line.decision is decision)
    named = {name for line in lines for name in (line.rule, f"{line.pack}:{line.rule}")}
    stated = case.people.model_dump(exclude_unset=True) if case.people else {}
    are_people = stated.items() <= policy.people.model_dump().items()
    if case.decision is decision and case.line in named and are_people:
        return None
    return Failed(number, case, decision, tuple(dict.fromkeys(lines)), policy.people)


def _reached(policy: Policy, case: Case) -> Sequence[Line]:
    """The lines of the pack itself that speak in this case, whether or not a stricter one decides."""
    pack = policy.packs[-1]
    findings = case.as_findings()
    answers = (pack.speaking(one.check, kind_of(one.evidence), one.outcome) for one in findings)
    missing = [line for check, line in pack.required().items() if check not in case.findings]
    stated = case.people.model_fields_set if case.people else set()
    people = [line for line in pack.people() if line.rule.removeprefix("people.") in stated]
    return [*(line for line in answers if line), *missing, *filter(None, [pack.always]), *people]
