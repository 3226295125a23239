"""A small run that every end-to-end test can draw from, trained once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import verso
from quick import short_lessons, trainings

SMALL = tuple(
    part
    for setting in ("batch=8", "nets.generator_width=8", "nets.critic_width=4", "milestones=1")
    for part in ("--set", setting)
)


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 64 images with small networks: enough to draw from, not to look at."""
    folder = tmp_path_factory.mktemp("small")
    place = ("--out", folder / "run", "--home", folder / "home")
    with trainings(), short_lessons():
        told = verso("train", "dcgan", "--data", "digits", "--images", 64, *SMALL, *place, "--json")
    assert json.loads(told.stdout)["images"] >= 64
    return folder / "run"
