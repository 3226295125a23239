"""`verso demo`: the whole story in one go, only with less training than its readers get."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Verso = Callable[..., subprocess.CompletedProcess[str]]


def test_the_demo_tells_the_whole_story(tmp_path: Path, verso: Verso) -> None:
    told = json.loads(verso("demo", "--out", tmp_path / "demo", "--seconds", 10, "--json").stdout)
    outcomes = [report["outcome"] for report in told["reports"]]
    assert outcomes == ["trusted", "changed", "watermark_only", "nothing_found"]
    assert told["generated"]["refused"] >= 1
    assert told["generated"]["held"] >= 1
    assert told["ledger"]["holds"]
    page = (tmp_path / "demo" / "index.html").read_text(encoding="utf-8")
    assert "Every picture has two sides" in page
    assert "每张图都有两面" in page
    assert "http" not in page.replace("http-equiv", "")
    assert (tmp_path / "demo" / "contact-sheet.png").exists()


def test_a_second_demo_leaves_the_first_alone(tmp_path: Path, verso: Verso) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "mine.txt").write_text("mine")
    told = json.loads(verso("demo", "--out", tmp_path / "demo", "--seconds", 10, "--json").stdout)
    assert told["folder"].endswith("demo-2")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["mine.txt"]
