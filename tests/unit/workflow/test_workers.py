"""Answers come in the order of the things, whatever becomes of the processes that make them."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from rectoverso.workflow.curating.workers import AHEAD, BATCH, Workers
from work import cannot_begin, ends_at, fails, lost, squares


@pytest.mark.parametrize("processes", [1, 2])
def test_in_order(processes: int) -> None:
    workers: Workers[int, int] = Workers(squares, (1,), processes, lost)
    assert list(workers.answers(range(100))) == [number * number + 1 for number in range(100)]
    assert list(workers.answers([])) == []


@pytest.mark.parametrize("fatal", [(0,), (5, 6), (3, 70), (99,)])
def test_what_ends_a_process_costs_no_other(fatal: tuple[int, ...]) -> None:
    workers: Workers[int, int] = Workers(ends_at, fatal, 2, lost)
    assert list(workers.answers(range(100))) == [-at if at in fatal else at for at in range(100)]


def test_what_the_work_raises_is_raised() -> None:
    workers: Workers[int, int] = Workers(fails, (), 2, lost)
    with pytest.raises(ValueError, match="0"):
        list(workers.answers(range(3)))


def test_a_process_that_cannot_begin_is_no_fault_of_what_it_was_given() -> None:
    workers: Workers[int, int] = Workers(cannot_begin, (), 2, lost)
    with pytest.raises(BrokenProcessPool):
        list(workers.answers(range(3)))


def test_no_more_is_taken_than_is_worked_on() -> None:
    taken = []

    def things() -> object:
        for number in range(10_000):
            taken.append(number)
            yield number

    workers: Workers[int, int] = Workers(squares, (0,), 2, lost)
    next(answers := workers.answers(things()))  # type: ignore[arg-type]
    assert len(taken) <= BATCH * (AHEAD * 2 + 1)
    answers.close()  # type: ignore[attr-defined]


SLOW = """
import os, time
from rectoverso.workflow.curating.workers import Workers
def make():
    def work(number):
        time.sleep(0.05)
        return os.getpid()
    return work
if __name__ == "__main__":
    for answer in Workers(make, (), 2, id).answers(range(10_000)):
        print(answer, flush=True)
"""


def test_processes_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    parent = subprocess.Popen([sys.executable, str(tmp_path / "slow.py")], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = {int(parent.stdout.readline()) for _ in range(20)}
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 30
    while (left := [pid for pid in workers if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
