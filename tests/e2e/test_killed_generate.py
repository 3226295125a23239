"""kill -9 at random moments of `verso generate`: the ledger always holds, and the counts add up in the end."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Verso = Callable[..., subprocess.CompletedProcess[str]]

IMAGES = 24


def _generate(run: Path, folder: Path) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "rectoverso",
        "generate",
        run,
        "--out",
        folder / "out",
        "-n",
        IMAGES,
        "--seed",
        1,
    ]
    return [str(part) for part in (*command, "--home", folder / "home", "--json")]


def _kill_after(command: list[str], seconds: float) -> bool:
    """Start, kill after so many seconds; False if it had ended by itself."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    return child.wait() == -signal.SIGKILL


def _survives(run: Path, folder: Path, verso: Verso, kills: int) -> None:
    started = time.monotonic()
    verso(*_generate(run, folder / "whole")[3:], code=None)
    whole = time.monotonic() - started

    moments = random.Random(0)
    killed = 0
    for _ in range(kills):
        killed += _kill_after(_generate(run, folder), moments.uniform(0.3, 1.0) * whole)
        if (folder / "home").exists():
            verso("ledger", "check", "--home", folder / "home", "--json")
    assert killed > 0

    told = json.loads(verso(*_generate(run, folder)[3:], code=None).stdout)
    rows = [row for decision in ("released", "held", "refused") for row in told[decision]]
    assert sorted(row["seed"] for row in rows) == list(range(1, IMAGES + 1))
    checked = json.loads(verso("ledger", "check", "--home", folder / "home", "--json").stdout)
    sheets = 1 if told["contact_sheet"] else 0
    assert checked["counts"]["released"] == len(told["released"]) + sheets
    assert checked["counts"]["held"] == len(told["held"])
    assert {path.name for path in (folder / "out").glob("*.png")} == {
        Path(row["path"]).name for row in told["released"]
    }
    assert not list((folder / "out").glob(".*"))


def test_generate_survives_three_kills(tmp_path: Path, small_run: Path, verso: Verso) -> None:
    """Three random moments, quickly; the slow test does twenty."""
    _survives(small_run, tmp_path, verso, kills=3)


@pytest.mark.slow
def test_generate_survives_twenty_kills(tmp_path: Path, small_run: Path, verso: Verso) -> None:
    """Twenty random moments, ledger checked after each."""
    _survives(small_run, tmp_path, verso, kills=20)
