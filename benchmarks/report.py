"""Where measured tables go: between two marks of ``README.md``, one pair for each program."""

from __future__ import annotations

from pathlib import Path


def fill(readme: Path, program: str, body: str) -> None:
    """Put ``body`` between the marks of ``program``; marks that are not there are a mistake and raise ValueError."""
    begin, end = f"<!-- {program}: written by the script -->", f"<!-- {program}: end -->"
    before, found, rest = readme.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{readme} has no place for {program}")
    readme.write_text(f"{before}{begin}\n\n{body}\n\n{end}{after}", encoding="utf-8")


def row(*cells: object) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
