"""What a run says of itself while it goes on: one record, to a file and to whoever listens."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from rectoverso.recto.train.folder import write
from rectoverso.recto.train.forecast import Forecast

Stage = Literal["starting", "training", "finishing", "done"]


@dataclass(frozen=True, slots=True)
class Status:
    """Where a run stands. ``margin``: how much higher the critic rates real pictures than generated ones, in logits;
    ``augmentation``: the probability with which it sees a picture changed, where it is adapted.

    ``losses``, ``margin`` and ``measures`` (what else a system tells, such as the growth) are means since the record
    before; ``sample`` is the newest grid, relative to the run, and
    ``readings`` what was measured with it (`checkup`); ``half_life``, in images, is that of the averaged weights now;
    ``symptoms`` are names of what `health` found wrong. The first record of each call says the ``forecast``.
    """

    stage: Stage
    images: int
    images_total: int | None = None
    images_per_s: float | None = None
    seconds: float = 0.0
    seconds_left: float | None = None
    losses: Mapping[str, float] = field(default_factory=dict)
    margin: float | None = None
    augmentation: float | None = None
    memory_mb: int = 0
    sample: str | None = None
    device_memory_mb: int = 0
    half_life: float | None = None
    readings: Mapping[str, float] = field(default_factory=dict)
    symptoms: tuple[str, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)
    forecast: Forecast | None = None

    @classmethod
    def read(cls, line: str) -> Status:
        """What a record said, as far as this version knows it."""
        row = json.loads(line)
        known = {key: row[key] for key in row.keys() & cls.__dataclass_fields__.keys()}
        forecast = known.pop("forecast", None)
        return cls(**known, forecast=Forecast(**forecast) if forecast else None)


Listener = Callable[[Status], None]


class StatusLog:
    """Appends each status to ``status.jsonl`` and hands it to the listener."""

    def __init__(self, path: Path, listener: Listener | None) -> None:
        self.path, self.listener = path, listener

    def forget_after(self, images: int) -> None:
        """Drop what was said beyond the point from which the run goes on, and a record cut off by a kill."""
        if not self.path.exists():
            return
        kept = [
            line for line in self.path.read_text(encoding="utf-8").splitlines() if _is_at_most(line, images)
        ]
        write(self.path, "".join(f"{line}\n" for line in kept).encode())

    def read(self) -> list[Status]:
        """What was said so far."""
        if not self.path.exists():
            return []
        return [Status.read(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def tell(self, status: Status) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(status)) + "\n")
        if self.listener:
            self.listener(status)


class Readings:
    """Means of what the turns since the last status said."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = {}

    def add(self, readings: Mapping[str, float]) -> None:
        for name, value in readings.items():
            self.values.setdefault(name, []).append(value)

    def take(self) -> dict[str, float]:
        """The means by name; what follows is counted anew."""
        means = {name: sum(values) / len(values) for name, values in self.values.items()}
        self.values = {}
        return means


def _is_at_most(line: str, images: int) -> bool:
    try:
        return int(json.loads(line)["images"]) <= images
    except (ValueError, KeyError, TypeError):
        return False
