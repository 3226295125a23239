"""Weights that were named are part of the door: they add what people look at, and stop it when they changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from rectoverso.cli.main import main
from rectoverso.errors import EmbedderUnusable
from rectoverso.i18n import say
from rectoverso.store.home import Home
from rectoverso.types import Decision
from rectoverso.verso.picture import to_png
from rectoverso.verso.screen import points
from rectoverso.verso.screen.calibration import Standing
from rectoverso.workflow.bulk import screen_many
from rectoverso.workflow.calibrate import calibrate
from rectoverso.workflow.calibration import stands
from rectoverso.workflow.registry import add_works
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.search import search_works
from rectoverso.workflow.weights import RECORD, forget_weights, name_weights, weights_at
from unit.verso.conftest import photo

pytest.importorskip("onnxruntime", reason="needs the packages of the extra `weights`")
TINY = Path(__file__).parents[2] / "assets" / "tiny.onnx"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    for suffix in (".onnx", ".toml"):
        shutil.copyfile(TINY.with_suffix(suffix), tmp_path / f"tiny{suffix}")
    return tmp_path / "tiny.onnx"


def _kinds(home: Path) -> list[str]:
    opened = Home.open(home)
    with opened.database.read() as tx:
        return [
            json.loads(entry)["kind"] for entry in opened.log.entries(tx, 0, opened.log.size(tx)).values()
        ]


def _work(tmp_path: Path, home: Path) -> None:
    (tmp_path / "work.png").write_bytes(to_png(photo(5, 160, 200)))
    add_works([tmp_path / "work.png"], home, owner="A. Painter")


def _thumbnail_like(tmp_path: Path) -> Path:
    """Twenty squares with the work's large colours, under much noise: only a thumbnail still knows it."""
    work = photo(5, 160, 200).astype(int)
    means = work.reshape(4, 40, 4, 50, 3).mean(axis=(1, 3))
    squares = np.kron(means, np.ones((40, 50, 1)))
    noise = np.random.default_rng(0).normal(0, 60, squares.shape)
    path = tmp_path / "alike.png"
    path.write_bytes(to_png(np.clip(squares + noise, 0, 255).astype(np.uint8)))
    return path


def test_naming_is_recorded_in_the_home_and_the_ledger(file: Path, home: Path) -> None:
    named = name_weights(file, home)
    assert weights_at(home) == named
    assert _kinds(home)[-1] == "weights_named"
    assert forget_weights(home) == named
    assert weights_at(home) is None
    assert _kinds(home)[-1] == "weights_forgotten"


def test_what_only_weights_find_is_held_and_never_refused(file: Path, home: Path, tmp_path: Path) -> None:
    name_weights(file, home)
    _work(tmp_path, home)
    asked = _thumbnail_like(tmp_path)
    (match,) = search_works(asked, home).matches
    assert match.plain()["method"] == "weights"
    (passage,) = seal_files([asked], tmp_path / "out", home).passages
    assert passage.asset.decision is Decision.HOLD


@pytest.mark.parametrize("change", ["changed", "gone", "record", "record gone"])
def test_weights_that_are_not_as_they_were_named_stop_the_door(
    change: str, file: Path, home: Path, tmp_path: Path
) -> None:
    name_weights(file, home)
    _work(tmp_path, home)
    if change == "changed":
        file.write_bytes(file.read_bytes() + b"\x00")
    elif change == "gone":
        file.unlink()
    elif change == "record gone":
        (home / RECORD).unlink()
    else:
        (home / RECORD).write_text("{}")
    (tmp_path / "photo.png").write_bytes(to_png(photo(9, 160, 200)))
    with pytest.raises(EmbedderUnusable):
        seal_files([tmp_path / "photo.png"], tmp_path / "out", home)
    assert not (tmp_path / "out").exists()
    with pytest.raises(SystemExit) as ended:
        main(["seal", str(tmp_path / "photo.png"), "--out", str(tmp_path / "out"), "--home", str(home)])
    assert ended.value.code == 3


def test_an_older_record_of_weights_is_not_gone_by_and_both_ways_out_are_open(file: Path, home: Path) -> None:
    name_weights(file, home)
    kept = (home / RECORD).read_bytes()
    forget_weights(home)
    (home / RECORD).write_bytes(kept)
    with pytest.raises(EmbedderUnusable, match="put back"):
        weights_at(home)
    assert forget_weights(home) is not None
    assert weights_at(home) is None
    name_weights(file, home)
    (home / RECORD).unlink()
    with pytest.raises(EmbedderUnusable, match="put back"):
        weights_at(home)
    assert forget_weights(home) is None
    assert weights_at(home) is None


def test_works_from_before_are_compared_once_they_are_added_again(
    file: Path, home: Path, tmp_path: Path
) -> None:
    _work(tmp_path, home)
    name_weights(file, home)
    asked = _thumbnail_like(tmp_path)
    assert search_works(asked, home).matches == []
    _work(tmp_path, home)
    assert len(search_works(asked, home).matches) == 1


def test_other_weights_are_another_question(file: Path, home: Path, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(to_png(photo(9, 160, 200)))
    _work(tmp_path, home)
    (before,) = seal_files([tmp_path / "photo.png"], tmp_path / "out", home).passages
    name_weights(file, home)
    (after,) = seal_files([tmp_path / "photo.png"], tmp_path / "out", home).passages
    assert not after.repeated
    assert after.asset.request != before.asset.request


def test_a_collection_is_screened_as_the_door_would(file: Path, home: Path, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    name_weights(file, home)
    _work(tmp_path, home)
    told = screen_many([_thumbnail_like(tmp_path)], home, tmp_path / "found.parquet")
    assert told.counts == {"review": 1}
    (row,) = pq.read_table(tmp_path / "found.parquet").to_pylist()
    assert row["cosine"] >= 0.9
    assert (row["likeness"], row["points"]) == (None, None)
    file.unlink()
    with pytest.raises(EmbedderUnusable):
        screen_many([tmp_path / "work.png"], home, tmp_path / "again.parquet")


def test_a_calibration_is_made_with_the_weights_and_holds_for_no_others(
    file: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they propose is looked at by points too: of what strangers score without them it says nothing."""
    monkeypatch.setattr(points, "ENLARGED_SIDE_PX", 64)
    name_weights(file, home)
    _work(tmp_path, home)
    strangers = tmp_path / "strangers"
    strangers.mkdir()
    for number in range(30):
        (strangers / f"{number}.png").write_bytes(to_png(photo(500 + number, 40, 50)))
    shutil.copy(_thumbnail_like(tmp_path), strangers)
    done = calibrate([strangers], home, rate=0.1, planted=0)
    assert done.calibration.review.called >= 1
    assert say(done.near[0].nearness).startswith("a cosine")
    assert _standing(home) is Standing.IN_FORCE
    forget_weights(home)
    assert _standing(home) is Standing.OTHER_VERSION
    name_weights(file, home)
    assert _standing(home) is Standing.IN_FORCE


def _standing(home: Path) -> Standing:
    found = stands(home)
    assert found is not None
    return found.standing


def test_the_command_names_shows_and_forgets(
    file: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, told in (
        ([], "by no weights"),
        ([str(file)], "never blocks"),
        ([], "tiny: "),
        (["--forget"], "no longer"),
        (["--forget"], "by no weights"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["registry", "weights", *words, "--home", str(home)])
        assert ended.value.code == 0
        assert told in capsys.readouterr().out
