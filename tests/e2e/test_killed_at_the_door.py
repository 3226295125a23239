"""Killed at any instruction between draft and release: nothing is out that is not in the ledger, no orphan stays.

A child process takes one draft through the real door (real checks, watermark, C2PA signature, ledger) and dies, as by
kill -9, when it is about to execute its n-th line of this package. Then the same request is made again.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from rectoverso.store.address import FILE as ADDRESS
from rectoverso.store.home import Home
from rectoverso.types import Decision, Draft, Maker
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.proof import SUFFIX, beside, verify_proof
from rectoverso.verso.policy import Shelf
from rectoverso.verso.screen.similarity import SimilarityCheck
from rectoverso.workflow import digests
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import check_ledger, ledger_keys
from rectoverso.workflow.release import Door, Passage, release
from stores import Server

KILLS, MANY = 24, 120
OWN_CODE = (
    "/rectoverso/workflow/",
    "/rectoverso/store/",
    "/rectoverso/verso/ledger/",
    "/rectoverso/verso/mark/order",
)


@cache
def _is_own(file: str) -> bool:
    return any(part in file for part in OWN_CODE)


def _draft() -> Draft:
    y, x = np.mgrid[0:64, 0:64]
    pixels = np.stack([100 + 60 * np.sin(x / 5), 120 + 50 * np.cos(y / 7), 90 + (x + y) % 64], axis=-1)
    asked = digests.of_facts(picture="waves")
    return Draft(pixels.astype(np.uint8), asked, Maker("test", "1"), seed=7)


def _go_through(home_path: Path, out: Path) -> list[Passage]:
    home = Home.open(home_path)
    door = Door(home, open_keys(home), lambda works: [SimilarityCheck(works)], Shelf().policy("general"))
    return list(release([_draft()], door, out))


NEVER = sys.maxsize


def _in_child(work: Callable[[], Any], die_at_line: int | None) -> int:
    """Run ``work`` in a forked child that dies at its n-th own line. Returns how many it executed, or -1 if killed;
    nothing is counted, and the child is as fast as any, where no line is given.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        lines = count(1)
        executed = 0

        def tracer(frame: FrameType, event: str, _argument: object) -> Any:
            nonlocal executed
            if not _is_own(frame.f_code.co_filename):
                return None
            if event == "line":
                executed = next(lines)
                if executed == die_at_line:
                    os._exit(137)
            return tracer

        ended = 1
        sys.settrace(tracer if die_at_line else None)
        try:
            work()
            ended = 0
        finally:
            sys.settrace(None)
            os.write(writer, str(executed).encode())
            os._exit(ended)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    with os.fdopen(reader) as told:
        assert code in (0, 137), "the work failed"
        return -1 if code == 137 else int(told.read())


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with its keys, to be copied: their own creation is tested with the store."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    _in_child(lambda: open_keys(Home.open(home)), None)
    return home


@pytest.fixture(scope="module")
def total_lines(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Counted once this process has loaded what it will use: a module's own lines run only when it is first loaded."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(prepared, folder / "home")
    _in_child(lambda: _go_through(folder / "first", folder / "out"), None)
    assert check_ledger(folder / "first").holds
    return _in_child(lambda: _go_through(folder / "home", folder / "out"), NEVER)


def _files(out: Path) -> Iterator[Path]:
    return (path for path in out.glob("*") if not path.name.startswith(".")) if out.exists() else iter(())


def _ring(home: Path) -> KeyRing:
    return KeyRing.parse(ledger_keys(home))


@pytest.fixture(scope="module")
def prepared_on_a_server(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its records on a PostgreSQL server; nobody stays connected, so that it can be copied."""
    home = tmp_path_factory.mktemp("on-a-server") / "home"
    home.mkdir()
    (home / ADDRESS).write_text(postgres.url(postgres.database()))
    _in_child(lambda: open_keys(Home.open(home)), None)
    return home


@pytest.fixture(scope="module")
def lines_on_a_server(
    total_lines: int, prepared_on_a_server: Path, postgres: Server, tmp_path_factory: pytest.TempPathFactory
) -> int:
    """A lock in a file takes more lines of ours, and connections take theirs."""
    assert total_lines  # what both load is loaded by then
    folder = tmp_path_factory.mktemp("whole-on-a-server")
    postgres.copy(prepared_on_a_server, folder / "home")
    Home.open(folder / "home").close()
    return _in_child(lambda: _go_through(folder / "home", folder / "out"), NEVER)


def _shares(first: float, kills: int, many: int) -> list[Any]:
    """Of the way from draft to release, how much is done when it is killed; more of them in the slow test."""
    rest = set(np.linspace(first, 0.999, many)) - set(few := np.linspace(first, 0.999, kills).tolist())
    return [*few, *(pytest.param(share, marks=pytest.mark.slow) for share in sorted(rest))]


@pytest.mark.parametrize("share", _shares(0.001, KILLS, MANY))
def test_a_killed_release_leaves_nothing_unlogged_and_ends_exactly_once(
    tmp_path: Path, prepared: Path, total_lines: int, share: float
) -> None:
    shutil.copytree(prepared, tmp_path / "home")
    _kill_and_ask_again(tmp_path, total_lines, share)


@pytest.mark.parametrize("share", _shares(0.3, KILLS // 4, MANY // 4))
def test_nor_does_one_whose_records_are_on_a_server(
    tmp_path: Path, prepared_on_a_server: Path, postgres: Server, lines_on_a_server: int, share: float
) -> None:
    """What matters lies in the last two thirds."""
    postgres.copy(prepared_on_a_server, tmp_path / "home")
    _kill_and_ask_again(tmp_path, lines_on_a_server, share)


def _kill_and_ask_again(tmp_path: Path, total_lines: int, share: float) -> None:
    home, out = tmp_path / "home", tmp_path / "out"

    assert _in_child(lambda: _go_through(home, out), max(1, round(share * total_lines))) == -1

    known = {asset.file_digest for asset in Home.open(home).assets.all()}
    pictures = [path for path in _files(out) if path.suffix != SUFFIX]
    assert all(digests.of_bytes(path.read_bytes()) in known for path in pictures)
    assert all(beside(path).is_file() for path in pictures)
    assert check_ledger(home).holds

    assert _in_child(lambda: _go_through(home, out), None) == 0
    opened = Home.open(home)
    (asset,) = opened.assets.all()
    assert asset.decision is Decision.RELEASE
    assert {path.name for path in out.iterdir()} == {asset.file_name, asset.file_name + SUFFIX}
    proof = verify_proof((out / asset.file_name).with_name(asset.file_name + SUFFIX).read_text(), _ring(home))
    assert (proof.problems, proof.index) == ((), asset.ledger_index)
    assert list(opened.blobs.all()) == [asset.id]
    checked = check_ledger(home)
    assert checked.holds
    assert checked.counts == {"released": 1, "held": 0, "refused": 0}
