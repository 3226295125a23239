"""One process at a time: a lock that the kernel gives back when its holder dies, however it dies.

Whoever waits holds a second lock, the turn, and whoever comes later waits for that one first. Else somebody who takes
the lock again as soon as they gave it back, as a worker with a long queue does, would keep everybody else waiting.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rectoverso.errors import HomeBusy

_FIRST_PAUSE_S = 0.005
_LONGEST_PAUSE_S = 0.25

# A forked child shares its parent's locks for as long as it holds the descriptor: a check that outlives a
# killed parent would keep the door shut. So children close what they inherit.
_held: set[int] = set()


@contextmanager
def exclusive(path: Path, wait_s: float, home: Path) -> Iterator[None]:
    """Hold the lock file ``path``; wait up to ``wait_s`` seconds for it, then raise HomeBusy. Who waits first is let in
    first.
    """
    until = time.monotonic() + wait_s
    with _opened(path) as handle:
        if wait_s:
            with _opened(path.with_name(f"{path.name}.turn")) as turn:
                _wait_for(turn, until, home, wait_s)
                _wait_for(handle, until, home, wait_s)
        else:
            _wait_for(handle, until, home, wait_s)
        yield


@contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Hold the lock of a folder itself, if that is free: whether it was, and the folder is still there."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # gone, or closed to this user
        yield False
        return
    try:
        with kept_from_children(handle):
            yield _taken(handle) and _is_named(handle, folder)
    finally:
        _give_back(handle)
        os.close(handle)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The file, whose lock is given back at the end if it was taken."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with kept_from_children(handle):
            yield handle
    finally:
        _give_back(handle)
        os.close(handle)


@contextmanager
def kept_from_children(handle: int) -> Iterator[None]:
    """Processes that are forked meanwhile close the descriptor at once; it stays open here."""
    _held.add(handle)
    try:
        yield
    finally:
        _held.discard(handle)


def _is_named(handle: int, path: Path) -> bool:
    """Whether what was opened still has that name: it may have been removed between the two."""
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except OSError:
        return False


def _wait_for(handle: int, until: float, home: Path, wait_s: float) -> None:
    pause = _FIRST_PAUSE_S
    while not _taken(handle):
        if time.monotonic() >= until:
            raise HomeBusy(home=home, seconds=round(wait_s))
        time.sleep(min(pause, max(0.0, until - time.monotonic())))
        pause = min(pause * 2, _LONGEST_PAUSE_S)


def _taken(handle: int) -> bool:
    import fcntl  # not on every system, and only a home needs it: verifying a file does not

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _give_back(handle: int) -> None:
    import fcntl

    fcntl.flock(handle, fcntl.LOCK_UN)  # closing is not enough while a child is just being forked


def _let_go_in_child() -> None:
    for handle in _held:
        os.close(handle)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
