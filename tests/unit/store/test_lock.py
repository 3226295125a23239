from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rectoverso.errors import HomeBusy
from rectoverso.store.lock import exclusive

HOLD = """
import sys, time
from pathlib import Path
from rectoverso.store.lock import exclusive
with exclusive(Path(sys.argv[1]), 5, Path("home")):
    print("held", flush=True)
    time.sleep(60)
"""

FORK = """
import os, sys, time
from pathlib import Path
from rectoverso.store.lock import exclusive
with exclusive(Path(sys.argv[1]), 5, Path("home")):
    child = os.fork()
    if child:
        print(child, flush=True)
    time.sleep(60)
"""


def test_a_second_holder_is_told_politely_and_gets_in_afterwards(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        exclusive(lock, 0, tmp_path),
        pytest.raises(HomeBusy, match="waited 0 s"),
        exclusive(lock, 0, tmp_path),
    ):
        pass
    with exclusive(lock, 0, tmp_path):
        pass


def test_waiting_ends_as_soon_as_the_holder_leaves(tmp_path: Path) -> None:
    lock, entered, order = tmp_path / "lock", threading.Event(), []

    def hold() -> None:
        with exclusive(lock, 5, tmp_path):
            entered.set()
            time.sleep(0.1)
            order.append("first")

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait()
    with exclusive(lock, 5, tmp_path):
        order.append("second")
    holder.join()
    assert order == ["first", "second"]


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "lock"], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(HomeBusy), exclusive(tmp_path / "lock", 0.05, tmp_path):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with exclusive(tmp_path / "lock", 1, tmp_path):
        pass


def test_a_forked_child_does_not_keep_the_door_shut(tmp_path: Path) -> None:
    """A check that outlives its killed parent must not hold the parent's lock."""
    parent = subprocess.Popen([sys.executable, "-c", FORK, tmp_path / "lock"], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        with exclusive(tmp_path / "lock", 2, tmp_path):
            os.kill(child, 0)  # it is still there
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()


def test_who_takes_it_again_and_again_does_not_keep_others_waiting(tmp_path: Path) -> None:
    """As a worker with a long queue does, while somebody approves a picture."""
    lock, done = tmp_path / "lock", threading.Event()
    taken = 0

    def work() -> None:
        nonlocal taken
        while not done.is_set():
            with exclusive(lock, 5, tmp_path):
                taken += 1
                time.sleep(0.02)

    worker = threading.Thread(target=work)
    worker.start()
    while not taken:
        time.sleep(0.001)
    for _ in range(3):
        before = taken
        with exclusive(lock, 5, tmp_path):
            assert taken < before + 10, "without turns it is hundreds, or none in time"
    done.set()
    worker.join()
