"""Plain pictures for as long as they are worked on: a folder in the home that goes with whoever uses it.

The folder is a link to one in memory, so that no disk ever has what is in it. Where memory has no room there is none,
unless whoever keeps the home has allowed the disk (`ALLOWED`): what a process that is killed leaves there would lie in
the open until the next start, for whoever takes the disk.

What a killed process left is removed by the next one that begins or needs such a folder: it is known by its lock, which
the kernel gives back when its holder dies. A folder of the system would keep it until somebody starts the machine anew.
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

MEMORY = Path("/dev/shm")  # noqa: S108 - the folders in it are private, and named by nobody else
"""A file system of Linux that is in memory alone."""
LEAST_SPARE, SPARE = 256 << 20, 2 << 30
"""Bytes of memory that are left to everything else: four times as many as are needed, within these bounds."""
ALLOWED = "RECTOVERSO_PLAIN_ON_DISK"
"""The variable that allows the disk of the home, by "1"."""
_CGROUP = Path("/sys/fs/cgroup")
_IN_MEMORY = "rectoverso-"
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
        try:
            _make(folder, in_memory=in_memory)
            yield folder
        finally:
            _remove(lock)


def sweep_scratch(home: Home) -> None:
    """Remove what killed processes left."""
    if home.working_path.is_dir():
        with _turn(home):
            _sweep_all(home)


def _turn(home: Home) -> AbstractContextManager[None]:
    return exclusive(home.working_path / "turn", _WAIT_S, home.path)


def _sweep_all(home: Home) -> None:
    for lock in home.working_path.glob("*.lock"):
        with suppress(HomeBusy), exclusive(lock, 0, home.path):
            _remove(lock)


def _make(folder: Path, *, in_memory: bool) -> None:
    if not in_memory:
        make_private_folder(folder)
        return
    # The link first, to a name that is nobody's yet: killed between the two, nothing is left that no link names.
    place = MEMORY / f"{_IN_MEMORY}{secrets.token_hex(16)}"
    folder.symlink_to(place)
    place.mkdir(mode=0o700)


def has_room(room: int = 0) -> bool:
    """Whether memory has room for so many bytes, and much to spare: a full one would stop more than this."""
    return free_bytes() > room + spare(room)


def is_disk_allowed() -> bool:
    """Whether what is sealed may lie plain on the disk of the home while it is worked on."""
    return os.environ.get(ALLOWED, "").strip() == "1"


def spare(room: int) -> int:
    """How many bytes are left to everything else when so many are taken."""
    return min(SPARE, max(LEAST_SPARE, 4 * room))


def free_bytes() -> int:
    """What the file system in memory has room for; 0 where there is none."""
    try:
        return min(shutil.disk_usage(MEMORY).free, _free_memory())
    except OSError:
        return 0


def _megabytes(size: int) -> int:
    return -(-size >> 20) if size > 0 else 0


def _free_memory() -> int:
    """What this machine has left, or what the container of this process may still take."""
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    free = int(next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), "0")) << 10
    try:
        most, taken = (int((_CGROUP / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no such file, or "max"
        return free
    return min(free, most - taken)


def _remove(lock: Path) -> None:
    """The lock last, and before it the link: whatever else is there is found by them."""
    folder = lock.with_suffix("")
    if folder.is_symlink():
        place = folder.readlink()
        if place.parent == MEMORY and place.name.startswith(_IN_MEMORY):
            shutil.rmtree(place, ignore_errors=True)
        folder.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    lock.unlink(missing_ok=True)
