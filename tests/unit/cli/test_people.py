"""Accounts are made, listed and ended on the command line, and a key is shown once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rectoverso.cli.main import main
from rectoverso.store.home import Home
from rectoverso.store.people import Role


def run(capsys: pytest.CaptureFixture[str], home: Path, *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["people", *arguments, "--home", str(home)])
    return int(ended.value.code or 0), capsys.readouterr().out


def test_an_account_is_made_listed_and_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    code, said = run(capsys, home, "add", "安娜", "--role", "reviewer")
    assert code == 0
    token = said.split()[-1]
    known = Home.open(home).people.known_by(token)
    assert known
    assert (known.name, known.role) == ("安娜", Role.REVIEWER)
    _, said = run(capsys, home, "list", "--json")
    assert [person["id"] for person in json.loads(said)["people"]] == [known.id]
    assert token not in said
    assert run(capsys, home, "end", known.id)[0] == 0
    assert Home.open(home).people.known_by(token) is None
    assert run(capsys, home, "end", known.id)[0] == 2
    assert known.id in run(capsys, home, "list")[1]


def test_a_profession_is_confirmed_shown_and_taken_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    anna = json.loads(run(capsys, home, "add", "Anna", "--role", "reviewer", "--json")[1])["id"]
    said = ("--use", "medical", "--profession", "radiologist", "--evidence", "licence 4711")
    entry = json.loads(run(capsys, home, "confirm", anna, *said, "--json")[1])["entry"]
    told = json.loads(run(capsys, home, "show", anna, "--json")[1])
    assert told["permissions"] == ["look", "follow", "inspect", "send", "review", "register"]
    assert [(one["profession"], one["withdrawn"]) for one in told["professions"]] == [("radiologist", None)]
    assert "radiologist" in run(capsys, home, "show", anna)[1]
    assert run(capsys, home, "withdraw", anna, str(entry))[0] == 0
    assert run(capsys, home, "withdraw", anna, str(entry))[0] == 2
    assert json.loads(run(capsys, home, "show", anna, "--json")[1])["professions"][0]["withdrawn"] > entry
    for wrong in (("f" * 12, *said), (anna, *said[:-1], " "), (anna, "--use", "nothing", *said[2:])):
        assert run(capsys, home, "confirm", *wrong)[0] == 2


def test_what_is_no_role_or_no_name_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, tmp_path / "home", "add", "Anna", "--role", "king")[0] == 2
    assert run(capsys, tmp_path / "home", "add", " ")[0] == 2
