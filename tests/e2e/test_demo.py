"""`verso demo`: the whole story in one go, only with less training than its readers get."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from command import verso
from quick import short_lessons, trainings
from rectoverso.workflow import demo as story
from rectoverso.workflow.demo import Told
from rectoverso.workflow.progress import Listener


def _shorter(run_demo: Callable[..., Told], out: Path, *, train_seconds: float, listener: Listener) -> Told:
    """Trained for a second; the command takes no less than five."""
    assert train_seconds == 5
    return run_demo(out, train_seconds=1, listener=listener)


def test_the_demo_tells_the_whole_story_and_leaves_an_earlier_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "mine.txt").write_text("mine")
    monkeypatch.setattr(story, "run_demo", partial(_shorter, story.run_demo))
    with trainings(), short_lessons():
        told = json.loads(verso("demo", "--out", tmp_path / "demo", "--seconds", 5, "--json").stdout)
    outcomes = [report["outcome"] for report in told["reports"]]
    assert outcomes == ["trusted", "changed", "watermark_only", "nothing_found"]
    assert told["generated"]["refused"] >= 1
    assert told["generated"]["held"] >= 1
    assert told["ledger"]["holds"]
    folder = Path(told["folder"])
    assert folder == tmp_path / "demo-2"
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "Every picture has two sides" in page
    assert "每张图都有两面" in page
    assert "http" not in page.replace("http-equiv", "")
    assert (folder / "contact-sheet.png").exists()
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["mine.txt"]
