"""Folders in memory (Linux, `/dev/shm`) for what lies open while it is worked on: no disk ever has what is in them.

Whoever makes one locks it, and the kernel gives that lock back when its holder dies, however it dies. So one whose lock
is free is nobody's any more, whichever home it was opened for, and whether that home is still there. The number of a
process would not tell: another may have it by now, and in another container it means nothing.

Whoever opens a home clears away what is left of their own user's. What others left is closed to them.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rectoverso.store.lock import locked

MEMORY = Path("/dev/shm")  # noqa: S108 - the folders in it are private, and named by nobody else
"""A file system of Linux that is in memory alone."""
_NAME = "rectoverso.plain-"
_CGROUP = Path("/sys/fs/cgroup")


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """An empty folder for this user alone, gone at the end of the block."""
    _dump_nothing()
    place = MEMORY / f"{_NAME}{secrets.token_hex(16)}"
    place.mkdir(mode=0o700)
    with locked(place) as is_mine:
        if is_mine:
            try:
                yield place
            finally:
                shutil.rmtree(place, ignore_errors=True)
            return
    # Somebody cleared it away before it was locked, which costs another name.
    with folder_in_memory() as other:
        yield other


def clear_memory() -> int:
    """Remove the folders of this user's processes that are gone; returns how many there were."""
    return sum(map(_is_removed, _places(os.geteuid()))) if hasattr(os, "geteuid") else 0


def left_by_others() -> int:
    """How many folders others' dead processes have left: only root may look."""
    return sum(map(_is_free, _places(None))) if hasattr(os, "geteuid") and os.geteuid() == 0 else 0


def free_bytes() -> int:
    """What the file system in memory has room for; 0 where there is none."""
    try:
        return min(shutil.disk_usage(MEMORY).free, _free_memory())
    except OSError:
        return 0


def _dump_nothing() -> None:
    """Should this process crash from now on, what it has in memory is written nowhere: neither into a file nor, which
    only a limit of one byte keeps Linux from, by a program that collects such dumps (`fs/coredump.c`).
    """
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0 if most == 0 else 1, most))


def _places(user: int | None) -> Iterator[Path]:
    """The folders of one user; of all but this one for None. A link is nobody's folder, wherever it leads."""
    with suppress(OSError), os.scandir(MEMORY) as entries:
        for entry in entries:
            if entry.name.startswith(_NAME) and entry.is_dir(follow_symlinks=False):
                owner = entry.stat(follow_symlinks=False).st_uid
                if owner == user or (user is None and owner != os.geteuid()):
                    yield Path(entry.path)


def _is_removed(place: Path) -> bool:
    with locked(place) as is_free:
        if is_free:
            shutil.rmtree(place, ignore_errors=True)
        return is_free


def _is_free(place: Path) -> bool:
    with locked(place) as is_free:
        return is_free


def _free_memory() -> int:
    """What this machine has left, or what the container of this process may still take."""
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    free = int(next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), "0")) << 10
    try:
        most, taken = (int((_CGROUP / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no such file, or "max"
        return free
    return min(free, most - taken)
