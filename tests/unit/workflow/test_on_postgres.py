"""The whole story with the records on a PostgreSQL server, typed as its user would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rectoverso.cli.main import main
from rectoverso.errors import HomeUnreachable, RectoversoError
from rectoverso.store.address import FILE, VARIABLE
from rectoverso.store.home import Home
from rectoverso.verso.picture import to_png
from rectoverso.workflow.ledgers import check_ledger
from stores import Server, running, why_no_server
from unit.verso.conftest import photo


@pytest.fixture
def home(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, postgres.url(postgres.database()))
    monkeypatch.setenv("RECTOVERSO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "work.png").write_bytes(to_png(photo(5, 128)))
    copy = photo(5, 128).astype(np.int16) + 1
    (folder / "copy.png").write_bytes(to_png(np.clip(copy, 0, 255).astype(np.uint8)))
    (folder / "other.png").write_bytes(to_png(photo(6, 128)))
    return folder


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([*map(str, arguments)])
    return int(left.value.code or 0)


def test_everything_works_as_it_does_with_a_file(
    home: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(*arguments: object) -> tuple[int, dict[str, Any]]:
        code = run(*arguments, "--json")
        return code, json.loads(capsys.readouterr().out)

    assert run("keys", "init", "--owner", "Studio Moon") == 0
    assert run("registry", "add", pictures / "work.png", "--owner", "Anna Muster") == 0
    capsys.readouterr()
    _, sealed = say("seal", pictures / "copy.png", pictures / "other.png", "--out", tmp_path / "out")
    assert [len(sealed[kind]) for kind in ("released", "held", "refused")] == [1, 0, 1]
    _, again = say("seal", pictures / "other.png", "--out", tmp_path / "out")
    assert again["released"][0]["ledger_index"] == sealed["released"][0]["ledger_index"]
    released = tmp_path / "out" / Path(sealed["released"][0]["path"]).name
    found = {}
    for place, hashes in (("database", 8), ("memory", 0)):
        assert say("registry", "index", "--in", place) == (0, {"in": place, "hashes": hashes})
        reports = say("verify", pictures / "copy.png", released)[1]["reports"]
        found[place] = [(report["outcome"], report["fingerprint"]) for report in reports]
    assert found["database"] == found["memory"]
    assert [outcome for outcome, _ in found["memory"]] == ["registered_match", "trusted"]
    assert run("keys", "rotate") == 0
    asset = sealed["released"][0]["asset"]
    assert run("ledger", "revoke", asset, "--reason", "Anna Muster asked") == 0
    assert run("ledger", "erase", check_ledger(home).size - 1) == 0
    assert run("registry", "remove", "work") == 0
    checked = check_ledger(home)
    assert (checked.problems, checked.counts) == ((), {"released": 1, "held": 0, "refused": 1})
    assert not (home / "verso.sqlite3").exists()
    assert (home / FILE).read_text().startswith("postgresql://")
    capsys.readouterr()
    rows = say("doctor")[1]["checks"]
    assert "server_forgets" in {row["check"] for row in rows}  # this one does not wait for its disk


def test_a_second_folder_makes_no_keys_of_its_own_for_the_same_database(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would sign another history than the one that is there."""
    assert run("keys", "init") == 0
    capsys.readouterr()
    assert run("keys", "init", "--home", tmp_path / "other", "--json") == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "keys_lost"
    assert check_ledger(home).holds


def test_what_was_changed_behind_the_ledgers_back_is_found(home: Path, postgres: Server) -> None:
    assert run("keys", "init") == 0
    name = Home.open(home).database.engine.url.database
    postgres.run("ALTER TABLE entries DISABLE TRIGGER ALL; UPDATE entries SET body = 'forged'", name)
    assert not check_ledger(home).holds


def test_a_server_that_stops_is_told_in_the_readers_language_and_nothing_is_made_instead(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if missing := why_no_server():
        pytest.skip(missing)
    monkeypatch.setenv("RECTOVERSO_HOME", str(tmp_path / "home"))
    with running() as server:
        monkeypatch.setenv(VARIABLE, server.url(server.database()))
        assert run("keys", "init") == 0
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("RECTOVERSO_LANG", "zh")
    assert run("seal", pictures / "other.png", "--out", tmp_path / "out") == 3
    assert "数据库没有应答" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "home" / "verso.sqlite3").exists()
    with pytest.raises(HomeUnreachable) as told:
        Home.open(tmp_path / "home")
    assert isinstance(told.value, RectoversoError)
