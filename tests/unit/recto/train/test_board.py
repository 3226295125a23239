"""Events for TensorBoard: every number of a run, its pictures, and nothing twice when it goes on."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.systems import Recipe
from rectoverso.recto.train.folder import RunFolder
from rectoverso.recto.train.health import SYMPTOMS
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.status import Status

pytest.importorskip("tensorboard")


def read(run: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(run / "board")).Reload()


def board_of(run: Path) -> Any:
    from rectoverso.recto.train.board import Board

    return Board(RunFolder(run))


def steps(events: Any, tag: str) -> list[int]:
    return [event.step for event in events.Scalars(tag)]


def test_a_run_tells_its_numbers_and_shows_its_pictures(
    tiny: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    heard: list[Status] = []
    ticks = iter(range(10**9))
    board = board_of(tmp_path)
    train(
        tiny,
        stripes,
        tmp_path,
        images=32,
        listener=lambda status: (board(status), heard.append(status))[1],
        clock=lambda: float(next(ticks)),
    )
    events = read(tmp_path)
    tags = set(events.Tags()["scalars"])
    assert tags >= {f"health/{name}" for name in SYMPTOMS}
    assert tags >= {"losses/critic", "losses/generator", "critic/margin", "readings/variety"}
    assert tags >= {"generator/half_life", "machine/images_per_s", "machine/memory_mb"}
    told = {status.images: status.losses["critic"] for status in heard if "critic" in status.losses}
    read_back = {event.step: event.value for event in events.Scalars("losses/critic")}
    assert read_back == pytest.approx(told)
    shown = events.Images("samples")
    assert [event.step for event in shown] == [0, 16, 32]
    assert Image.open(io.BytesIO(shown[-1].encoded_image_string)).size == (shown[-1].width, shown[-1].height)
    assert shown[-1].encoded_image_string == (tmp_path / "samples" / "000000032.png").read_bytes()


def test_a_run_that_goes_on_says_nothing_twice(tiny: Recipe, stripes: Dataset, tmp_path: Path) -> None:
    """Stopped beyond its last checkpoint, at 16 images; what it had said after that is said anew."""
    board = board_of(tmp_path)
    ticks = iter(range(10**9))

    def stop(status: Status) -> None:
        board(status)
        if status.images == 24:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tiny, stripes, tmp_path, images=32, listener=stop, clock=lambda: float(next(ticks)))
    before = steps(read(tmp_path), "losses/critic")
    assert before[-1] == 24
    train(
        tiny,
        stripes,
        tmp_path,
        images=32,
        resume=True,
        listener=board_of(tmp_path),
        clock=lambda: float(next(ticks)),
    )
    after = steps(read(tmp_path), "losses/critic")
    assert after == [8, 16, 24, 32]
    assert [event.step for event in read(tmp_path).Images("samples")] == [0, 16, 32]


def test_losses_and_measures_have_curves_of_their_own() -> None:
    from rectoverso.recto.train.board import scalars

    told = dict(scalars(Status("training", 64, losses={"critic": 0.5}, measures={"growth": 1.5})))
    assert (told["losses/critic"], told["measures/growth"]) == (0.5, 1.5)
