"""Stored pictures that nothing names: of a pass that was killed before its record, and of drafts that are kept no
longer.

To sweep them away is to look at every picture there is. So each process does it when it first comes to the door, and
every ten minutes from then on: who was killed is followed by another process. One that could not record what it had
stored says so.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rectoverso.protocols import Clock
from rectoverso.store.home import Home
from rectoverso.workflow.held import undoable

_EVERY_S = 600.0
_swept: dict[tuple[int, Path], float] = {}
"""When, by process and home: a forked one has swept nothing yet."""


def sweep(home: Home, clock: Clock) -> None:
    """Sweep the store, unless this process has lately. Hold the home's lock."""
    mine, now = (os.getpid(), home.path), time.monotonic()
    if mine not in _swept or now - _swept[mine] > _EVERY_S:
        home.blobs.sweep(home.assets.with_pictures() | undoable(home, clock))
        _swept[mine] = now


@contextmanager
def none_left(home: Home) -> Iterator[None]:
    """Have what was stored for a record swept away the next time, where that record fails."""
    try:
        yield
    except BaseException:
        _swept.pop((os.getpid(), home.path), None)
        raise
