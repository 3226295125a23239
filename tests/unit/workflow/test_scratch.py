"""Plain pictures lie there for as long as somebody works on them, however that ends, and on no disk where memory has
room.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rectoverso.errors import HomeBusy, MemoryShort
from rectoverso.store import memory as memory_module
from rectoverso.store.home import Home
from rectoverso.workflow import doctor
from rectoverso.workflow import scratch as module
from rectoverso.workflow.scratch import scratch, sweep_scratch


@pytest.fixture(params=["memory", "disk"], autouse=True)
def memory(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for memory, which has room, or is not there and the disk is allowed."""
    folder = tmp_path / "memory"
    folder.mkdir()
    is_there = request.param == "memory"
    monkeypatch.setattr(memory_module, "MEMORY", folder if is_there else tmp_path / "none")
    monkeypatch.setattr(module, "SPARE", 0)
    monkeypatch.setenv(module.ALLOWED, "" if is_there else "1")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home")


def test_a_folder_is_there_for_one_and_then_gone(home: Home, memory: Path) -> None:
    with scratch(home) as folder, scratch(home) as other:
        (folder / "a.png").write_bytes(b"plain")
        assert folder != other
        assert folder.stat().st_mode & 0o077 == 0
        assert folder.is_relative_to(home.path)
        in_memory = left(memory)
        assert in_memory == (["a.png"] if memory == memory_module.MEMORY else [])
        assert left(home.path) == ([] if in_memory else ["a.png"])
    assert left(home.path, memory) == []


def test_where_memory_has_no_room_nothing_is_opened_on_the_disk_unless_that_is_allowed(
    home: Home, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_module, "MEMORY", memory)
    monkeypatch.setattr(module, "free_bytes", lambda: 100 << 20)
    monkeypatch.setattr(module, "LEAST_SPARE", 64 << 20)
    monkeypatch.setattr(module, "SPARE", 1 << 30)
    for said in ("", "0", "no"):
        monkeypatch.setenv(module.ALLOWED, said)
        with pytest.raises(MemoryShort, match=r"150 MB.*100 MB"), scratch(home, room=30 << 20):
            pass
    assert not home.working_path.exists()
    with scratch(home, room=15 << 20) as small:
        assert small.is_symlink()
    with scratch(home, room=30 << 20, may_be_on_disk=True) as theirs:
        assert not theirs.is_symlink()
    monkeypatch.setenv(module.ALLOWED, "1")
    with scratch(home, room=30 << 20) as folder:
        (folder / "a.png").write_bytes(b"plain")
        assert (left(home.path), left(memory)) == (["a.png"], [])


@pytest.mark.parametrize(
    ("free", "allowed", "told"),
    [
        (3 << 30, "", ("ok", "doctor.plain")),
        (1 << 20, "", ("note", "doctor.plain")),
        (3 << 30, "1", ("note", "doctor.plain_on_disk")),
    ],
)
def test_the_doctor_says_how_it_stands(
    monkeypatch: pytest.MonkeyPatch, free: int, allowed: str, told: tuple[str, str]
) -> None:
    monkeypatch.setattr(memory_module, "free_bytes", lambda: free)
    monkeypatch.setattr(module, "SPARE", 2 << 30)
    monkeypatch.setenv(module.ALLOWED, allowed)
    row = doctor._plain()
    assert (row.state, row.message.key) == told
    assert (row.fix is None) is (row.state == "ok")


def test_what_a_killed_process_left_the_next_one_removes_and_nothing_else(home: Home, memory: Path) -> None:
    with scratch(home) as mine:
        (mine / "mine.png").write_bytes(b"in use")
        process = os.fork()
        if process == 0:
            with scratch(home) as folder:
                (folder / "theirs.png").write_bytes(b"plain")
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(process, 0)
        assert left(home.path, memory) == ["mine.png", "theirs.png"]
        sweep_scratch(home)
        assert left(home.path, memory) == ["mine.png"]


def test_a_folder_with_a_name_has_the_same_path_and_one_user(home: Home) -> None:
    with scratch(home, "job") as first:
        with pytest.raises(HomeBusy), scratch(home, "job"):
            pass
        assert first.is_dir()
    with scratch(home, "job") as second:
        assert second == first


def test_no_link_of_a_strangers_leads_to_what_is_removed(home: Home, memory: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a.png").write_bytes(b"mine")
    home.working_path.mkdir()
    (home.working_path / "x").symlink_to(victim)
    (home.working_path / "x.lock").touch()
    (memory / "other").mkdir()
    (home.working_path / "y").symlink_to(memory / "other")
    (home.working_path / "y.lock").touch()
    sweep_scratch(home)
    assert left(victim) == ["a.png"]
    assert (memory / "other").is_dir()
    assert {path.name for path in home.working_path.iterdir()} == {"turn", "turn.turn"}


def left(*places: Path) -> list[str]:
    return sorted(path.name for place in places for path in place.rglob("*.png"))
