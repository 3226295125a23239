"""A training in a process of its own, which goes on for as long as it is told to and sleeps in between.

In one process, two trainings would have two teams of threads, and the machine's threads then hand over slowly.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any


class Asleep:
    """The process. ``run`` gets the arguments and the other end of the pipe, through which an `Alarm` reports;
    ``ready`` is what that said first.
    """

    def __init__(self, run: Callable[..., None], *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=run, args=(*arguments, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.ready: Any = self.pipe.recv()

    def train(self, seconds: float) -> dict[str, float]:
        """Whole turns until the time is up: images, seconds."""
        self.pipe.send(seconds)
        answer: dict[str, float] = self.pipe.recv()
        return answer

    def stop(self) -> None:
        self.process.terminate()
        self.process.join()


class Alarm:
    """Told now and then how many images have been seen; when its time is up, reports and sleeps until the next order.

    The first time it says ``ready`` instead. It reports only after a whole number of ``cycle`` images, in which every
    kind of step came as often as it comes in the long run.
    """

    def __init__(self, pipe: Connection, cycle: int = 1, ready: object = None) -> None:
        self.pipe, self.cycle, self.ready = pipe, cycle, ready
        self.asleep_s = self.deadline = self.woken_at = 0.0
        self.seen = 0

    def clock(self) -> float:
        return time.perf_counter() - self.asleep_s

    @property
    def is_due(self) -> bool:
        return time.perf_counter() >= self.deadline

    def hear(self, images: int) -> None:
        now = time.perf_counter()
        if not self.is_due or images % self.cycle:
            return
        report = {"images": images - self.seen, "seconds": now - self.woken_at}
        self.pipe.send(report if self.woken_at else self.ready)
        seconds = self.pipe.recv()
        self.seen, self.woken_at = images, time.perf_counter()
        self.deadline = self.woken_at + seconds
        self.asleep_s += self.woken_at - now
