"""A home and a few pictures, for every test of the workflow."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from doors import Says
from rectoverso.protocols import Check
from rectoverso.recto.data.shapes import scene
from rectoverso.store.home import Home
from rectoverso.verso.picture import to_png
from rectoverso.verso.policy import Shelf
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.release import Door
from rectoverso.workflow.train import TrainRequest, train_run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[str, int], Path]:
    """A PNG file of soft waves; another number is another picture."""

    def make(name: str, number: int = 0) -> Path:
        y, x = np.mgrid[0:96, 0:96]
        waves = [
            120 + 60 * np.sin(x / (5 + number) + y / 9),
            110 + 50 * np.cos(y / (7 + 2 * number)),
            90 + (x * (number + 1) + y) % 64,
        ]
        path = tmp_path / name
        path.write_bytes(to_png(np.stack(waves, axis=-1).astype(np.uint8)))
        return path

    return make


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 80 built-in scenes with small networks: enough to draw from. Copy it before changing it."""
    import quick

    folder = tmp_path_factory.mktemp("small")
    for number in range(80):
        file = folder / "scenes" / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(to_png(scene(number, size=32).image))
    settings = ("batch=8", "nets.latent=8", "nets.generator_width=8", "nets.critic_width=4")
    settings += ("precision=float32", "threads=1", "milestones=1")
    request = TrainRequest(
        "dcgan", str(folder / "scenes"), folder / "run", size=32, images=64, settings=settings
    )
    with quick.trainings():
        train_run(request, folder / "home")
    return folder / "run"


@pytest.fixture(scope="module")
def quick_trainings() -> Iterator[None]:
    """Trainings that do without what takes most of a short one."""
    import quick

    with quick.trainings():
        yield


@pytest.fixture(scope="module")
def short_lessons() -> Iterator[None]:
    """Proxy features that are taught on few pictures."""
    import quick

    with quick.short_lessons():
        yield


@pytest.fixture(scope="module")
def few_scenes() -> Iterator[None]:
    """A small set of the built-in shapes."""
    import quick

    with quick.few_scenes():
        yield


@pytest.fixture
def run(small_run: Path, tmp_path: Path) -> Path:
    """A copy of the small run that a test may write into."""
    return Path(shutil.copytree(small_run, tmp_path / "run"))


@pytest.fixture
def door(tmp_path: Path) -> Callable[..., Door]:
    def make(*checks: Check, use: str = "general", timeout_s: float = 30) -> Door:
        home = Home.open(tmp_path / "home")
        return Door(
            home,
            open_keys(home),
            lambda _works: checks or (Says(),),
            Shelf().policy(use),
            check_timeout_s=timeout_s,
        )

    return make
