"""What people are asked, as a table that they fill in and give back.

    digest,source,reasons,answer,by,why
    5c1e...,photos/a.jpg,signals.constrained,keep,Anna Muster,licence of 3 May on file

``answer`` is keep or drop; who leaves it empty leaves the picture where it is. ``by`` has to be somebody. Answers that
were given stay in the table, so that it can be filled in bit by bit.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rectoverso.errors import FilesUnusable
from rectoverso.store.atomic import write_atomically
from rectoverso.verso.curate.rules import Action
from rectoverso.workflow.files import unusable

_NEEDED = ("digest", "answer", "by")
COLUMNS = ("digest", "source", "reasons", "answer", "by", "why")


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody answered of one picture."""

    action: Action
    by: str
    why: str = ""

    def plain(self) -> dict[str, str]:
        """As a manifest keeps it."""
        return {"answer": self.action.value, "by": self.by, "why": self.why}


def read(table: Path) -> dict[str, Given]:
    """The answers, by the digest of the picture's file. Raises FilesUnusable, which names the line."""
    given: dict[str, Given] = {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if missing := [name for name in _NEEDED if name not in (rows.fieldnames or ())]:
                raise unusable(table, "answers_column", column=missing[0])
            for line, row in enumerate(rows, 2):
                if _cell(row, "answer"):
                    digest, answer = _cell(row, "digest").lower(), _given(table, line, row)
                    if given.setdefault(digest, answer).action is not answer.action:
                        raise unusable(table, "answers_differ", line=line, digest=digest)
    except (OSError, UnicodeError, csv.Error) as error:
        raise unusable(table, "unreadable_table", system=error) from error
    return given


def write(table: Path, rows: Iterable[tuple[str, str, str]], given: Mapping[str, Given]) -> None:
    """What there is to ask, and what was answered: digest, source and reasons of each picture; no table where that is
    nothing.
    """
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    is_empty = True
    for digest, source, reasons in rows:
        answer = given.get(digest)
        told = (answer.action.value, answer.by, answer.why) if answer else ("", "", "")
        lines.writerow((digest, *map(_harmless, (source, reasons, *told))))
        is_empty = False
    if is_empty:
        table.unlink(missing_ok=True)
    else:
        write_atomically(table, text.getvalue().encode(), mode=0o644)


def left_behind(table: Path, given: Mapping[str, Given]) -> int:
    """How many answers are in a table that was not given back: they would be lost when it is written anew."""
    try:
        found = read(table) if table.is_file() else {}
    except FilesUnusable:  # unfinished, or no longer such a table
        return 1
    return len(found.keys() - given.keys())


def _given(table: Path, line: int, row: Mapping[str, str]) -> Given:
    answer, by = _cell(row, "answer").lower(), _cell(row, "by")
    if answer not in (Action.KEEP, Action.DROP) or not by:
        raise unusable(table, "answer", line=line, answer=answer)
    return Given(Action(answer), by, _cell(row, "why"))


def _cell(row: Mapping[str, str | None], name: str) -> str:
    """A cell, also of a row that has too few."""
    return (row.get(name) or "").strip()


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
