"""What people are asked, as a table that they fill in and give back.

    digest,source,reasons,answer,by,why
    5c1e...,photos/a.jpg,signals.constrained,keep,Anna Muster,licence of 3 May on file

``answer`` is keep or drop; who leaves it empty leaves the picture where it is. ``by`` has to be somebody.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rectoverso.verso.curate.rules import Action
from rectoverso.workflow.files import unusable

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
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if missing := [
                name for name in ("digest", "answer", "by") if name not in (rows.fieldnames or ())
            ]:
                raise unusable(table, "answers_column", column=missing[0])
            return {
                row["digest"].strip(): _given(table, line, row)
                for line, row in enumerate(rows, 2)
                if _answer(row)
            }
    except (OSError, UnicodeError, csv.Error) as error:
        raise unusable(table, "unreadable_table", system=error) from error


def write(table: Path, rows: Iterable[tuple[str, str, str]]) -> None:
    """What there is to ask: digest, source and reasons of each picture; no table where that is nothing."""
    is_empty = True
    with table.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for digest, source, reasons in rows:
            lines.writerow((digest, _harmless(source), reasons, "", "", ""))
            is_empty = False
    if is_empty:
        table.unlink()


def _given(table: Path, line: int, row: Mapping[str, str]) -> Given:
    answer, by = _answer(row), (row["by"] or "").strip()
    if answer not in (Action.KEEP, Action.DROP) or not by:
        raise unusable(table, "answer", line=line, answer=answer)
    return Given(Action(answer), by, (row.get("why") or "").strip())


def _answer(row: Mapping[str, str]) -> str:
    return (row["answer"] or "").strip().lower()


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@" else text
