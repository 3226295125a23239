"""From findings to a verdict, by the pack of a use.

1. Each finding meets the line of the pack that speaks to it, and that line decides.
2. An outcome that no line knows, and a required check that did not answer, hold the image.
3. What the pack says of every image is added.
4. The strictest decision wins. Whatever is not a plain release is given with its reason.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rectoverso.errors import UnknownName
from rectoverso.types import Decision, Finding, Message, Outcome, Verdict
from rectoverso.verso.policy.pack import Pack

SEVERITY = {Decision.RELEASE: 0, Decision.HOLD: 1, Decision.REFUSE: 2}
_FOLDER = "packs"

Judged = tuple[Decision, tuple[Message, ...]]


@dataclass(frozen=True, slots=True)
class Policy:
    """A pack and the digest of the file it came from."""

    pack: Pack
    digest: str

    @property
    def use(self) -> str:
        return self.pack.use

    @property
    def reference(self) -> str:
        """Which rules these are, for records: ``general@1#0123abcd`` (use, version, digest of the rules)."""
        return f"{self.pack.use}@{self.pack.version}#{self.digest[:8]}"

    def decide(self, findings: Sequence[Finding]) -> Verdict:
        """The verdict on all findings together; without any, the required checks are missing and it holds."""
        judged = [self._judged(finding) for finding in findings]
        judged += self._missing(findings)
        judged += self._always()
        decision = max((part for part, _ in judged), key=SEVERITY.__getitem__, default=Decision.HOLD)
        reasons = tuple(reason for _, reasons in judged for reason in reasons)
        return Verdict(decision, reasons, self.reference)

    def _judged(self, finding: Finding) -> Judged:
        if finding.outcome not in set(Outcome):
            facts = {"check": finding.check, "outcome": str(finding.outcome)}
            return Decision.HOLD, (Message("policy.unknown_outcome", facts),)
        line, decision = self.pack.line(finding.check, Outcome(finding.outcome))
        if decision is Decision.RELEASE:
            return decision, ()
        facts = {"use": self.use, "line": line, "check": finding.check}
        return decision, (finding.message, Message(f"policy.line.{decision.value}", facts))

    def _missing(self, findings: Sequence[Finding]) -> Iterator[Judged]:
        answered = {finding.check for finding in findings}
        for check in self.pack.required:
            if check not in answered:
                facts = {"use": self.use, "check": check}
                yield Decision.HOLD, (Message("policy.missing_check", facts),)

    def _always(self) -> Iterator[Judged]:
        always = self.pack.always
        if always:
            yield always.decision, (Message(f"policy.always.{always.reason}", {"use": self.use}),)


def uses() -> tuple[str, ...]:
    """The names of all packs, `general` first."""
    files = resources.files(__package__).joinpath(_FOLDER).iterdir()
    names = {file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")}
    return tuple(sorted(names, key=lambda name: (name != "general", name)))


@cache
def policy(use: str) -> Policy:
    """The policy of a use. Raises UnknownName with the nearest one that exists."""
    known = uses()
    if use not in known:
        near = difflib.get_close_matches(use, known, n=1)
        hint = f": {near[0]}" if near else ""
        raise UnknownName(kind="use", name=use, known=", ".join(known), hint=hint)
    data = resources.files(__package__).joinpath(_FOLDER, f"{use}.toml").read_bytes()
    pack = Pack.model_validate(tomllib.loads(data.decode()))
    return Policy(pack, hashlib.sha256(data).hexdigest())
