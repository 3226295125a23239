"""What lies open in memory goes with the process that opened it, however that ends, and nobody else's goes with it."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from rectoverso.store import memory as module
from rectoverso.store.home import Home
from rectoverso.store.memory import clear_memory, folder_in_memory, left_by_others
from rectoverso.workflow import doctor
from rectoverso.workflow.scratch import scratch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no file system in memory")
ROOT = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root is another user at will")
NOBODY = 65534


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that stands for memory, where everybody may write."""
    folder = Path(tempfile.mkdtemp(prefix="rv-memory-"))
    folder.chmod(0o1777)
    monkeypatch.setattr(module, "MEMORY", folder)
    yield folder
    shutil.rmtree(folder)


def killed(act: Callable[[], object]) -> None:
    """A process that comes to the end of ``act`` and is killed, or raises."""
    process = os.fork()
    if process == 0:
        try:
            act()
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(process, 0)[1]) == signal.SIGKILL


def entered(block: AbstractContextManager[Path], held: ExitStack = ExitStack()) -> Path:  # noqa: B008 - one a process
    """A block that this process is in from now on."""
    return held.enter_context(block)


def open_in_memory() -> None:
    folder = entered(folder_in_memory())
    (folder / "deep").mkdir()
    (folder / "deep" / "a.png").write_bytes(b"plain")


def as_nobody(act: Callable[[], object]) -> Callable[[], object]:
    def other() -> object:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        return act()

    return other


def left(memory: Path) -> int:
    return len(list(memory.iterdir()))


def test_a_folder_is_closed_to_others_and_gone_at_the_end(memory: Path) -> None:
    with folder_in_memory() as folder:
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "a.png").write_bytes(b"plain")
    assert left(memory) == 0


def test_who_has_one_leaves_no_dump_when_it_crashes() -> None:
    """Where the system would write one, as it does in containers."""
    process = os.fork()
    if process == 0:
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))
        open_in_memory()
        os._exit(int(resource.getrlimit(resource.RLIMIT_CORE)[0] not in (0, 1)))
    assert os.waitpid(process, 0)[1] == 0
    assert clear_memory() == 1


def test_what_a_killed_process_left_is_cleared_and_what_a_living_one_uses_is_not(memory: Path) -> None:
    with folder_in_memory() as mine:
        killed(open_in_memory)
        killed(open_in_memory)
        assert (left(memory), clear_memory(), clear_memory()) == (3, 2, 0)
        assert list(memory.iterdir()) == [mine]
        process = os.fork()
        if process == 0:  # also where a living process is asked by another
            os._exit(clear_memory())
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def test_a_child_that_outlives_its_parent_does_not_keep_what_that_had() -> None:
    """A process of a decoder may go on for a while when its maker is killed."""
    reader, writer = os.pipe()

    def with_a_child() -> None:
        open_in_memory()
        if os.fork() == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)

    killed(with_a_child)
    os.close(reader)
    assert clear_memory() == 1
    os.close(writer)


def test_any_home_that_is_opened_clears_what_is_left_of_another_that_is_gone(
    memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rectoverso.workflow.scratch.has_room", lambda _room: True)
    gone = Home.open(tmp_path / "gone")

    def work() -> None:
        folder = entered(scratch(gone))
        (folder / "a.png").write_bytes(b"plain")
        shutil.rmtree(gone.path)

    gone.close()
    killed(work)
    assert len(list(memory.rglob("a.png"))) == 1
    Home.open(tmp_path / "another").close()
    assert left(memory) == 0


def test_a_home_that_is_removed_under_a_living_process_leaves_nothing_either(
    memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rectoverso.workflow.scratch.has_room", lambda _room: True)
    home = Home(tmp_path / "home")
    home.path.mkdir()
    with scratch(home) as folder:
        (folder / "a.png").write_bytes(b"plain")
        shutil.rmtree(home.path)
    assert left(memory) == 0


def test_who_makes_one_while_another_clears_gets_one_that_stays(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its making and its lock it looks as if it were nobody's."""
    locked, times = module.locked, iter([True, True, False])

    def cleared_first(place: Path) -> object:
        if next(times):
            monkeypatch.setattr(module, "locked", locked)
            assert clear_memory() == 1
            monkeypatch.setattr(module, "locked", cleared_first)
        return locked(place)

    monkeypatch.setattr(module, "locked", cleared_first)
    with folder_in_memory() as folder:
        assert list(memory.iterdir()) == [folder]
        assert clear_memory_again(monkeypatch, locked) == 0


def clear_memory_again(monkeypatch: pytest.MonkeyPatch, locked: object) -> int:
    monkeypatch.setattr(module, "locked", locked)
    return clear_memory()


def test_no_name_of_a_strangers_leads_to_what_is_removed(memory: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.png").write_bytes(b"mine")
    (memory / f"{module._NAME}link").symlink_to(tmp_path / "mine")
    (memory / f"{module._NAME}file").write_bytes(b"somebody's")
    (memory / "rectoverso").mkdir()
    killed(lambda: (entered(folder_in_memory()) / "link").symlink_to(tmp_path / "mine"))
    assert clear_memory() == 1
    assert (left(memory), (tmp_path / "mine" / "a.png").read_bytes()) == (3, b"mine")


@ROOT
def test_what_others_left_stays_theirs_and_root_is_told(memory: Path) -> None:
    killed(as_nobody(open_in_memory))
    killed(open_in_memory)
    assert [row.message.key for row in doctor._left()] == ["doctor.left", "doctor.left_by_others"]
    assert (clear_memory(), left_by_others(), left(memory)) == (0, 1, 1)
    killed(as_nobody(lambda: clear_memory() == left_by_others() + 1 or os._exit(1)))
    assert [*doctor._left()] == []
    assert left(memory) == 0


@ROOT
def test_what_another_user_works_on_is_not_told_of(memory: Path) -> None:
    (begun, says), (hears, end) = os.pipe(), os.pipe()

    def work() -> None:
        with folder_in_memory():
            os.write(says, b".")
            os.close(end)
            os.read(hears, 1)

    process = os.fork()
    if process == 0:
        try:
            as_nobody(work)()
        finally:
            os._exit(0)
    os.read(begun, 1)
    assert (left(memory), left_by_others(), clear_memory()) == (1, 0, 0)
    os.close(end)
    os.waitpid(process, 0)
    assert left(memory) == 0
