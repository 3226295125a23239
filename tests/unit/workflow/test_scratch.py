"""Plain pictures lie in a home for as long as somebody works on them, however that ends."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from rectoverso.store.home import Home
from rectoverso.workflow.scratch import scratch


def test_a_folder_is_there_for_one_and_then_gone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with scratch(home) as folder, scratch(home) as other:
        (folder / "a.png").write_bytes(b"plain")
        assert folder != other
        assert folder.stat().st_mode & 0o077 == 0
        assert folder.is_relative_to(tmp_path)
    assert left(tmp_path) == []


def test_what_a_killed_process_left_the_next_one_removes_and_nothing_else(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with scratch(home) as mine:
        (mine / "mine.png").write_bytes(b"in use")
        process = os.fork()
        if process == 0:
            with scratch(home) as folder:
                (folder / "theirs.png").write_bytes(b"plain")
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(process, 0)
        assert left(tmp_path) == ["mine.png", "theirs.png"]
        with scratch(home):
            assert left(tmp_path) == ["mine.png"]


def left(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "working").rglob("*.png"))
