"""What becomes of each picture: its own findings by the rules, then those of its copies, then what people answered.

1  Its own: signals, licence, consent, faces, words, whether it can be opened.
2  Copies of a picture: what was said of its use, of consent, and that people have to be asked, goes with the picture.
3  Of copies that would be kept one is kept: the largest, and of those the first.
4  People's answers to what was asked. An answer of keep takes no drop back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.store.curation import Curation, Row
from rectoverso.verso.curate.consent import Consent, consent_of
from rectoverso.verso.curate.rules import Action, Reason, Rules, decided
from rectoverso.verso.curate.signal import Signal
from rectoverso.verso.curate.summary import licences_of
from rectoverso.workflow.curating.answers import Given

CHUNK = 500
_NOBODY = -1
_OF_USE = ("signals.", "kinds.")
_OF_PEOPLE = ("rights.consent_refused",)
_FACES = "rights.faces_unconsented"
_SETTLED = {"copies.of_asked", _FACES}
_ASKED = (*_OF_USE, "rights.consent_unclear", "rights.sidecar_unreadable")
"""The rules about the picture, whichever file it is in; those of licences, copies and words are about the file."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Of which place a picture is a copy, and how: ``pixels``, ``shapes``, or ``chain`` by others between."""

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
    judge = _Judge(curation, rules, answers, first)
    for row in curation.rows():
        judge.hear(row)
    for row in curation.rows():
        judge.prefer(row)
    verdicts = []
    for row in curation.rows():
        verdicts.append(judge.verdict(row))
        if len(verdicts) == CHUNK:
            curation.keep_verdicts(verdicts)
            verdicts = []
    curation.keep_verdicts(verdicts)


class _Judge:
    """What goes with a picture is kept by the first place of its copies: 4 bytes a picture for each kind."""

    def __init__(
        self, curation: Curation, rules: Rules, answers: Mapping[str, Given], first: NDArray[np.int32]
    ) -> None:
        self._curation = curation
        self._rules = rules
        self._answers = answers
        self._first = first
        self._going_with = {
            "copies.of_reserved": (rules.copies.of_reserved, _nobody(first)),
            "copies.of_refused": (rules.copies.of_refused, _nobody(first)),
            "copies.of_asked": (rules.copies.of_asked, _nobody(first)),
            _FACES: (rules.rights.faces_unconsented, _nobody(first)),
        }
        self._kept = _nobody(first)
        self._area = np.zeros(len(first), np.int64)

    def hear(self, row: Row) -> None:
        """Keep what goes from a picture to its copies; nothing is asked where people said that it may be kept."""
        group, answer = int(self._first[row.place]), self._answers.get(row.looked.get("digest", ""))
        is_settled = answer is not None and answer.action is Action.KEEP
        for rule in _going(self._own(row.looked)) - (_SETTLED if is_settled else set()):
            _, heard = self._going_with[rule]
            if heard[group] == _NOBODY:
                heard[group] = row.place

    def prefer(self, row: Row) -> None:
        """Of copies that would be kept, remember the largest; all have been heard."""
        group, area = int(self._first[row.place]), int(np.prod(row.looked.get("size", [0])))
        if area > self._area[group] and self._without_copies(row)[0] is Action.KEEP:
            self._kept[group], self._area[group] = row.place, area

    def verdict(self, row: Row) -> tuple[int, str, dict[str, Any]]:
        """Place, action and the record of why."""
        action, reasons, source = self._without_copies(row)
        copied = None if source is None else self._copied(row, source)
        answer = self._answers.get(row.looked.get("digest", ""))
        kept = int(self._kept[self._first[row.place]])
        if action is Action.KEEP and kept != row.place:
            copied = self._copied(row, kept)
            is_exact = copied.how == "pixels"
            led_to = self._rules.copies.exact if is_exact else self._rules.copies.near
            if led_to is not Action.KEEP:
                reasons.append(Reason("copies.exact" if is_exact else "copies.near", led_to, copied.source))
            action = _answered(decided(reasons), answer)
        verdict: dict[str, Any] = {"reasons": [reason.plain() for reason in reasons]}
        if copied:
            verdict["copy"] = copied.plain()
        if answer and any(reason.action is Action.ASK for reason in reasons):
            verdict["answer"] = answer.plain()
        return row.place, action.value, verdict

    def _without_copies(self, row: Row) -> tuple[Action, list[Reason], int | None]:
        """What would become of a picture that is kept but for its copies, why, and whose words went to it."""
        reasons = [reason for reason in self._own(row.looked) if reason.action is not Action.KEEP]
        gone = list(self._from_copies(row, _going(reasons)))
        reasons += [reason for reason, _ in gone]
        action = _answered(decided(reasons), self._answers.get(row.looked.get("digest", "")))
        return action, reasons, gone[0][1] if gone else None

    def _own(self, record: Mapping[str, Any]) -> Iterator[Reason]:
        rules, rights = self._rules, record.get("rights", {})
        yield from rules.of_signals(map(Signal.of_plain, record.get("signals", ())))
        yield from rules.of_licences(licences_of(record))
        yield from rules.of_consent(rights.get("consent", ""), _found(record, "faces"))
        for where in record.get("broken", ()):
            yield Reason("rights.sidecar_unreadable", rules.rights.sidecar_unreadable, where)
        if words := _found(record, "text"):
            yield Reason("content.text", rules.content.text, str(words))
        if problem := record.get("problem"):
            yield Reason("unreadable", Action.DROP, problem)

    def _from_copies(self, row: Row, own: set[str]) -> Iterator[tuple[Reason, int]]:
        group = int(self._first[row.place])
        is_consented = consent_of(row.looked.get("rights", {}).get("consent", "")) is Consent.GIVEN
        for rule, (action, heard) in self._going_with.items():
            if rule in own or action is Action.KEEP or (rule == _FACES and is_consented):
                continue
            if (source := int(heard[group])) != _NOBODY:
                yield Reason(rule, action, self._curation.source(source)), source

    def _copied(self, row: Row, other: int) -> Copied:
        source = self._curation.source(other)
        if self._curation.has_same_pixels(row.place, other):
            return Copied(other, source, "pixels")
        how, score = self._curation.pair_of(row.place, other) or ("chain", None)
        return Copied(other, source, how, score)


def _going(reasons: Iterable[Reason]) -> set[str]:
    """The rules on copies that a picture's own reasons stand for."""
    found = set()
    for reason in reasons:
        if reason.action is Action.DROP and reason.rule.startswith(_OF_USE):
            found.add("copies.of_reserved")
        elif reason.action is Action.DROP and reason.rule in _OF_PEOPLE:
            found.add("copies.of_refused")
        elif reason.rule == _FACES and reason.action is not Action.KEEP:
            found.add(_FACES)
        elif reason.action is Action.ASK and reason.rule.startswith((*_ASKED, *_OF_PEOPLE)):
            found.add("copies.of_asked")
    return found


def _nobody(first: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.full(len(first), _NOBODY, np.int32)


def _answered(action: Action, answer: Given | None) -> Action:
    return answer.action if answer and action is Action.ASK else action


def _found(record: Mapping[str, Any], about: str) -> int | None:
    seen = record.get(about, {"looked": False})
    return int(seen["found"]) if seen["looked"] else None
