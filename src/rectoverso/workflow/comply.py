"""Hold files, from any maker, against the laws on labels. Offline, without a home."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.errors import ImageNotFound, ImageUnreadable, RectoversoError
from rectoverso.i18n import explain, say
from rectoverso.types import Message
from rectoverso.verso.law import Law, law, laws, laws_named
from rectoverso.verso.law.lint import Answer, State
from rectoverso.verso.picture import read_bytes
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow.files import picture_files


@dataclass(frozen=True, slots=True)
class Held:
    """One file against one law."""

    law: Law
    answers: tuple[Answer, ...]

    @property
    def complies(self) -> bool:
        """Nothing is missing that a tool can tell; what no tool can tell stays open."""
        return all(answer.state is not State.MISSING for answer in self.answers)

    def count(self, state: State) -> int:
        return Counter(answer.state for answer in self.answers)[state]


@dataclass(frozen=True, slots=True)
class Compliance:
    """One file against every law asked for, or why it could not be looked at."""

    path: str
    held: tuple[Held, ...] = ()
    error: RectoversoError | None = None


def comply(files: Iterable[Path], names: Iterable[str] = ()) -> Iterator[Compliance]:
    """One row a file (a folder gives one for each picture in it). Without names, every law.

    Raises UnknownName, and FilesUnusable where there is nothing to look at.
    """
    asked = laws_named(names) or tuple(map(law, laws()))
    named = [one.law for one in asked]
    for path in picture_files(files):
        try:
            answers = shared().clauses(read_bytes(path), named, name=str(path))
        except ImageUnreadable as error:
            yield Compliance(str(path), error=error)
        else:
            yield Compliance(str(path), tuple(map(Held, asked, answers)))


def comply_file(data: bytes, names: Iterable[str] = ()) -> Compliance:
    """The same of one file's bytes. Raises UnknownName and ImageUnreadable."""
    asked = laws_named(names) or tuple(map(law, laws()))
    answers = shared().clauses(data, [one.law for one in asked], name="file")
    return Compliance("file", tuple(map(Held, asked, answers)))


def exit_code(found: Sequence[Compliance]) -> int:
    """0 where nothing is missing that a tool can tell, 1 where something is, 2 without a file, 3 with an odd one."""
    errors = [one.error for one in found if one.error]
    if any(isinstance(error, ImageNotFound) for error in errors):
        return 2
    if errors:
        return 3
    return 0 if all(held.complies for one in found for held in one.held) else 1


def plain(one: Compliance, language: str) -> dict[str, Any]:
    """As `--json` prints it."""
    error = {"code": one.error.code, "message": explain(one.error, language)} if one.error else None
    return {"path": one.path, "error": error, "laws": [_plain_held(held, language) for held in one.held]}


def _plain_held(held: Held, language: str) -> dict[str, Any]:
    return {
        "law": held.law.law,
        "version": held.law.version,
        "complies": held.complies,
        **{state.value: held.count(state) for state in State},
        "clauses": [
            {
                "id": answer.clause.id,
                "asks": answer.clause.asks,
                "since": answer.clause.since.isoformat() if answer.clause.since else None,
                "state": answer.state.value,
                "says": answer.clause.says.within(language),
                "key": answer.message.key,
                "text": say(answer.message, language),
            }
            for answer in held.answers
        ],
    }


def listed(language: str) -> list[dict[str, Any]]:
    """Every law that there is a pack of, as `--list` prints it."""
    return [_plain_law(law(name), language) for name in laws()]


def _plain_law(one: Law, language: str) -> dict[str, Any]:
    return {
        "law": one.law,
        "version": one.version,
        "place": one.place.within(language),
        "in_force": one.in_force.isoformat(),
        "later": [{"day": stage.day.isoformat(), "says": stage.says.within(language)} for stage in one.later],
        "layers": list(one.layers),
        "layers_text": [say(Message(f"law.layer.{layer}"), language) for layer in one.layers],
        "keep_logs_months": one.keep_logs_months or None,
        "source": one.source.title.within(language),
        "note": one.source.note.within(language),
        "clauses": len(one.clauses),
    }
