"""Where what was measured goes: figures into ``results``, tables between two marks of ``README.md``, one pair for each
program.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def fill(readme: Path, program: str, body: str) -> None:
    """Put ``body`` between the marks of ``program``; marks that are not there are a mistake and raise ValueError."""
    begin, end = f"<!-- {program}: written by the script -->", f"<!-- {program}: end -->"
    before, found, rest = readme.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{readme} has no place for {program}")
    readme.write_text(f"{before}{begin}\n\n{body}\n\n{end}{after}", encoding="utf-8")


def code(*folders: Path) -> str:
    """The first digits of a digest over the modules in these folders: what other code measured is not gone on from."""
    files = sorted(file for folder in folders for file in folder.glob("*.py"))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def row(*cells: object) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def keep(program: str, result: dict[str, Any], table: str) -> None:
    """The figures of one day, ``result["date"]``, into a file of their own, and the table into its place."""
    file = HERE / "results" / f"{program}-{result['date']}.json"
    file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    fill(HERE / "README.md", program, table)
