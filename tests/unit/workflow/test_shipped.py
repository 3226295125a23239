"""The run that comes with the package."""

from pathlib import Path

import pytest

import rectoverso
from rectoverso.errors import MissingExtra
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.workflow import drawing
from rectoverso.workflow.shipped import SHIPPED, run_at

MOST_BYTES = 4 * 2**20


def test_demo_is_the_shipped_run_unless_there_is_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_at(Path("demo")) == SHIPPED
    assert run_at(Path("runs/first")) == Path("runs/first")
    (tmp_path / "demo").mkdir()
    assert run_at(Path("demo")) == Path("demo")


def test_it_is_small_draws_every_digit_and_brings_its_cards() -> None:
    files = [file for file in SHIPPED.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    assert {"card.md", "card.zh.md"} <= {file.name for file in files}
    generator = RunGenerator(SHIPPED)
    pictures = [next(iter(generator.sample([0], label))) for label in range(10)]
    assert all(picture.shape == (32, 32, 3) and picture.std() > 20 for picture in pictures)


def test_a_worker_loads_it_before_somebody_asks_and_works_without_what_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = []

    def open_generator(run: Path) -> None:
        loaded.append(run)
        raise MissingExtra(task="Generating", package="torch", extra="train")

    monkeypatch.setattr(drawing, "open_generator", open_generator)
    drawing.warm()
    assert loaded == [SHIPPED]


def test_anyone_can_draw_from_it_by_its_name(tmp_path: Path) -> None:
    batch = rectoverso.generate("demo", out=tmp_path / "out", count=2, seed=1, home=tmp_path / "home")
    assert len(batch.released) == 2
