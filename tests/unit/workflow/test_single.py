"""One picture through the whole command line: what is drawn from it is held, in any size."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from command import code_of


@pytest.mark.usefixtures("quick_trainings")
def test_one_file_is_trained_on_and_everything_drawn_from_it_is_held(
    picture: Callable[[str, int], Path],
    tmp_path: Path,
    home: Path,
    small_run: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, common = tmp_path / "run", ["--home", home, "--json"]
    settings = ["nets.width=4", "longest_px=30", "precision=float32", "threads=1"]
    asked = [part for setting in settings for part in ("--set", setting)]
    file = picture("photo.png", 1)
    assert code_of("train", "single", "--data", file, "--out", run, "--images", 12, *asked, *common) == 0
    assert json.loads(capsys.readouterr().out)["data_images"] == 1
    assets = set()
    for more in (["-n", 2], ["--size", "60x24"], ["--size", "24x60"]):
        assert code_of("generate", run, "--out", tmp_path / "out", *more, *common) == 1
        told = json.loads(capsys.readouterr().out)
        assert not told["released"] + told["refused"]
        reasons = [reason["key"] for row in told["held"] for reason in row["verdict"]["reasons"]]
        assert "screen.memorisation.too_few" in reasons
        assets |= {row["asset"] for row in told["held"]}
    assert len(assets) == 4
    assert code_of("generate", small_run, "--size", "60", "--out", tmp_path / "out", *common) == 2
    assert "32x32 pixels only" in json.loads(capsys.readouterr().out)["error"]["message"]
    assert code_of("train", "dcgan", "--data", file, "--out", tmp_path / "no", *common) == 2
    assert code_of("train", "single", "--data", "digits", "--out", tmp_path / "no", *common) == 2
