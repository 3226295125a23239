"""Plain pictures for as long as they are worked on: a folder in the home that goes with whoever uses it.

What a killed process left there is removed by the next one that needs such a folder: it is known by its lock, which the
kernel gives back when its holder dies. A folder of the system would keep it until somebody starts the machine anew.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from rectoverso.errors import HomeBusy
from rectoverso.store.atomic import make_private_folder
from rectoverso.store.home import Home
from rectoverso.store.lock import exclusive

_WAIT_S = 60.0


@contextmanager
def scratch(home: Home) -> Iterator[Path]:
    """An empty folder, removed at the end of the block."""
    shared = home.working_path
    make_private_folder(shared)
    lock = shared / f"{secrets.token_hex(8)}.lock"
    folder = lock.with_suffix("")
    with ExitStack() as held:
        # One at a time, or a lock just made would be taken for one left behind.
        with exclusive(shared / "turn", _WAIT_S, home.path):
            for other in shared.glob("*.lock"):
                _sweep(home, other)
            held.enter_context(exclusive(lock, 0, home.path))
        make_private_folder(folder)
        try:
            yield folder
        finally:
            _remove(lock)


def _sweep(home: Home, lock: Path) -> None:
    with suppress(HomeBusy), exclusive(lock, 0, home.path):
        _remove(lock)


def _remove(lock: Path) -> None:
    """The lock last: whatever else is there is found by it."""
    shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
    lock.unlink(missing_ok=True)
