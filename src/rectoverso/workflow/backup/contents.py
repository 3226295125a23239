"""Which files of a home belong to a backup.

What is left out is made again, or belongs to processes that run: the queue (the home's jobs say what waits), locks,
plain pictures being worked on, the index of points, and the address of a server. Keys go a way of their own
(``sealed``), and so does the database (``store.snapshot``). What is still being written, which is named so, is nobody's
yet.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rectoverso.store.address import FILE, SQLITE
from rectoverso.workflow.evaluate import CACHE
from rectoverso.workflow.weights import RECORD

DATABASE, CHECKPOINT = SQLITE, "checkpoint.txt"
BLOBS, SEALED = "blobs", "sealed"
FOLDERS = (BLOBS, "uploads", SEALED, CACHE, "trust", "policies", "datasets", "runs")
"""The last two are of homes from before, until a service begins there: it seals them."""
FILES = (CHECKPOINT, "tsa.txt", RECORD)
LEFT_OUT = (
    *("keys", FILE, "work.sqlite3", "workers", "working", "points", "lock", "lock.turn", "master-key.lock"),
    *(".gitignore", "restoring.lock", "restoring.json"),
)
_UNFINISHED_FOLDER = "unfinished"
_UNFINISHED = (".part", ".tmp", ".writing")


@dataclass(frozen=True, slots=True)
class Listed:
    """The files of a home by their names in a backup; ``links`` are folders that are links to elsewhere, and not
    followed.
    """

    files: dict[str, Path]
    links: tuple[str, ...]


def listed(home: Path) -> Listed:
    """What there is now, beside the database and the keys."""
    files = {name: home / name for name in FILES if (home / name).is_file()}
    links: list[str] = []
    for folder in FOLDERS:
        for path in _below(home / folder, links, folder):
            files[f"{folder}/{path.relative_to(home / folder).as_posix()}"] = path
    return Listed(files, tuple(links))


def is_kept(name: str) -> bool:
    """Whether a backup may have a file of that name: nothing else is put back."""
    path = PurePosixPath(name)
    is_plain = path.as_posix() == name and not path.is_absolute() and not {"..", "."} & set(path.parts)
    is_plain = is_plain and "\\" not in name and "\0" not in name
    return is_plain and (name in (*FILES, DATABASE) or (len(path.parts) > 1 and path.parts[0] in FOLDERS))


def sealed_folder_of(name: str) -> str | None:
    """The sealed folder that a file is in: its files belong together, and a training replaces them meanwhile."""
    parts = PurePosixPath(name).parts
    return str(PurePosixPath(*parts[:2])) if len(parts) == 3 and parts[0] == SEALED else None


def _below(folder: Path, links: list[str], name: str) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        place = Path(here)
        for one in list(folders):
            if (place / one).is_symlink():
                links.append(f"{name}/{(place / one).relative_to(folder).as_posix()}")
            if one == _UNFINISHED_FOLDER or (one.startswith(".") and one.endswith(_UNFINISHED)):
                folders.remove(one)
        for one in sorted(names):
            path = place / one
            if not (one.startswith(".") and one.endswith(_UNFINISHED)) and path.is_file():
                yield path
