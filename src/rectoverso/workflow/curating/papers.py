"""The papers of a training set: what it is made of, in words, as Croissant, and as a record of digests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rectoverso.i18n import LANGUAGES
from rectoverso.store.atomic import write_atomically
from rectoverso.types import Digest
from rectoverso.verso.curate.about import About
from rectoverso.verso.curate.croissant import croissant
from rectoverso.verso.curate.datasheet import NAMES, Made, datasheet
from rectoverso.verso.curate.summary import Summary
from rectoverso.workflow.curated import MANIFEST, PICTURES, RESULT
from rectoverso.workflow.digests import of_file

CROISSANT = "croissant.json"


def write(
    out: Path, summary: Summary, made: Made, about: About, pictures: Digest, columns: Iterable[str]
) -> None:
    """Write them beside the pictures, whose digest is given, and the manifest; the record last."""
    for language in LANGUAGES:
        _put(out / NAMES[language], datasheet(summary, made, about, language))
    files = {PICTURES: pictures, MANIFEST: made.manifest}
    _put(out / CROISSANT, _json(croissant(summary, made, about, files, columns)))
    papers = {name: of_file(out / name) for name in (*NAMES.values(), CROISSANT)}
    result = {"v": 1, "date": made.date, "version": made.version, "rules": made.rules}
    _put(out / RESULT, _json(result | {"files": files | papers, "summary": summary.plain()}))


def _put(path: Path, text: str) -> None:
    write_atomically(path, text.encode(), mode=0o644)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
