"""While pictures of works are opened, which may take hours, others may be at the door; and what they change counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from command import code_of
from rectoverso.errors import BadSetting, FilesUnusable, WorkCommon
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


def test_what_would_be_said_to_nobody_is_refused(tmp_path: Path, picture: Callable[[str, int], Path]) -> None:
    """Whoever gives an owner beside a catalogue means its works; its own column says who owns them."""
    catalogue = tmp_path / "works.csv"
    catalogue.write_text(f"file\n{picture('work.png', 1).name}\n")
    with pytest.raises(BadSetting, match=r"--owner, --kind .*Only a catalogue"):
        add_works([], tmp_path / "home", catalogue=catalogue, owner="Museum", title=None, kind="logo")
    with pytest.raises(BadSetting, match="Nothing was given"):
        add_works([], tmp_path / "home")
    assert not (tmp_path / "home").exists(), "nothing was made for it"
    both = add_works([picture("other.png", 2)], tmp_path / "home", catalogue=catalogue, owner="Museum")
    assert [work.owner for work in both.works] == ["", "Museum"]


def test_a_work_that_stands_for_somebody_else_is_told(
    home: Path, picture: Callable[[str, int], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody may have been there first, asking for less: the owner has to hear of it."""
    work, other = picture("work.png", 1), picture("other.png", 2)
    add_works([work], home, owner="Thief & Co", asked="credit")
    again = add_works([work, other], home, owner="Museum")
    (stays,) = again.contested
    assert again.known == {stays}
    assert {kept.owner for kept in again.works if kept.id == stays} == {"Thief & Co"}
    assert add_works([work], home).contested == frozenset(), "nobody was named"
    assert add_works([work], home, owner="Thief & Co").contested == frozenset()
    assert code_of("registry", "add", work, "--owner", "Museum", "--home", home) == 0
    assert "Registered for another owner (Thief & Co): 1." in capsys.readouterr().out


def test_works_that_are_not_compared_are_not_said_to_be(
    home: Path, picture: Callable[[str, int], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    add = ("registry", "add", "--home", home)
    assert code_of(*add, picture("past.png", 1), "--until", "2021-01-01") == 0
    assert code_of(*add, picture("to-come.png", 2), "--from", "2199-01-01") == 0
    told = capsys.readouterr().out
    assert "past  (-)  not compared any more: asserted, until 2021-01-01" in told
    assert "to-come  (-)  not compared yet: asserted, from 2199-01-01" in told
