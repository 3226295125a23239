"""Plain pictures lie there for as long as somebody works on them, however that ends, and on no disk where memory has
room.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rectoverso.errors import HomeBusy
from rectoverso.store.home import Home
from rectoverso.workflow import scratch as module
from rectoverso.workflow.scratch import scratch, sweep_scratch


@pytest.fixture(params=["memory", "disk"], autouse=True)
def memory(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for memory, which has room or not."""
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setattr(module, "MEMORY", folder)
    monkeypatch.setattr(module, "SPARE", 0 if request.param == "memory" else 1 << 60)
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
        assert in_memory == (["a.png"] if module.SPARE == 0 else [])
        assert left(home.path) == ([] if in_memory else ["a.png"])
    assert left(home.path, memory) == []


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
