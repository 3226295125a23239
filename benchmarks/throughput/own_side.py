"""Our side: the package's own training, let run for a few seconds at a time.

It is ``rectoverso.recto.train.loop.train`` as ``verso train`` calls it, with its checkpoints and its status
file. It is stopped and let go when it reports; its clock stands still meanwhile.
"""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.source import open_source
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.train import loop
from rectoverso.recto.train.config import Asked
from rectoverso.recto.train.folder import RunFolder
from rectoverso.recto.train.loop import Training
from rectoverso.recto.train.status import Status
from throughput.asleep import Alarm, Asleep

PRECISIONS = ("float32", "bfloat16")
ENDLESS = 10**9
EVERY_S = loop.TOLD_EVERY_S


def article(precision: str) -> Recipe:
    """The preset that is measured."""
    return with_settings(recipe("dcgan", "article"), [f"precision={precision}"])


class OwnTraining(Asleep):
    """Our training as a process that sleeps; ``cycle`` images are the least that it counts (`Alarm`)."""

    def __init__(self, made: Recipe, data: Path, folder: Path, *, size: int = 32, cycle: int = 1) -> None:
        super().__init__(_run, made, data, size, folder, cycle)


def _run(made: Recipe, data: Path, size: int, folder: Path, cycle: int, pipe: Connection) -> None:
    alarm = Alarm(pipe, cycle)

    def hear(status: Status) -> None:
        alarm.hear(status.images)
        # Told of every turn once it is due, so that the end of a cycle is not missed.
        loop.TOLD_EVERY_S = 0.0 if alarm.is_due else EVERY_S

    loop.train(
        made,
        open_source(data, size=size),
        folder / made.precision,
        images=ENDLESS,
        listener=hear,
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
