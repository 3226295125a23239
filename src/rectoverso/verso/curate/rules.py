"""The table that says what becomes of a picture, and the reasons that it gives (`rules.toml`)."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from importlib import resources
from typing import Any, Literal, Self

import rfc8785
from pydantic import BaseModel, ConfigDict

from rectoverso.types import Digest
from rectoverso.verso.curate.consent import Consent, consent_of
from rectoverso.verso.curate.signal import Says, Signal, SignalKind


class Action(StrEnum):
    """What becomes of a picture, the mildest first."""

    KEEP = "keep"
    ASK = "ask"
    DROP = "drop"


SEVERITY = tuple(Action)
SHIPPED = "rules.toml"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Copies(_Table):
    exact: Action
    near: Action
    of_reserved: Action
    of_refused: Action
    of_asked: Action


class Rights(_Table):
    no_licence: Action
    no_consent: Action
    consent_refused: Action
    consent_unclear: Action
    faces_unconsented: Action
    sidecar_unreadable: Action


class Content(_Table):
    text: Action


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that spoke: its name in the table, what it led to, and what it spoke of."""

    rule: str
    action: Action
    about: str = ""

    def plain(self) -> dict[str, str]:
        """As a manifest keeps it."""
        return {"rule": self.rule, "action": self.action.value} | (
            {"about": self.about} if self.about else {}
        )


class Rules(_Table):
    """The whole table."""

    version: Literal[1]
    signals: dict[Says, Action]
    kinds: dict[SignalKind, dict[Says, Action]]
    copies: Copies
    rights: Rights
    licences: dict[str, Action]
    content: Content

    @classmethod
    def read(cls, text: str = "") -> Self:
        """The shipped table with what ``text`` (TOML) says otherwise. Raises ValueError."""
        table = tomllib.loads(resources.files(__package__).joinpath(SHIPPED).read_text(encoding="utf-8"))
        changes = tomllib.loads(text)
        for name, value in changes.items():
            table[name] = (
                table[name] | value
                if isinstance(table.get(name), dict) and isinstance(value, dict)
                else value
            )
        return cls.model_validate(table)

    @property
    def digest(self) -> Digest:
        """What identifies the table: the SHA-256 of its canonical JSON (RFC 8785)."""
        return Digest(hashlib.sha256(rfc8785.dumps(self.model_dump(mode="json"))).hexdigest())

    def milder_than(self, other: Rules) -> list[str]:
        """The rules that are less strict than those of ``other``, by name."""
        theirs = dict(other._named())
        rows = [(name, action, theirs.get(name, other._general(name))) for name, action in self._named()]
        return [name for name, action, their in rows if SEVERITY.index(action) < SEVERITY.index(their)]

    def of_signals(self, signals: Iterable[Signal]) -> Iterator[Reason]:
        """What each signal leads to; that of its kind goes before the general rule."""
        for signal in signals:
            own = self.kinds.get(signal.kind, {})
            rule = f"kinds.{signal.kind}.{signal.says}" if signal.says in own else f"signals.{signal.says}"
            yield Reason(rule, own.get(signal.says, self.signals[signal.says]), signal.kind.value)

    def of_licences(self, licences: Sequence[str]) -> Iterator[Reason]:
        """What each stated licence leads to, and what it does that none is known."""
        if not licences:
            yield Reason("rights.no_licence", self.rights.no_licence)
        for pattern, action in self.licences.items():
            for licence in licences:
                if fnmatchcase(licence.casefold(), pattern.casefold()):
                    yield Reason(f"licences.{pattern}", action, licence)

    def of_consent(self, consent: str, faces: int | None) -> Iterator[Reason]:
        """What consent leads to, beside the faces that were found (None: not looked for)."""
        match consent_of(consent):
            case Consent.REFUSED:
                yield Reason("rights.consent_refused", self.rights.consent_refused, consent)
            case Consent.UNCLEAR:
                yield Reason("rights.consent_unclear", self.rights.consent_unclear, consent)
            case Consent.UNKNOWN:
                yield Reason("rights.no_consent", self.rights.no_consent)
                if faces:
                    yield Reason("rights.faces_unconsented", self.rights.faces_unconsented, str(faces))

    def _named(self) -> Iterator[tuple[str, Action]]:
        for name, value in self.model_dump().items():
            if isinstance(value, dict):
                yield from _flat(name, value)

    def _general(self, name: str) -> Action:
        """What a rule of one kind stands in for; a licence that no rule names is kept."""
        says = name.rpartition(".")[2]
        return self.signals[Says(says)] if name.startswith("kinds.") else Action.KEEP


def decided(reasons: Iterable[Reason]) -> Action:
    """The strictest of what the rules lead to."""
    return max((reason.action for reason in reasons), key=SEVERITY.index, default=Action.KEEP)


def _flat(prefix: str, table: dict[str, Any]) -> Iterator[tuple[str, Action]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}.{name}", value)
        else:
            yield f"{prefix}.{name}", value
