"""How long a training will take, by what the same system did here before."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import Any

from rectoverso.store.home import Home
from rectoverso.workflow.jobs.asked import TrainAsked
from rectoverso.workflow.jobs.kept import Files, files_of_run

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
        if same and (found := _pace(files_of_run(home, job.id), asked, job.id)):
            return found
    return None


def _pace(files: Files | None, asked: TrainAsked, name: str) -> Pace | None:
    report, config = (_read(files, file) for file in ("run.json", "config.toml"))
    rate = report.get("images_per_s", 0)
    if not rate or not config:
        return None
    images = asked.images or config["recipe"]["images"]
    seconds = images / rate
    return Pace(name, images, rate, min(seconds, asked.max_seconds or seconds))


def _read(files: Files | None, name: str) -> dict[str, Any]:
    """What a file holds, nothing where it cannot be read."""
    try:
        text = files.read(name).decode() if files else ""
        found: dict[str, Any] = tomllib.loads(text) if name.endswith(".toml") else json.loads(text)
    except (OSError, ValueError):
        return {}
    return found
