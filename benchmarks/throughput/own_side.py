"""Our side: the package's own training, let run for a few seconds at a time.

It is ``rectoverso.recto.train.loop.train`` as ``verso train`` calls it, with its checkpoints and its status
file. It is stopped and let go when it reports; its clock stands still meanwhile.
"""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.source import open_source
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.train.config import Asked
from rectoverso.recto.train.folder import RunFolder
from rectoverso.recto.train.loop import Training, train
from rectoverso.recto.train.status import Status

PRECISIONS = ("float32", "bfloat16")
ENDLESS = 10**9


def article(precision: str) -> Recipe:
    """The preset that is measured."""
    return with_settings(recipe("dcgan", "article"), [f"precision={precision}"])


class OwnTraining:
    """One training in a process of its own, which goes on for as long as ``train`` says and sleeps in between.

    In one process, two trainings would have two teams of threads, and the machine's threads then hand over slowly.
    """

    def __init__(self, made: Recipe, data: Path, folder: Path, *, size: int = 32) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_run, args=(made, data, size, folder, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.pipe.recv()

    def train(self, seconds: float) -> dict[str, float]:
        """Whole turns until the time is up: images, seconds."""
        self.pipe.send(seconds)
        answer: dict[str, float] = self.pipe.recv()
        return answer

    def stop(self) -> None:
        self.process.terminate()
        self.process.join()


class Alarm:
    """Hears of the training once a second; when its time is up, reports and sleeps until the next order."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.asleep_s = self.deadline = self.woken_at = 0.0
        self.seen = 0

    def clock(self) -> float:
        return time.perf_counter() - self.asleep_s

    def hear(self, status: Status) -> None:
        now = time.perf_counter()
        if now < self.deadline:
            return
        self.pipe.send({"images": status.images - self.seen, "seconds": now - self.woken_at})
        seconds = self.pipe.recv()
        self.seen, self.woken_at = status.images, time.perf_counter()
        self.deadline = self.woken_at + seconds
        self.asleep_s += self.woken_at - now


def _run(made: Recipe, data: Path, size: int, folder: Path, pipe: Connection) -> None:
    alarm = Alarm(pipe)
    train(
        made,
        open_source(data, size=size),
        folder / made.precision,
        images=ENDLESS,
        listener=alarm.hear,
        clock=alarm.clock,
    )


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
