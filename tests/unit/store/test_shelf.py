"""What stands on a shelf is sealed, and anything that was tampered with is as if it were not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rectoverso.store.shelf import Shelf
from rectoverso.store.vault import Cipher


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "points", lambda _name: Cipher(b"k" * 32))


def test_what_was_put_there_is_read_and_the_last_counts(shelf: Shelf) -> None:
    assert shelf.read("ab") is None
    for data in (b"first", b"second"):
        shelf.put("ab", data)
    assert shelf.read("ab") == b"second"


def test_nothing_of_it_can_be_read_in_the_file(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("ab", b"what points say" * 9)
    assert b"what points say" not in (tmp_path / "points" / "ab").read_bytes()


def test_what_was_changed_moved_or_sealed_elsewhere_is_nothing(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("ab", b"data")
    file = tmp_path / "points" / "ab"
    (tmp_path / "points" / "cd").write_bytes(file.read_bytes())
    assert shelf.read("cd") is None
    assert Shelf(tmp_path / "points", lambda _name: Cipher(b"x" * 32)).read("ab") is None
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    assert shelf.read("ab") is None


def test_removing_is_no_mistake_where_nothing_is(shelf: Shelf) -> None:
    shelf.remove("ab")
    shelf.put("ab", b"data")
    shelf.remove("ab")
    assert shelf.read("ab") is None


def test_a_folder_that_cannot_be_written_to_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "points").write_bytes(b"a file in its place")
    shelf = Shelf(tmp_path / "points", lambda _name: Cipher(b"k" * 32))
    shelf.put("ab", b"data")
    assert shelf.read("ab") is None
