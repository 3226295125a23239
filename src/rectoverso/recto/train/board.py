"""What a run says of itself, as TensorBoard reads it: a listener that writes event files.

Needs the package `tensorboard`, of which only the writer of events is used. Steps are images.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from rectoverso.recto.train.folder import RunFolder
from rectoverso.recto.train.health import SYMPTOMS
from rectoverso.recto.train.status import Status

SAMPLES = "samples"


class Board:
    """Hears the statuses of a run and writes them to its folder ``board``.

    A run that goes on tells TensorBoard to forget what was said beyond its checkpoint.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.writer: EventFileWriter | None = None
        self.said: dict[str, int] = {}
        self.sample: str | None = None

    def __call__(self, status: Status) -> None:
        if status.stage == "starting":
            self._open(status.images)
        values = [] if status.stage == "starting" else list(self._new(status))
        if status.sample and status.sample != self.sample:
            self.sample = status.sample
            values += [_value(f"readings/{name}", number) for name, number in status.readings.items()]
            values.append(Summary.Value(tag=SAMPLES, image=_picture(self.folder.path / status.sample)))
        self._write(Event(step=status.images, wall_time=time.time(), summary=Summary(value=values)))
        if status.stage == "done" and self.writer:
            self.writer.close()

    def _open(self, images: int) -> None:
        """Begin a file of events. What was said at the checkpoint itself still holds; what followed does not."""
        is_more = any(self.folder.board.glob("events.*"))
        self.writer = EventFileWriter(str(self.folder.board))
        if is_more:
            start = SessionLog(status=SessionLog.START)
            step = images + 1 if images else 0
            self._write(Event(step=step, wall_time=time.time(), session_log=start))

    def _new(self, status: Status) -> Iterator[Any]:
        """The numbers that were not said after as many images already, for two records may stand at one place."""
        for tag, number in scalars(status):
            if self.said.get(tag, -1) < status.images:
                self.said[tag] = status.images
                yield _value(tag, number)

    def _write(self, event: Event) -> None:
        if self.writer is not None:
            self.writer.add_event(event)
            self.writer.flush()


def scalars(status: Status) -> Iterator[tuple[str, float]]:
    """Every number that each status has, under the name of its curve."""
    yield from ((f"losses/{name}", value) for name, value in status.losses.items())
    yield from ((f"measures/{name}", value) for name, value in status.measures.items())
    yield from ((f"health/{name}", float(name in status.symptoms)) for name in SYMPTOMS)
    numbers = {
        "critic/margin": status.margin,
        "critic/augmentation": status.augmentation,
        "generator/half_life": status.half_life,
        "machine/images_per_s": status.images_per_s,
        "machine/memory_mb": float(status.memory_mb),
        "machine/device_memory_mb": float(status.device_memory_mb),
    }
    yield from ((name, value) for name, value in numbers.items() if value is not None)


def _value(tag: str, number: float) -> Any:
    return Summary.Value(tag=tag, simple_value=number)


def _picture(path: Path) -> Any:
    """A PNG as an event carries it: its bytes as they are."""
    with Image.open(path) as image:
        width, height, channels = image.width, image.height, len(image.getbands())
    return Summary.Image(
        height=height, width=width, colorspace=channels, encoded_image_string=path.read_bytes()
    )
