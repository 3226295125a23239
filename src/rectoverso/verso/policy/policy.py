"""From findings to a verdict, by a pack and those that it extends.

1. Each finding meets, in every pack of the chain, the most specific line that speaks to it; where it found several
   works, each of them does. The strictest of these lines decides, of equal ones that of the pack that is extended.
   So what extends a pack can only make it stricter.
2. A check that did not answer, required or not, and an outcome that no line knows, hold the image: a failure of this
   program is no finding, so no line about findings speaks to it.
3. What a pack says of every image is added.
4. The strictest decision wins. Every verdict, a release too, names the lines that made it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from rectoverso.types import Decision, Finding, Message, Outcome, Verdict
from rectoverso.verso.policy.pack import SEVERITY, Line, Pack
from rectoverso.verso.policy.rules import People


@dataclass(frozen=True, slots=True)
class Said:
    """A line, what it spoke to (a check, or every image), and the sentences that people read for it."""

    line: Line
    about: str
    reasons: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A pack and those that it extends, in ``packs``, the outermost base first."""

    packs: tuple[Pack, ...]

    @property
    def name(self) -> str:
        return self.packs[-1].name

    @property
    def use(self) -> str:
        """What the image is for: the name of the pack that all the others extend."""
        return self.packs[0].name

    @property
    def version(self) -> int:
        return self.packs[-1].rules.version

    @property
    def digest(self) -> str:
        """That of the file, or of the digests of all files where there are several."""
        digests = [pack.digest for pack in self.packs]
        return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()

    @property
    def reference(self) -> str:
        """Which rules these are, for records: ``general@2#0123abcd`` (name, version, digest of the rules)."""
        return f"{self.name}@{self.version}#{self.digest[:8]}"

    @property
    def required(self) -> dict[str, Line]:
        """The checks without whose answer nothing is released, each with the first line that wants it."""
        found: dict[str, Line] = {}
        for pack in self.packs:
            found = pack.required() | found
        return found

    @property
    def people(self) -> People:
        """Who may let a held image go, by all packs together."""
        stated = [pack.rules.people for pack in self.packs if pack.rules.people]
        return reduce(People.stricter, stated, People())

    def decide(self, findings: Sequence[Finding]) -> Verdict:
        """The verdict on all findings together; without any, the required checks are missing and it holds."""
        said = self.said(findings)
        decision = max((one.line.decision for one in said), key=SEVERITY.__getitem__, default=Decision.HOLD)
        told = [
            one for one in said if decision is Decision.RELEASE or one.line.decision is not Decision.RELEASE
        ]
        reasons: list[Message] = []
        for reason in (reason for one in told for reason in one.reasons):
            if reason not in reasons:
                reasons.append(reason)
        return Verdict(decision, tuple(reasons), self.reference)

    def said(self, findings: Sequence[Finding]) -> list[Said]:
        """Everything that the lines say of these findings, before the strictest is taken."""
        return [
            *(self._of(finding) for finding in findings),
            *self._missing(findings),
            *self._always(),
        ]

    def speaking(self, check: str, kind: str | None, outcome: Outcome) -> list[Line]:
        """What each pack says of this outcome, the outermost base first."""
        lines = (pack.speaking(check, kind, outcome) for pack in self.packs)
        return [line for line in lines if line]

    def there(self, rule: str) -> list[Line]:
        """What each pack says where a rule such as ``checks.similarity.block`` speaks."""
        table, *name, outcome = rule.split(".")
        check, kind = (name[0] if table == wanted else "" for wanted in ("checks", "kinds"))
        return self.speaking(check, kind or None, Outcome(outcome))

    def _of(self, finding: Finding) -> Said:
        if finding.evidence.get("answered") is False:
            line = Line(self.name, self.version, "unanswered", 0, Decision.HOLD)
            return Said(line, finding.check, (finding.message, Message("policy.unanswered", line.facts())))
        if finding.outcome not in set(Outcome):
            line = Line(self.name, self.version, "unknown_outcome", 0, Decision.HOLD)
            facts = line.facts() | {"check": finding.check, "outcome": str(finding.outcome)}
            return Said(line, finding.check, (Message("policy.unknown_outcome", facts),))
        asked = [(finding.outcome, kind_of(finding.evidence)), *_further_works(finding)]
        lines = (self.speaking(finding.check, kind, outcome) for outcome, kind in asked)
        line = strictest([strictest(spoken) for spoken in lines])
        told = Message(f"policy.line.{line.decision.value}", line.facts())
        is_release = line.decision is Decision.RELEASE
        return Said(line, finding.check, (told,) if is_release else (finding.message, told))

    def _missing(self, findings: Sequence[Finding]) -> Iterator[Said]:
        answered = {finding.check for finding in findings}
        for check, line in self.required.items():
            if check not in answered:
                yield Said(line, check, (Message("policy.missing_check", line.facts() | {"check": check}),))

    def _always(self) -> Iterator[Said]:
        for pack in self.packs:
            if pack.always and pack.rules.always:
                facts = pack.always.facts() | {"says": pack.rules.always.says.model_dump()}
                yield Said(pack.always, "*", (Message("policy.always", facts),))


def strictest(lines: Sequence[Line]) -> Line:
    """The first of those that decide most strictly."""
    return max(lines, key=lambda line: SEVERITY[line.decision])


def kind_of(found: Mapping[str, Any]) -> str | None:
    """The kind of the registered work (a likeness, a style, ...) in a finding's evidence, where it tells one."""
    work = found.get("work")
    work = work if isinstance(work, Mapping) else found
    kind = found.get("kind") or work.get("kind") or work.get("rights", {}).get("kind")
    return None if kind is None else str(kind)


def _further_works(finding: Finding) -> Iterator[tuple[Outcome, str | None]]:
    """The works that were found beside the gravest one, each with what it led to."""
    for work in finding.evidence.get("also", ()):
        if work.get("ruling") in {Outcome.REVIEW, Outcome.BLOCK}:
            yield Outcome(work["ruling"]), kind_of(work)
