"""Before the first step of a training: bad input is told and leaves nothing, and what to expect is said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import rectoverso
from assets.pictures import write_good
from rectoverso.errors import (
    BadImages,
    BadSetting,
    InputError,
    MissingExtra,
    OutNotWritable,
    RectoversoError,
    RunExists,
    RunNotFound,
)
from rectoverso.recto.data import source
from rectoverso.recto.data.check import BadImage
from rectoverso.recto.data.entry import Entry
from rectoverso.recto.data.picture import decode
from rectoverso.recto.train.status import Status
from rectoverso.workflow.files import unmade_by_failure
from rectoverso.workflow.progress import Progress
from rectoverso.workflow.train import TrainRequest, train_run

pytestmark = pytest.mark.usefixtures("quick_trainings")

TINY = (
    "batch=8",
    "nets.latent=8",
    "nets.generator_width=4",
    "nets.critic_width=4",
    "threads=1",
    "precision=float32",
    "milestones=2",
)


def tiny_request(run: Path, **changes: object) -> TrainRequest:
    given = {"system": "dcgan", "run": run, "images": 48, "size": 16, "settings": TINY}
    data = {} if "data" in changes else {"data": "digits", "take": 64}
    return TrainRequest(**{**given, **data, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": ("no.such=1",)},
        {"settings": ("batch=none",)},
        {"settings": ("held_out=1500",)},
        {"size": 17},
        {"size": 4},
        {"data": "nowhere"},
        {"channels": 7},
        {"system": "gna"},
        {"preset": "none"},
        {"resume": True},
    ],
    ids=str,
)
def test_what_cannot_be_trained_leaves_no_folder(changes: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(InputError):
        train_run(tiny_request(tmp_path / "runs" / "new", **changes), tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_what_fails_takes_no_neighbour_with_it(tmp_path: Path) -> None:
    runs = tmp_path / "runs"

    def fail_beside_another() -> None:
        with unmade_by_failure(runs / "mine", unless=runs / "mine" / "config.toml"):
            (runs / "other").mkdir(parents=True)
            (runs / "mine").mkdir()
            raise RunNotFound(path=runs, reason="")

    with pytest.raises(RunNotFound):
        fail_beside_another()
    assert [path.name for path in runs.iterdir()] == ["other"]


def test_a_folder_that_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "note.txt").write_text("mine")
    with pytest.raises(InputError):
        train_run(tiny_request(tmp_path / "run", size=17), tmp_path / "home")
    assert (tmp_path / "run" / "note.txt").read_text() == "mine"


def test_a_bad_picture_leaves_nothing_in_a_folder_that_was_there(tmp_path: Path) -> None:
    write_good(tmp_path / "pets")
    (tmp_path / "pets" / "cat" / "bad.png").write_bytes(b"no picture")
    (tmp_path / "run").mkdir()
    heard: list[Progress] = []
    with pytest.raises(BadImages):
        train_run(
            tiny_request(tmp_path / "run", data=str(tmp_path / "pets")), tmp_path / "home", heard.append
        )
    assert any(progress.said for progress in heard)  # the first samples were there
    assert list((tmp_path / "run").iterdir()) == []


def test_samples_of_another_are_not_written_over(tmp_path: Path) -> None:
    write_good(tmp_path / "pets")
    (tmp_path / "pets" / "cat" / "bad.png").write_bytes(b"no picture")
    theirs = tmp_path / "run" / "samples" / "000000000.png"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    with pytest.raises(BadImages):
        train_run(tiny_request(tmp_path / "run", data=str(tmp_path / "pets")), tmp_path / "home")
    assert theirs.read_text() == "theirs"


def test_a_place_that_cannot_be_written_is_told_before_anything(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutNotWritable):
        train_run(tiny_request(tmp_path / "file" / "run"), tmp_path / "home")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_home_that_cannot_be_used_is_told_before_the_first_step(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    with pytest.raises(RectoversoError):
        train_run(tiny_request(tmp_path / "run"), tmp_path / "home")
    assert not (tmp_path / "run").exists()


def test_the_forecast_is_said_once_and_returned(tmp_path: Path) -> None:
    heard: list[Progress] = []
    trained = train_run(tiny_request(tmp_path / "run"), tmp_path / "home", heard.append)
    said = [progress.said.key for progress in heard if progress.said]
    assert said == ["progress.first_samples", "progress.forecast"]
    assert trained.forecast is not None
    assert trained.plain()["forecast"]["images"] == 48


def test_the_first_samples_are_there_before_the_data_are_read_and_are_the_runs_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pets, first = tmp_path / "pets", tmp_path / "run" / "samples" / "000000000.png"
    write_good(pets)
    seen: list[bytes] = []

    def look(entry: Entry, row_HWC: np.ndarray) -> BadImage | None:
        seen.append(first.read_bytes())
        return decode(entry, row_HWC)

    monkeypatch.setattr(source, "decode", look)
    train_run(tiny_request(tmp_path / "run", data=str(pets)), tmp_path / "home")
    assert set(seen) == {first.read_bytes()}


def test_a_run_that_is_there_keeps_its_samples(tmp_path: Path) -> None:
    train_run(tiny_request(tmp_path / "run"), tmp_path / "home")
    first = tmp_path / "run" / "samples" / "000000000.png"
    before = first.read_bytes()
    with pytest.raises(RunExists):
        train_run(tiny_request(tmp_path / "run", seed=1), tmp_path / "home")
    assert first.read_bytes() == before


def test_settings_that_do_not_fit_are_told_before_the_data_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_good(tmp_path / "pets")
    monkeypatch.setattr(source, "decode", None)
    with pytest.raises(BadSetting):
        train_run(tiny_request(tmp_path / "run", data=str(tmp_path / "pets"), size=17), tmp_path / "home")


def test_a_listener_in_python_hears_every_record(tmp_path: Path) -> None:
    heard: list[Status] = []
    rectoverso.train(
        "dcgan",
        data="digits",
        out=tmp_path / "run",
        take=64,
        size=16,
        images=32,
        settings=TINY,
        home=tmp_path / "home",
        listener=heard.append,
    )
    lines = (tmp_path / "run" / "status.jsonl").read_text().splitlines()
    assert [(status.stage, status.images) for status in heard] == [
        (row["stage"], row["images"]) for row in map(json.loads, lines)
    ]


def test_a_board_without_its_package_is_told_before_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = [
        name for name in sys.modules if name.startswith(("tensorboard.", "rectoverso.recto.train.board"))
    ]
    for name in loaded:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingExtra, match="board"):
        train_run(tiny_request(tmp_path / "run", board=True), tmp_path / "home")
    assert list(tmp_path.iterdir()) == []
