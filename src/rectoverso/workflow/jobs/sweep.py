"""Clearing away what jobs leave behind: pictures that were sent and nothing wants any more, and halves of bodies."""

from __future__ import annotations

from datetime import timedelta

from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.types import Digest
from rectoverso.workflow.jobs.asked import asked_of

KEPT = timedelta(days=30)
"""So long a picture that was sent is kept after somebody last wanted it."""
UNFINISHED = timedelta(days=1)


def sweep(home: Home, clock: Clock | None = None) -> int:
    """Remove pictures that were sent and nobody has wanted for `KEPT`, and bodies that never came to an end; returns
    how many pictures. What an open job names stays, and the pictures of registered works: people are shown them.
    """
    now = (clock or SystemClock()).now()
    for part in home.datasets_path.glob(".*.part"):
        if part.is_file() and part.stat().st_mtime < (now - UNFINISHED).timestamp():
            part.unlink(missing_ok=True)
    return home.uploads.sweep((now - KEPT).timestamp(), lambda: _wanted(home))


def _wanted(home: Home) -> set[Digest]:
    sent = {Digest(digest) for job in home.jobs.open() for digest in asked_of(job.asked).sent}
    return sent | {work.file_digest for work in home.works.all()}
