"""Whether pictures to be trained on came from `verso curate`, by its papers beside them.

The Parquet file names its manifest. That counts where the manifest is there and has this digest, and where the result
of the curation has the digest of the very Parquet file: one that was changed since is not what was curated.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.types import Digest, Message
from rectoverso.workflow.curating.parts import MANIFEST_KEY
from rectoverso.workflow.digests import of_file

if TYPE_CHECKING:
    from rectoverso.recto.data.source import Curated

PICTURES, MANIFEST, RESULT = "pictures.parquet", "manifest.jsonl", "curated.json"
STATE = ".curation"
"""Beside them, what a curation knows so far."""


def curation_of(data: str) -> Curated:
    """The curation that DATA came from; nothing where it names none, and a note where its papers do not bear it out."""
    from rectoverso.recto.data.source import Curated

    path = Path(data)
    if path.suffix.lower() != ".parquet" or not path.is_file():
        return Curated()
    named = _named(path)
    if not named:
        return Curated()
    if _is_borne_out(path, named):
        return Curated(Digest(named))
    return Curated(notes=(Message("data.note.curation_unproven", {"manifest": named[:64]}),))


def state_in(out: Path) -> Path:
    """The file of what the curation into a folder knows so far (`store.curation`)."""
    return out / STATE / "state.sqlite3"


def _named(path: Path) -> str:
    """The manifest that a Parquet file names, "" for none, also where it cannot be read: whoever reads it says why."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        return ""
    try:
        return ((pq.read_schema(path).metadata or {}).get(MANIFEST_KEY) or b"").decode("ascii", "replace")
    except (pa.ArrowException, OSError, ValueError):
        return ""


def _is_borne_out(path: Path, manifest: str) -> bool:
    try:
        told = json.loads((path.parent / RESULT).read_text(encoding="utf-8"))["files"]
        expected = {path: told[PICTURES], path.parent / MANIFEST: told[MANIFEST]}
        return told[MANIFEST] == manifest and all(
            of_file(file) == digest for file, digest in expected.items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False
