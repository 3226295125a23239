"""What became of files that were anonymised, and the list of what was written, which names no source."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rectoverso.errors import RectoversoError
from rectoverso.i18n import explain, say
from rectoverso.types import Message
from rectoverso.verso.anonymise.faces import SHA256, THRESHOLD, Face

LIST = "anonymised.json"
"""The list's name, beside what was written."""

MEASURED = {"found": 64, "faces": 65, "at_least": 0.93, "threshold": THRESHOLD}
"""The detector on 46 photographs of BSDS500: benchmarks/results/face_recall-2026-11-27.json."""


@dataclass(frozen=True, slots=True)
class Treated:
    """What became of one file. ``path`` is where it was written, None where it is held or could not be read.

    ``found``: kinds of things that the file held beside its picture; ``faces``: how many were hidden, None where none
    were looked for; ``done``: of a DICOM file, how many elements were treated how; ``held``: why it was not written.
    """

    source: str
    kind: str
    path: Path | None = None
    found: tuple[str, ...] = ()
    faces: int | None = None
    done: dict[str, int] = field(default_factory=dict)
    held: tuple[Message, ...] = ()
    error: RectoversoError | None = None
    asset: str | None = None
    digest: str | None = None

    def plain(self, language: str) -> dict[str, Any]:
        """As `--json` prints it."""
        error = {"code": self.error.code, "message": explain(self.error, language)} if self.error else None
        return {
            "source": self.source,
            "kind": self.kind,
            "path": str(self.path) if self.path else None,
            "sha256": self.digest,
            "found": list(self.found),
            "faces": self.faces,
            "done": self.done,
            "held": [{"key": why.key, "text": say(why, language)} for why in self.held],
            "asset": self.asset,
            "error": error,
        }


@dataclass(frozen=True, slots=True)
class Anonymised:
    """What became of all files, and where the ledger says so (None where nothing was written).

    ``left_out``: how many other files lie in the folders that were given, none of which was read or written.
    """

    rows: tuple[Treated, ...]
    ledger_index: int | None = None
    left_out: int = 0

    @property
    def exit_code(self) -> int:
        """0 where every file was written, 1 where one is held, 2 where one could not be read."""
        if any(row.error for row in self.rows):
            return 2
        return 1 if any(row.held for row in self.rows) else 0


@dataclass(frozen=True, slots=True)
class Blank:
    """A picture without its faces, in a file of our own; where they were, and the type of the file that it came in."""

    path: Path
    faces: tuple[Face, ...]
    media_type: str


def listed(rows: Iterable[Treated], out: Path) -> bytes:
    """The list of what was written, by the names that it has now; of earlier times, what still lies there."""
    new = {row["file"]: row for row in (_listed(row, out) for row in rows if row.path)}
    kept = {row["file"]: row for row in _before(out / LIST) if (out / row["file"]).is_file()}
    files = sorted((kept | new).values(), key=lambda row: str(row["file"]))
    detector = {"name": "CenterFace", "sha256": SHA256, **MEASURED}
    told = {"files": files, "detector": detector if any(row["faces"] is not None for row in files) else None}
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _listed(row: Treated, out: Path) -> dict[str, Any]:
    assert row.path is not None  # noqa: S101 - asked before
    return {
        "file": row.path.relative_to(out).as_posix(),
        "sha256": row.digest,
        "kind": row.kind,
        "found": list(row.found),
        "faces": row.faces,
        "done": row.done,
        "asset": row.asset,
    }


def _before(path: Path) -> Sequence[dict[str, Any]]:
    """The rows of a list that lies there already; none where it is no list of ours."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["files"]
        return [row for row in rows if {"file", "sha256", "faces"} <= row.keys()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
