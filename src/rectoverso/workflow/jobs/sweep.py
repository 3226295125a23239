"""Clearing away what jobs leave behind: pictures that were sent and nothing wants any more, halves of bodies, and what
lay in the open before it was sealed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.types import Digest
from rectoverso.workflow.curated import PICTURES
from rectoverso.workflow.jobs.asked import asked_of
from rectoverso.workflow.jobs.kept import CURATED, SOURCE, TOLD, run_of, set_of
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.scratch import sweep_scratch

KEPT = timedelta(days=30)
"""So long a picture that was sent is kept after somebody last wanted it."""
UNFINISHED = timedelta(days=1)
_RUNS, _SETS = "runs", "datasets"
"""Where homes kept runs and training sets before they were sealed."""


def sweep(home: Home, clock: Clock | None = None) -> int:
    """Remove pictures that were sent and nobody has wanted for `KEPT`, and bodies that never came to an end; returns
    how many pictures. What an open job names stays, and the pictures of registered works: people are shown them.
    """
    now = (clock or SystemClock()).now()
    with home.lock():  # whoever erases has folders that have no key yet
        home.folders.sweep((now - UNFINISHED).timestamp())
    return home.uploads.sweep((now - KEPT).timestamp(), lambda: _wanted(home))


def forget_pictures(home: Home, digests: Iterable[Digest], job: str = "") -> None:
    """Destroy pictures that were sent, except those that an open job names; of ``job`` it is known that it does not
    want them any more.
    """
    wanted = {
        Digest(one) for other in home.jobs.open() if other.id != job for one in asked_of(other.asked).sent
    }
    home.uploads.forget({*digests} - wanted)


def clear_up(home: Home) -> None:
    """Before a service begins: remove what was plain when one was killed, and seal what earlier versions left open."""
    sweep_scratch(home)
    left = [place for name in (_RUNS, _SETS) if (place := home.path / name).is_dir()]
    if left:
        open_keys(home)
    for place in left:
        for folder in sorted(place.iterdir()):
            _enclose(home, place.name, folder)
        shutil.rmtree(place)


def _enclose(home: Home, kind: str, folder: Path) -> None:
    """Seal one run or training set. Killed before its end, it is begun again: the open one goes last."""
    if not folder.is_dir():
        return
    if kind == _RUNS:
        home.folders.made(run_of(folder.name)).take(folder)
    else:
        _enclose_set(home, folder)
    if folder.is_symlink():
        folder.unlink()  # what it leads to is somebody's
    else:
        shutil.rmtree(folder)


def _enclose_set(home: Home, folder: Path) -> None:
    curated, told = folder / CURATED, _told_of(home, folder.name)
    is_made = told is not None and (curated / PICTURES).is_file()
    kept = home.folders.made(set_of(folder.name))
    for file in sorted(curated.iterdir()) if is_made else folder.glob(f"{SOURCE}.*"):
        if file.is_file():
            kept.put(f"{CURATED}/{file.name}" if is_made else file.name, file)
    if is_made:
        kept.write(TOLD, json.dumps(told).encode())


def _told_of(home: Home, dataset: str) -> dict[str, object] | None:
    """What came of looking a set through."""
    with home.database.read() as tx:
        jobs = [job for job in home.jobs.all(tx) if job.kind == "curate" and job.asked["dataset"] == dataset]
        told = [one for job in jobs for one in home.jobs.told(tx, job.id)]
    return next((one["result"] for one in told if "result" in one), None)


def _wanted(home: Home) -> set[Digest]:
    sent = {Digest(digest) for job in home.jobs.open() for digest in asked_of(job.asked).sent}
    return sent | {work.file_digest for work in home.works.all()}
