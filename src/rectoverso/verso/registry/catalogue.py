"""A catalogue of works: a table in CSV (RFC 4180, UTF-8), its first line the names of its columns.

What stands between these names, commas, semicolons or tabs, stands between all cells: spreadsheet programs write what
is usual where they run. Everything that is wrong with it is told at once, by line and column, before any picture is
opened.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rectoverso.errors import BadCatalogue, FilesUnusable
from rectoverso.i18n import Phrase
from rectoverso.types import Message
from rectoverso.verso.registry.columns import COLUMNS, Said, read


@dataclass(frozen=True, slots=True)
class Line:
    """One work of a catalogue; ``number`` counts the lines of the file from 1."""

    number: int
    file: Path
    said: Said


def read_catalogue(path: Path, *, beside: bool = True) -> list[Line]:
    """The works of a catalogue in their order; with ``beside`` their pictures have to be there.

    Raises BadCatalogue, and FilesUnusable if it cannot be read at all.
    """
    return _read(path, _decoded(path), beside=beside)


def catalogue_of(data: bytes, name: str = "catalogue.csv") -> list[Line]:
    """The same of a catalogue that was sent: what it calls files is no path here. Raises as `read_catalogue`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _in_another_encoding(Path(name), error) from error
    return _read(Path(name), text, beside=False)


def _read(path: Path, text: str, *, beside: bool) -> list[Line]:
    found: list[Line] = []
    problems: list[Message] = []
    for item in _lines(path, text, beside):
        if isinstance(item, Line):
            found.append(item)
        else:
            problems.append(item)
    if problems:
        raise BadCatalogue(path=path, count=len(problems), listing=Phrase(*problems))
    if not found:
        raise _unusable(path, "catalogue_empty")
    return found


def _lines(path: Path, text: str, beside: bool) -> Iterator[Line | Message]:
    """Works, and what is wrong, in the order of the file. A wrong head ends it: nothing below it could be read."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_separator(text))
    begins = 1
    head: list[str] | None = None
    seen: dict[Path, int] = {}
    try:
        for row in rows:
            number, begins = begins, rows.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            if head is None:
                head = [cell.strip().lower() for cell in row]
                if problems := list(_head_problems(number, head)):
                    yield from problems
                    return
            elif len(row) != len(head):
                facts = {"line": number, "count": len(row), "wanted": len(head)}
                yield Message("registry.wrong.cells", facts)
            else:
                yield from _line(path, number, dict(zip(head, row, strict=True)), seen, beside)
    except csv.Error as error:
        yield Message("registry.wrong.csv", {"line": begins, "system": error})


def _separator(text: str) -> str:
    """What the first line has most of."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=head.count)


def _head_problems(number: int, head: list[str]) -> Iterator[Message]:
    known = ", ".join(COLUMNS)
    for column in dict.fromkeys(head):
        if column not in COLUMNS:
            yield _problem(number, column or "-", Message("registry.wrong.column", {"known": known}))
        elif head.count(column) > 1:
            yield _problem(number, column, Message("registry.wrong.column_twice"))
    if "file" not in head:
        yield _problem(number, "file", Message("registry.wrong.no_file_column"))


def _line(
    path: Path, number: int, cells: dict[str, str], seen: dict[Path, int], beside: bool
) -> Iterator[Line | Message]:
    said, wrong = read(cells)
    for problem in wrong:
        yield _problem(number, problem.column, problem.message)
    if not said.file:
        if not any(problem.column == "file" for problem in wrong):
            yield _problem(number, "file", Message("registry.wrong.no_file"))
        return
    file = path.parent / said.file
    if beside and file.is_dir():
        yield _problem(number, "file", Message("registry.wrong.folder", {"file": said.file}))
    elif beside and not file.is_file():
        yield _problem(number, "file", Message("registry.wrong.missing", {"file": said.file}))
    elif file in seen:
        facts = {"file": said.file, "line": seen[file]}
        yield _problem(number, "file", Message("registry.wrong.twice", facts))
    elif not wrong:
        yield Line(number, file, said)
    seen.setdefault(file, number)


def _problem(line: int, column: str, what: Message) -> Message:
    return Message("registry.wrong.at", {"line": line, "column": column, "what": what})


def _decoded(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _unusable(path, "catalogue_unreadable", system=error.strerror or error) from error
    except UnicodeDecodeError as error:
        raise _in_another_encoding(path, error) from error


def _in_another_encoding(path: Path, error: UnicodeDecodeError) -> FilesUnusable:
    return _unusable(path, "catalogue_encoding", line=1 + error.object.count(b"\n", 0, error.start))


def _unusable(path: Path, problem: str, **facts: object) -> FilesUnusable:
    reason, advice = (Message(f"registry.{problem}.{part}", facts) for part in ("reason", "advice"))
    return FilesUnusable(files=path, reason=Phrase(reason), advice=Phrase(advice))
