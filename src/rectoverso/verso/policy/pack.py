"""A pack: the rules of one file, its name, and the lines that they stand on."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from pydantic import ValidationError

from rectoverso.types import Decision, Outcome
from rectoverso.verso.policy.numbering import line_numbers
from rectoverso.verso.policy.rules import Rules
from rectoverso.verso.policy.wrong import not_toml, problem_of, unusable

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
MAX_LINES = 1000

SEVERITY = {Decision.RELEASE: 0, Decision.HOLD: 1, Decision.REFUSE: 2}


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, where it stands, and what it decides. ``number`` is 0 for what no file says but every policy does.

    ``says`` is what is written there, where that is no decision.
    """

    pack: str
    version: int
    rule: str
    number: int
    decision: Decision
    says: str = ""

    @property
    def code(self) -> str:
        """For records: ``art@2:checks.memorisation.block``."""
        return f"{self.pack}@{self.version}:{self.rule}"

    def facts(self) -> dict[str, Any]:
        """What a sentence about this line says."""
        return {
            "code": self.code,
            "policy": f"{self.pack}@{self.version}",
            "rule": self.rule,
            "number": self.number,
            "decision": self.says or self.decision.value,
        }


@dataclass(frozen=True, slots=True)
class Pack:
    """One file's rules. ``file`` is where it was read, None for those that ship; ``digest`` that of its bytes."""

    name: str
    rules: Rules
    numbers: dict[tuple[str, ...], int]
    digest: str
    file: str | None = None

    @classmethod
    def read(cls, name: str, data: bytes, file: str | None = None) -> Self:
        """From the bytes of a TOML file. Raises PolicyUnusable, which names the line."""
        where = file or f"{name}.toml"
        if not NAME.fullmatch(name):
            raise unusable(where, "name", name=name)
        try:
            text = data.decode()
            table = tomllib.loads(text)
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise unusable(where, "toml", problem=not_toml(error)) from error
        if text.count("\n") > MAX_LINES:
            raise unusable(where, "long", most=MAX_LINES)
        if file and "extends" not in table:
            raise unusable(where, "extends_nothing")
        numbers = line_numbers(text)
        try:
            rules = Rules.model_validate(table)
        except ValidationError as error:
            raise unusable(where, "rules", problem=problem_of(error, numbers)) from error
        for path, decision in rules.decisions():
            if path[-1] != Outcome.PASS and decision is Decision.RELEASE:
                raise unusable(where, "alarm", number=numbers[path], rule=".".join(path))
        return cls(name, rules, numbers, hashlib.sha256(data).hexdigest(), file)

    def line(
        self, path: tuple[str, ...], decision: Decision, rule: str | None = None, says: str = ""
    ) -> Line:
        """The line of the rule at ``path``, called ``rule`` where its path is not its name."""
        name = rule or ".".join(path)
        return Line(self.name, self.rules.version, name, self.numbers[path], decision, says)

    def speaking(self, check: str, kind: str | None, outcome: Outcome) -> Line | None:
        """The line of this pack that speaks to this outcome, None where it says nothing of it."""
        found = self.rules.speaking(check, kind, outcome)
        return None if found is None else self.line(*found)

    def required(self) -> dict[str, Line]:
        """For each required check, the line that holds what it did not answer."""
        path = ("required",)
        return {check: self.line(path, Decision.HOLD, f"required.{check}") for check in self.rules.required}

    @property
    def always(self) -> Line | None:
        """The line that speaks to every image."""
        always = self.rules.always
        if always is None:
            return None
        return self.line(("always", "decision"), always.decision, "always")

    def people(self) -> Iterator[Line]:
        """The lines that say who may let a held image go."""
        stated = self.rules.people
        for name, value in stated.model_dump(exclude_unset=True).items() if stated else ():
            yield self.line(("people", name), Decision.HOLD, says=str(value).lower())

    def lines(self) -> list[Line]:
        """Every rule, in the order of the file."""
        answers = [self.line(path, decision) for path, decision in self.rules.decisions()]
        always = [self.always] if self.always else []
        everything = [*self.required().values(), *answers, *always, *self.people()]
        return sorted(everything, key=lambda line: line.number)
