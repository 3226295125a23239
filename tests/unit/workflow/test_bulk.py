"""A collection compared with the works: one row a picture, in their order, whoever compared them."""

from __future__ import annotations

import csv
import json
import re
from contextlib import chdir
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rectoverso.cli.main import main
from rectoverso.errors import BadSetting, FilesUnusable, HomeMissing, OutNotWritable
from rectoverso.types import Outcome
from rectoverso.verso.picture import to_png
from rectoverso.verso.screen.gallery import LIMITS, Limits, Method
from rectoverso.verso.screen.parts import PartLimits
from rectoverso.workflow import bulk
from rectoverso.workflow.bulk import screen_many
from rectoverso.workflow.ledgers import check_ledger
from rectoverso.workflow.progress import Progress
from rectoverso.workflow.registry import add_works
from unit.verso.conftest import photo


def small(number: int, shift: int = 0) -> bytes:
    """Below 96 pixels nothing but hashes and sketches is compared."""
    return to_png(np.clip(photo(number, 80).astype(np.int16) + shift, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("works")
    (folder / "Waves.png").write_bytes(small(5))
    add_works([folder / "Waves.png"], folder / "home", owner="Anna Muster")
    return folder / "home"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("collection")
    (folder / "pictures").mkdir()
    for name, data in (("a", small(5, 1)), ("b", small(6)), ("c", b"no picture"), ("d", small(7))):
        (folder / "pictures" / f"{name}.png").write_bytes(data)
    rows = [{"bytes": small(8), "path": None}, {"bytes": small(5), "path": "x.png"}]
    pq.write_table(pa.table({"image": rows}), folder / "more.parquet")
    return [folder / "pictures", folder / "more.parquet"]


def table(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


@pytest.mark.parametrize("processes", [1, 2])
def test_each_picture_has_its_row(home: Path, collection: list[Path], tmp_path: Path, processes: int) -> None:
    before = check_ledger(home).size
    tally = screen_many(collection, home, tmp_path / "new" / "out.parquet", processes=processes)
    rows = table(tmp_path / "new" / "out.parquet")
    assert [Path(row["file"]).name for row in rows] == [
        *("a.png", "b.png", "c.png", "d.png"),
        *("more.parquet[0]", "more.parquet[1]"),
    ]
    assert [row["outcome"] for row in rows] == ["block", "pass", "unreadable", "pass", "pass", "block"]
    assert tally.counts == {"block": 2, "pass": 3, "unreadable": 1}
    assert [row.outcome for row in tally.first] == ["block", "unreadable", "block"]
    assert (rows[0]["title"], rows[0]["owner"], rows[0]["similar"], rows[0]["points"]) == (
        "Waves",
        "Anna Muster",
        1,
        None,
    )
    assert rows[0]["likeness"] > 0.98
    assert rows[2]["problem"] == "image_unsupported"
    assert check_ledger(home).size == before
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out.parquet"]


def test_it_compares_as_the_door_does(
    home: Path, collection: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the limits of the calibration in force, here ones by which everything is for people."""
    limits = dict(LIMITS) | {(Method.COARSE, Outcome.REVIEW): Limits(0.0, None, 1.0)}
    in_force = SimpleNamespace(parts=PartLimits(), whole=limits)
    monkeypatch.setattr(bulk, "in_force", lambda *_: in_force)
    counts = screen_many(collection, home, tmp_path / "out.parquet").counts
    assert counts == {"block": 2, "review": 3, "unreadable": 1}


def test_a_table_for_spreadsheets_runs_no_name_as_a_formula(home: Path, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(small(5, 1))
    heard: list[Progress] = []
    with chdir(tmp_path / "pictures"):
        Path("=1+1.png").write_bytes(small(7))
        screen_many([Path("a.png"), Path("=1+1.png")], home, tmp_path / "out.csv", listener=heard.append)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["outcome"], row["title"]) for row in rows] == [
        ("a.png", "block", "Waves"),
        ("'=1+1.png", "pass", ""),
    ]
    assert [(one.done, one.total) for one in heard] == [(1, 2), (2, 2)]
    with pytest.raises(BadSetting, match=r"\.csv"):
        screen_many([tmp_path / "pictures"], home, tmp_path / "out.xlsx")


def test_the_command_names_what_to_look_at(
    home: Path, collection: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(
            ["registry", "screen", str(collection[0]), "--out", str(tmp_path / "o.csv"), "--home", str(home)]
        )
    copy, unreadable, counts = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"copy +.*a\.png: “Waves” \(Anna Muster, \w{8}\)", copy)
    assert re.fullmatch(r"unreadable +.*c\.png", unreadable)
    assert "4 pictures compared: 1 copies" in counts


def test_what_goes_wrong_leaves_no_table(home: Path, collection: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    with pytest.raises(FilesUnusable):
        screen_many([], home, out)
    with pytest.raises(HomeMissing):
        screen_many(collection, tmp_path / "none", out)
    pq.write_table(pa.table({"image": [1, 2]}), tmp_path / "numbers.parquet")
    with pytest.raises(FilesUnusable):
        screen_many([*collection, tmp_path / "numbers.parquet"], home, out)
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(OutNotWritable):
        screen_many(collection[:1], home, tmp_path / "folder.parquet")
    assert {path.name for path in tmp_path.iterdir()} == {"numbers.parquet", "folder.parquet"}


def test_the_command_says_no_where_something_is_similar(
    home: Path, collection: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [
        "registry",
        "screen",
        str(collection[0]),
        "--out",
        str(tmp_path / "out.parquet"),
        "--home",
        str(home),
    ]
    with pytest.raises(SystemExit) as left:
        main([*asked, "--json"])
    assert left.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"pass": 2, "review": 0, "block": 1, "unreadable": 1}
