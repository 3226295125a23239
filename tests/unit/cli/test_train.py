"""`verso train`: events for programs, and a line that fits its terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import code_of
from rectoverso.cli.output import cells, drawn, line
from rectoverso.types import Message
from rectoverso.workflow.progress import Progress

SETTINGS = ("batch=8", "nets.generator_width=4", "nets.critic_width=4", "threads=1", "milestones=2")


def _train(folder: Path, *more: object) -> int:
    given = [part for setting in SETTINGS for part in ("--set", setting)]
    data = ("--data", "digits", "--take", 64, "--size", 16)
    place = (*data, "--out", folder / "run", "--home", folder / "home")
    return code_of("train", "dcgan", *place, "--images", 32, *given, *more)


def test_events_are_lines_of_json_and_the_last_is_the_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _train(tmp_path, "--events") == 0
    events = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events[:-1]] == ["status"] * (len(events) - 1)
    assert [event["stage"] for event in events[:-1]][:: len(events) - 2] == ["starting", "done"]
    assert events[0]["forecast"]["images"] == 32
    assert events[-1]["event"] == "result"
    assert events[-1]["images"] == 32
    assert events[-1]["forecast"] == events[0]["forecast"]


def test_an_error_is_an_event_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _train(tmp_path, "--events", "--set", "held_out=1500") == 2
    (text,) = capsys.readouterr().out.splitlines()
    assert json.loads(text)["event"] == "error"
    assert json.loads(text)["error"]["code"] == "bad_setting"


@pytest.mark.parametrize("width", [30, 60, 80, 200])
def test_the_line_shows_what_fits_the_most_important_first(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECTOVERSO_LANG", "zh")
    notes = ("样图彼此相似", "critic 0.52", "generator 1.30", "580 MB")
    progress = Progress(Message("progress.training"), 1024, 4096, 540.0, None, notes)
    told = line(progress, width)
    assert cells(told) <= width
    shown = [note for note in notes if note in told]
    assert shown == list(notes[: len(shown)])
    assert (len(shown) == 4) == (width == 200)
    assert all(note in line(progress) for note in notes)
    assert ("━" in drawn(progress, width)) == (width == 200)
    assert cells(drawn(progress, width)) <= width
