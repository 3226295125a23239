"""kill -9 at random moments of `verso generate`: the ledger always holds, and the counts add up in the end."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from command import verso
from rectoverso.workflow.ledgers import check_ledger

IMAGES = 24
Begin: TypeAlias = Callable[[list[str]], object]
"""Carry out `verso` with these arguments in a process that was forked for it."""


def _as_users_do(arguments: list[str]) -> None:
    os.execv(sys.executable, [sys.executable, "-m", "rectoverso", *arguments])


def _with_what_is_loaded(arguments: list[str]) -> None:
    import torch

    torch.set_num_threads(1)  # those of the process that was forked are not in this one
    verso(*arguments, code=None)


def _generate(run: Path, folder: Path) -> list[str]:
    asked = ("generate", run, "--out", folder / "out", "-n", IMAGES, "--seed", 1)
    return [str(part) for part in (*asked, "--home", folder / "home", "--json")]


def _kill_at(begin: Begin, arguments: list[str], out: Path, files: int, delay_s: float) -> bool:
    """Begin, kill soon after so many files are out; False if it had ended by itself."""
    child = os.fork()
    if child == 0:
        try:
            begin(arguments)
        finally:
            os._exit(0)
    while len(list(out.glob("*.png"))) < files and not os.waitid(
        os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT
    ):
        time.sleep(0.002)
    time.sleep(delay_s)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def _survives(run: Path, folder: Path, kills: int, begin: Begin) -> None:
    moments = random.Random(0)
    places = sorted(moments.choices(range(IMAGES - 2), k=kills))
    killed = 0
    for files in places:
        killed += _kill_at(begin, _generate(run, folder), folder / "out", files, moments.uniform(0, 0.05))
        if (folder / "home" / "verso.sqlite3").exists():
            assert check_ledger(folder / "home").holds
    assert killed > kills / 2

    told = json.loads(verso(*_generate(run, folder), code=None).stdout)
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
    """Three random moments, quickly: nothing is loaded anew."""
    _survives(small_run, tmp_path, 3, _with_what_is_loaded)


@pytest.mark.slow
def test_generate_survives_twenty_kills(tmp_path: Path, small_run: Path) -> None:
    """Twenty random moments, ledger checked after each."""
    _survives(small_run, tmp_path, 20, _as_users_do)
