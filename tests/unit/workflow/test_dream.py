"""Dreams of a run's critic and of the features of its data, through the door and by the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from command import code_of
from rectoverso.errors import BadSetting, RunNotFound
from rectoverso.recto.data.source import open_source
from rectoverso.recto.metrics.proxy_training import Lesson, proxy_features
from rectoverso.types import Decision, Origin
from rectoverso.verso.picture import read_picture
from rectoverso.workflow.dream import DreamRequest, dream_picture, layers_of


def test_the_command_lists_layers_and_makes_a_picture_of_any_size_once(
    run: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of("dream", run, "--list", "--json") == 0
    layers = json.loads(capsys.readouterr().out)["layers"]
    assert layers[0] == {"name": "first", "channels": 4, "height": 32, "width": 32}
    assert not home.exists()
    asked = ["dream", run, "--out", tmp_path / "out", "--home", home, "--json"]
    asked += ["--layer", "stages.1", "--channel", 2, "--octaves", 2, "--steps", 3, "--size", "72x48"]
    asked += ["--law", "us-ca", "--format", "webp"]
    code_of(*asked)
    told = json.loads(capsys.readouterr().out)
    assert (told["layer"], told["channel"]) == ("stages.1", 2)
    assert told["after"] > told["before"]
    (row,) = told["released"] + told["held"] + told["refused"]
    if row["path"]:
        assert Path(row["path"]).suffix == ".webp"
        assert read_picture(Path(row["path"]))[1].shape == (48, 72, 3)
        assert code_of("comply", row["path"], "--law", "us-ca") == 0
        capsys.readouterr()
    code_of(*asked)
    again = json.loads(capsys.readouterr().out)
    assert [one["asset"] for one in again["released"] + again["held"] + again["refused"]] == [row["asset"]]


def test_a_photograph_keeps_its_sides_and_is_called_edited(
    run: Path, home: Path, tmp_path: Path, picture: Callable[[str, int], Path]
) -> None:
    request = DreamRequest(run, image=picture("mine.png", 1), octaves=1, steps=2)
    dreamed = dream_picture(request, tmp_path / "out", home)
    (passage,) = dreamed.batch.passages
    assert passage.asset.source == "dreamt-mine-0"
    assert passage.asset.origin is Origin.EDITED
    if passage.path:
        before, after = (read_picture(path)[1].astype(float) for path in (request.image, passage.path))
        assert before.shape == after.shape
        assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.8
    farther = dream_picture(replace(request, strength=5), tmp_path / "farther", home)
    assert dreamed.before < dreamed.after < farther.after


def test_features_dream_too_and_their_pictures_are_held(run: Path, home: Path, tmp_path: Path) -> None:
    dataset = open_source("digits", take=40)
    proxy_features(dataset, home / "features", Lesson(batch=8, images=16))
    (file,) = (home / "features").glob("*.safetensors")
    assert layers_of(file)[0].name == "layers.0.0"
    request = DreamRequest(file, layer="layers.1.0", octaves=1, steps=2, size="40")
    (passage,) = dream_picture(request, tmp_path / "out", home).batch.passages
    assert passage.asset.decision is Decision.HOLD
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    with pytest.raises(RunNotFound, match="no features"):
        layers_of(broken)
    (run / "weights" / "critic.safetensors").unlink()
    with pytest.raises(BadSetting, match="no critic"):
        dream_picture(DreamRequest(run), tmp_path / "out", home)


def test_without_a_place_nothing_is_made(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("dream", run) == 2
    assert "--out" in capsys.readouterr().err
