"""What becomes of each picture: its own findings by the rules, then those of its copies, then what people answered.

1  Its own: signals, licence, consent, faces, words, whether it can be opened.
2  Copies of a picture that somebody reserved: the reservation goes with the picture.
3  Of copies that would be kept one is kept, the first.
4  People's answers to what was asked. An answer of keep takes no drop back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.store.curation import Curation, Row
from rectoverso.verso.curate.rules import Action, Reason, Rules, decided
from rectoverso.verso.curate.signal import Says, Signal
from rectoverso.verso.curate.summary import licence_of
from rectoverso.workflow.curating.answers import Given

CHUNK = 500
_NOBODY = -1


@dataclass(frozen=True, slots=True)
class Copied:
    """Of which place a picture is a copy, and how: ``pixels``, ``hash``, ``shapes``, or ``chain`` by others between."""

    of: int
    source: str
    how: str
    score: float | None = None

    def plain(self) -> dict[str, Any]:
        """As a manifest keeps it."""
        told = {"of": self.of, "source": self.source, "how": self.how, "score": self.score}
        return {name: value for name, value in told.items() if value is not None}


def decide(curation: Curation, rules: Rules, answers: Mapping[str, Given], first: NDArray[np.int32]) -> None:
    """Decide on every picture. ``first``: for each place the first of its copies (`copies.groups`)."""
    reserved = np.full(len(first), _NOBODY, np.int32)
    for row in curation.rows():
        if _is_reserved(row, rules) and reserved[first[row.place]] == _NOBODY:
            reserved[first[row.place]] = row.place
    kept = np.full(len(first), _NOBODY, np.int32)
    judge = _Judge(curation, rules, answers, first, reserved, kept)
    verdicts = []
    for row in curation.rows():
        verdicts.append(judge.verdict(row))
        if len(verdicts) == CHUNK:
            curation.keep_verdicts(verdicts)
            verdicts = []
    curation.keep_verdicts(verdicts)


class _Judge:
    def __init__(
        self,
        curation: Curation,
        rules: Rules,
        answers: Mapping[str, Given],
        first: NDArray[np.int32],
        reserved: NDArray[np.int32],
        kept: NDArray[np.int32],
    ) -> None:
        self._curation = curation
        self._rules = rules
        self._answers = answers
        self._first = first
        self._reserved = reserved
        self._kept = kept

    def verdict(self, row: Row) -> tuple[int, str, dict[str, Any]]:
        """Place, action and the record of why."""
        record = row.looked
        reasons = [reason for reason in self._own(record) if reason.action is not Action.KEEP]
        group, copied = int(self._first[row.place]), None
        if (source := int(self._reserved[group])) not in (_NOBODY, row.place) and not _is_reserved(
            row, self._rules
        ):
            copied = self._copied(row, source)
            reasons.append(Reason("copies.of_reserved", self._rules.copies.of_reserved, copied.source))
        answer = self._answers.get(str(record.get("digest")))
        action = _answered(decided(reasons), answer)
        if action is Action.KEEP and (kept := int(self._kept[group])) != _NOBODY:
            copied = self._copied(row, kept)
            led_to = self._rules.copies.exact if copied.how == "pixels" else self._rules.copies.near
            rule = "copies.exact" if copied.how == "pixels" else "copies.near"
            if led_to is not Action.KEEP:
                reasons.append(Reason(rule, led_to, copied.source))
            action = _answered(decided(reasons), answer)
        if action is Action.KEEP and self._kept[group] == _NOBODY:
            self._kept[group] = row.place
        verdict: dict[str, Any] = {"reasons": [reason.plain() for reason in reasons]}
        if copied:
            verdict["copy"] = copied.plain()
        if answer and any(reason.action is Action.ASK for reason in reasons):
            verdict["answer"] = answer.plain()
        return row.place, action.value, verdict

    def _own(self, record: Mapping[str, Any]) -> Iterator[Reason]:
        rules, rights = self._rules, record.get("rights", {})
        yield from rules.of_signals(map(Signal.of_plain, record.get("signals", ())))
        yield from rules.of_licence(licence_of(record))
        yield from rules.of_consent(rights.get("consent", ""), _found(record, "faces"))
        for where in record.get("broken", ()):
            yield Reason("rights.sidecar_unreadable", rules.rights.sidecar_unreadable, where)
        if words := _found(record, "text"):
            yield Reason("content.text", rules.content.text, str(words))
        if problem := record.get("problem"):
            yield Reason("unreadable", Action.DROP, problem)

    def _copied(self, row: Row, other: int) -> Copied:
        source = self._curation.source(other)
        if self._curation.has_same_pixels(row.place, other):
            return Copied(other, source, "pixels")
        how, score = self._curation.pair_of(row.place, other) or ("chain", None)
        return Copied(other, source, how, score)


def _answered(action: Action, answer: Given | None) -> Action:
    return answer.action if answer and action is Action.ASK else action


def _is_reserved(row: Row, rules: Rules) -> bool:
    """Whether somebody reserved the picture itself, in a way that the rules do not pass over."""
    signals = [Signal.of_plain(signal) for signal in row.looked["signals"] if signal["says"] == Says.RESERVED]
    return any(reason.action is not Action.KEEP for reason in rules.of_signals(signals))


def _found(record: Mapping[str, Any], about: str) -> int | None:
    seen = record.get(about, {"looked": False})
    return int(seen["found"]) if seen["looked"] else None
