"""The command's manners: exit codes, JSON, words instead of tracebacks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer

from command import code_of
from rectoverso.cli.main import NO_SPINNING, app
from rectoverso.i18n import say
from rectoverso.types import Message


def test_bad_usage_leaves_with_two_and_names_the_right_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("verfy") == 2
    assert "verify" in capsys.readouterr().err


def test_bad_input_leaves_with_two_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECTOVERSO_LANG", "en")
    assert code_of("train", "dcgan", "--data", tmp_path / "nowhere", "--out", tmp_path / "run") == 2
    told = capsys.readouterr().err
    assert "There is no data at" in told
    assert "Traceback" not in told


def test_an_error_with_json_is_one_object_on_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of("generate", tmp_path / "no-run", "--out", tmp_path / "out", "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "run_not_found"


@pytest.mark.parametrize(
    "line",
    [
        "verfy",
        "verify",
        "verify a.png --jsno",
        "seal a.png",
        "serve --port eleven",
        "seal a.png --out b --origin nowhere",
        "registry",
    ],
)
def test_with_json_an_error_of_usage_is_one_object_too(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(*line.split(), "--json") == 2
    told = capsys.readouterr()
    error = json.loads(told.out)["error"]
    assert error["code"] == "usage_unusable"
    assert error["facts"]["problem"] in error["message"]
    assert error["facts"]["command"].endswith(line.split(maxsplit=1)[0]) or line == "verfy"
    assert "Traceback" not in told.err


def test_without_json_a_line_that_is_none_shows_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("verify", "--jsno") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Usage:" in told.err
    assert code_of("verify", "--help", "--json") == 0
    assert "Usage:" in capsys.readouterr().out


def test_an_unknown_system_suggests_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of("train", "dgcan", "--data", "digits", "--out", tmp_path / "run") == 2
    assert "dcgan" in capsys.readouterr().err


def test_errors_speak_the_readers_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECTOVERSO_LANG", "zh")
    assert code_of("registry", "remove", "nothing", "--home", tmp_path / "home") == 2
    assert "没有登记过" in capsys.readouterr().err


def test_keys_are_made_once_and_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    assert code_of("keys", "init", "--owner", "Studio Verso", "--home", home, "--json") == 0
    first = json.loads(capsys.readouterr().out)["keys"]
    assert code_of("keys", "init", "--home", home) == 3
    capsys.readouterr()
    assert code_of("keys", "list", "--home", home, "--json") == 0
    assert json.loads(capsys.readouterr().out)["keys"] == first


def test_the_doctor_looks_without_touching(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("doctor", "--home", tmp_path / "home", "--json") == 0
    checks = {row["check"] for row in json.loads(capsys.readouterr().out)["checks"]}
    assert {"python", "no_home", "room"} <= checks
    assert not (tmp_path / "home").exists()


def test_the_systems_are_listed_with_what_they_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("systems", "--json") == 0
    (dcgan,) = (row for row in json.loads(capsys.readouterr().out)["systems"] if row["name"] == "dcgan")
    assert {preset["name"] for preset in dcgan["presets"]} >= {"article", "default"}
    assert dcgan["needs"]


def test_verify_of_nothing_to_check_is_calm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    assert code_of("verify", empty, "--home", tmp_path / "home", "--json") == 3
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    assert report["outcome"] == "could_not_check"
    assert not (tmp_path / "home").exists()


def test_of_several_files_the_outcomes_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECTOVERSO_LANG", "en")
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    assert code_of("verify", tmp_path / "a.png", tmp_path / "b.png", "--home", tmp_path / "home") == 3
    told = capsys.readouterr().out.splitlines()
    assert "2 files verified:" in told
    assert told[-1].split() == ["2", *say(Message("verify.could_not_check.title")).split()]
    assert max(map(len, told)) <= 80 + len(str(tmp_path))


def _groups(command: click.Command, name: str = "verso") -> Iterator[tuple[str, click.Command]]:
    children = getattr(command, "commands", {})
    if children:
        yield name, command
    for child_name, child in children.items():
        yield from _groups(child, f"{name} {child_name}")


@pytest.mark.parametrize(("name", "group"), list(_groups(typer.main.get_command(app))))
def test_the_lists_of_commands_are_not_cut_at_80_columns(
    name: str, group: click.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    listed = group.get_help(click.Context(group, info_name=name)).partition("Commands:")[2]
    assert listed
    assert "..." not in listed


def test_threads_that_have_no_work_do_not_take_a_core_unless_whoever_calls_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, turns = NO_SPINNING
    monkeypatch.delenv(name, raising=False)
    code_of("--version")
    assert os.environ[name] == turns
    monkeypatch.setenv(name, "26")
    code_of("--version")
    assert os.environ[name] == "26"
