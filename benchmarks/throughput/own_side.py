"""Our side: the package's own training, let run for a few seconds at a time.

It is ``rectoverso.recto.train.loop.train`` as ``verso train`` calls it, with its checkpoints and its status
file. It runs in a thread and is stopped and let go when it reports; its clock stands still meanwhile.
"""

from __future__ import annotations

import time
from pathlib import Path
from queue import Queue
from threading import Thread

import torch
from torch.utils.flop_counter import FlopCounterMode

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.train.config import Asked
from rectoverso.recto.train.folder import RunFolder
from rectoverso.recto.train.loop import Training, train
from rectoverso.recto.train.machine import keep_freed_memory
from rectoverso.recto.train.status import Status

PRECISIONS = ("float32", "bfloat16")
ENDLESS = 10**9


def article(precision: str) -> Recipe:
    """The preset that is measured."""
    return with_settings(recipe("dcgan", "article"), [f"precision={precision}"])


class Stopped(Exception):
    """Raised inside the training to end it."""


class OwnTraining:
    """One training that goes on for as long as ``train`` says, and sleeps in between."""

    def __init__(self, precision: str, dataset: Dataset, folder: Path) -> None:
        self.orders: Queue[float | None] = Queue()
        self.answers: Queue[dict[str, float] | Exception] = Queue()
        self.asleep_s = self.deadline = self.woken_at = 0.0
        self.seen = 0
        keep_freed_memory()  # before the thread is there: `verso train` trains in the main one
        self.thread = Thread(target=self._run, args=(precision, dataset, folder), daemon=True)
        self.thread.start()
        self._answer()

    def train(self, seconds: float) -> dict[str, float]:
        """Whole turns until the time is up: images, seconds."""
        self.orders.put(seconds)
        return self._answer()

    def stop(self) -> None:
        self.orders.put(None)
        self.thread.join()

    def _answer(self) -> dict[str, float]:
        answer = self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _run(self, precision: str, dataset: Dataset, folder: Path) -> None:
        try:
            train(
                article(precision),
                dataset,
                folder / precision,
                images=ENDLESS,
                listener=self._listen,
                clock=lambda: time.perf_counter() - self.asleep_s,
            )
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits
            self.answers.put(error)

    def _listen(self, status: Status) -> None:
        """Hears of the training once a second: when the time is up, reports and sleeps until the next order."""
        now = time.perf_counter()
        if now < self.deadline:
            return
        self.answers.put({"images": status.images - self.seen, "seconds": now - self.woken_at})
        seconds = self.orders.get()
        if seconds is None:
            raise Stopped
        self.seen, self.woken_at = status.images, time.perf_counter()
        self.deadline = self.woken_at + seconds
        self.asleep_s += self.woken_at - now


def executed(dataset: Dataset, folder: Path) -> int:
    """Multiply-adds an image that one turn of ours really carries out, as torch counts them."""
    training = Training(
        Asked(article("float32"), dataset, 0, ENDLESS, None),
        RunFolder(folder / "counted"),
        resume=False,
        listener=None,
        clock=time.perf_counter,
    )
    turn = training.feed.turn(0, 0.0)
    with FlopCounterMode(display=False) as counter:
        for phase in training.cast.phases:
            training.take(phase, turn)
    torch.manual_seed(0)
    return counter.get_total_flops() // 2 // turn.count
