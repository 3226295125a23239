"""What a curation knows lies beside its results and nowhere else: in a service that is memory, for it is under seal."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from rectoverso.store.curation import Curation, copy_state

PICTURES = 1200


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite3"


def looked(state: Path) -> Curation:
    """More than SQLite keeps in its cache."""
    curation = Curation(state)
    curation.begin("stamp")
    prints = (os.urandom(32), os.urandom(256), os.urandom(1024))
    rights = {"rights": {"owner": "Wilhelmina Ohnesorg " * 120}}
    curation.keep_looks((place, f"{place}.png", rights, None, prints) for place in range(PICTURES))
    return curation


@pytest.mark.skipif(sys.platform != "linux", reason="tells open files by /proc")
def test_to_forget_the_prints_writes_no_file_elsewhere_and_gives_their_room_back(state: Path) -> None:
    curation, files = looked(state), set[str]()

    def look() -> int:
        for handle in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                files.add(str(handle.readlink()))
        return 0

    size = state.stat().st_size
    curation._db.set_progress_handler(look, 500)
    curation.forget_prints()
    assert str(state) in files
    assert [file for file in files if "etilqs" in file] == []
    assert size - state.stat().st_size > PICTURES * 1024
    assert curation.looked_at() == PICTURES
    curation.close()


def test_a_copy_is_whole_and_gives_room_back_too(state: Path) -> None:
    curation, copy = looked(state), state.with_name("copy")
    copy_state(state, copy)
    curation.close()
    brought = Curation(copy)
    before = copy.stat().st_size
    brought.forget_prints()
    assert copy.stat().st_size < before
    assert [row.place for row in brought.rows()] == list(range(PICTURES))
    brought.close()
