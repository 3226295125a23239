"""How long a training will take, by what the same system did here before."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.store.home import Home
from rectoverso.workflow.jobs.asked import TrainAsked

_LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Pace:
    """``images`` of the budget, at ``images_per_s`` of the run ``run``; ``seconds``: of both, and of the budget."""

    run: str
    images: int
    images_per_s: float
    seconds: float


def pace_of(home: Home, asked: TrainAsked) -> Pace | None:
    """The pace of the newest run of this preset, with pictures of the same sides where a size is asked for. None where
    nothing is known yet: a training says by itself how long it will take, within its first seconds.
    """
    for job in home.jobs.page(_LOOKED_AT, kind="train"):
        same = all(job.asked[name] == getattr(asked, name) for name in ("system", "preset", "data", "size"))
        if same and (found := _pace(home.runs_path / job.id, asked, job.id)):
            return found
    return None


def _pace(run: Path, asked: TrainAsked, name: str) -> Pace | None:
    report, config = _read(run / "run.json"), _read(run / "config.toml")
    rate = report.get("images_per_s", 0)
    if not rate or not config:
        return None
    images = asked.images or config["recipe"]["images"]
    seconds = images / rate
    return Pace(name, images, rate, min(seconds, asked.max_seconds or seconds))


def _read(file: Path) -> dict[str, Any]:
    """What a file holds, nothing where it cannot be read."""
    try:
        text = file.read_text("utf-8")
        found: dict[str, Any] = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError):
        return {}
    return found
