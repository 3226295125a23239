"""Plain pictures for as long as they are worked on: a folder in the home that goes with whoever uses it.

The folder is a link to one in memory, so that no disk ever has what is in it (``store.memory``, which also says who
clears that away after a kill). Where memory has no room there is none, unless whoever keeps the home has allowed the
disk (`ALLOWED`): what a process that is killed leaves there lies in the open until the next one that begins or needs
such a folder in this home, which knows it by its lock.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from rectoverso.errors import HomeBusy, MemoryShort
from rectoverso.store.atomic import make_private_folder
from rectoverso.store.home import Home
from rectoverso.store.lock import exclusive
from rectoverso.store.memory import clear_memory, folder_in_memory, free_bytes

LEAST_SPARE, SPARE = 256 << 20, 2 << 30
"""Bytes of memory that are left to everything else: four times as many as are needed, within these bounds."""
ALLOWED = "RECTOVERSO_PLAIN_ON_DISK"
"""The variable that allows the disk of the home, by "1"."""
_WAIT_S = 60.0


@contextmanager
def scratch(home: Home, name: str = "", *, room: int = 0, may_be_on_disk: bool = False) -> Iterator[Path]:
    """An empty folder, removed at the end of the block. One that has a ``name`` has the same path each time; ``room``:
    how many bytes it will have to hold. ``may_be_on_disk``: what is worked on lies open on a disk anyway. Raises
    HomeBusy where somebody uses that name, MemoryShort.
    """
    in_memory = has_room(room)
    if not in_memory and not may_be_on_disk and not is_disk_allowed():
        raise MemoryShort(needed=_megabytes(room + spare(room)), free=_megabytes(free_bytes()))
    shared = home.working_path
    make_private_folder(shared)
    lock = shared / f"{name or secrets.token_hex(8)}.lock"
    folder = lock.with_suffix("")
    with ExitStack() as held:
        # One at a time, or a lock just made would be taken for one left behind.
        with _turn(home):
            _sweep_all(home)
            held.enter_context(exclusive(lock, 0, home.path))
        held.callback(_remove, lock)
        if in_memory:
            folder.symlink_to(held.enter_context(folder_in_memory()))
        else:
            make_private_folder(folder)
        yield folder


def sweep_scratch(home: Home) -> None:
    """Remove what killed processes left, in memory whichever home it was of."""
    if home.working_path.is_dir():
        with _turn(home):
            _sweep_all(home)


def _turn(home: Home) -> AbstractContextManager[None]:
    return exclusive(home.working_path / "turn", _WAIT_S, home.path)


def _sweep_all(home: Home) -> None:
    clear_memory()
    for lock in home.working_path.glob("*.lock"):
        with suppress(HomeBusy), exclusive(lock, 0, home.path):
            _remove(lock)


def has_room(room: int = 0) -> bool:
    """Whether memory has room for so many bytes, and much to spare: a full one would stop more than this."""
    return free_bytes() > room + spare(room)


def is_disk_allowed() -> bool:
    """Whether what is sealed may lie plain on the disk of the home while it is worked on."""
    return os.environ.get(ALLOWED, "").strip() == "1"


def spare(room: int) -> int:
    """How many bytes are left to everything else when so many are taken."""
    return min(SPARE, max(LEAST_SPARE, 4 * room))


def _megabytes(size: int) -> int:
    return -(-size >> 20) if size > 0 else 0


def _remove(lock: Path) -> None:
    """The lock last: what else is there is found by it."""
    folder = lock.with_suffix("")
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    lock.unlink(missing_ok=True)
