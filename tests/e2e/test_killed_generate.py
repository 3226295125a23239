"""kill -9 at random moments of `verso generate`: the ledger always holds, and the counts add up in the end."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command import verso
from rectoverso.workflow.ledgers import check_ledger

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


def _kill_at(command: list[str], out: Path, files: int, delay_s: float) -> bool:
    """Start, kill soon after so many files are out; False if it had ended by itself."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while child.poll() is None and len(list(out.glob("*.png"))) < files:
        time.sleep(0.002)
    time.sleep(delay_s)
    child.send_signal(signal.SIGKILL)
    return child.wait() == -signal.SIGKILL


def _survives(run: Path, folder: Path, kills: int) -> None:
    moments = random.Random(0)
    places = sorted(moments.choices(range(IMAGES - 2), k=kills))
    killed = 0
    for files in places:
        killed += _kill_at(_generate(run, folder), folder / "out", files, moments.uniform(0, 0.05))
        if (folder / "home" / "verso.sqlite3").exists():
            assert check_ledger(folder / "home").holds
    assert killed > kills / 2

    told = json.loads(verso(*_generate(run, folder)[3:], code=None).stdout)
    rows = [row for decision in ("released", "held", "refused") for row in told[decision]]
    assert sorted(row["seed"] for row in rows) == list(range(1, IMAGES + 1))
    checked = check_ledger(folder / "home")
    assert checked.holds
    sheets = 1 if told["contact_sheet"] else 0
    assert checked.counts["released"] == len(told["released"]) + sheets
    assert checked.counts["held"] == len(told["held"])
    assert {path.name for path in (folder / "out").glob("*.png")} == {
        Path(row["path"]).name for row in told["released"]
    }
    assert not list((folder / "out").glob(".*"))


def test_generate_survives_three_kills(tmp_path: Path, small_run: Path) -> None:
    """Three random moments, quickly; the slow test does twenty."""
    _survives(small_run, tmp_path, kills=3)


@pytest.mark.slow
def test_generate_survives_twenty_kills(tmp_path: Path, small_run: Path) -> None:
    """Twenty random moments, ledger checked after each."""
    _survives(small_run, tmp_path, kills=20)
