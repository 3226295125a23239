"""While pictures of works are opened, which may take hours, others may be at the door; and what they change counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rectoverso.errors import FilesUnusable, WorkCommon
from rectoverso.store.home import Home
from rectoverso.verso.picture import read_bytes
from rectoverso.verso.registry import offers
from rectoverso.workflow.registry import add_commons, add_works, list_works


def while_reading(monkeypatch: pytest.MonkeyPatch, file: Path, happens: Callable[[], object]) -> None:
    """The first time that this file is read, something else happens too."""
    left = [happens]

    def read(path: Path) -> bytes:
        if path == file and left:
            left.pop()()
        return read_bytes(path)

    monkeypatch.setattr(offers, "read_bytes", read)


def test_the_door_is_free_while_pictures_are_opened(
    home: Path, picture: Callable[[str, int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pass_by() -> None:
        with Home.open(home).lock(0.1):
            pass

    work, common = picture("work.png", 1), picture("common.png", 2)
    while_reading(monkeypatch, work, pass_by)
    assert len(add_works([work], home).works) == 1
    while_reading(monkeypatch, common, pass_by)
    assert len(add_commons([common], home)[0]) == 1


def test_a_picture_that_became_common_meanwhile_is_not_entered(
    home: Path, picture: Callable[[str, int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    work, same = picture("work.png", 1), picture("same.png", 1)
    while_reading(monkeypatch, work, lambda: add_commons([same], home))
    with pytest.raises(WorkCommon):
        add_works([work], home)
    assert list_works(home) == []


def test_a_work_that_came_meanwhile_is_marked_by_a_common_picture(
    home: Path, picture: Callable[[str, int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    work, same = picture("work.png", 1), picture("same.png", 1)
    while_reading(monkeypatch, same, lambda: add_works([work], home))
    (common,), (marked,) = add_commons([same], home)
    assert marked.common == (common.id,)
    assert list_works(home) == [marked]


def test_a_catalogue_in_the_place_of_a_picture_is_told_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / "works.csv").write_text("file,title\n")
    with pytest.raises(FilesUnusable, match="--catalogue"):
        add_works([tmp_path / "works.csv"], tmp_path / "home")
    assert not (tmp_path / "home").exists(), "nothing was made for it"
