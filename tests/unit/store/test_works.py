from __future__ import annotations

import dataclasses
import hashlib

from rectoverso.store.home import Home
from rectoverso.store.works import Work
from rectoverso.types import Digest


def work(title: str, added_at: str = "2026-01-01T00:00:00Z") -> Work:
    digest = Digest(hashlib.sha256(title.encode()).hexdigest())
    return Work(digest[:8], title, "Owner", digest, bytes(range(256)), b"\1" * 64, added_at)


def add(home: Home, *works: Work) -> list[bool]:
    with home.database.transaction() as tx:
        return [home.works.add(tx, each) for each in works]


def test_a_work_comes_back_as_it_was_added_the_oldest_first(home: Home) -> None:
    later, earlier = work("later", "2026-02-01T00:00:00Z"), work("日落 🌅", "2026-01-01T00:00:00Z")
    assert add(home, later, earlier) == [True, True]
    assert home.works.all() == [earlier, later]


def test_the_same_file_is_registered_once(home: Home) -> None:
    first = work("title")
    again = dataclasses.replace(first, title="another title")
    assert add(home, first, again) == [True, False]
    assert home.works.all() == [first]


def test_a_work_is_found_by_id_and_by_title(home: Home) -> None:
    add(home, work("one"), work("two"))
    assert home.works.find("one") == work("one")
    assert home.works.find(work("two").id.upper()) == work("two")
    assert home.works.find("three") is None


def test_a_removed_work_is_gone(home: Home) -> None:
    add(home, work("one"), work("two"))
    with home.database.transaction() as tx:
        assert home.works.remove(tx, work("one").id)
        assert not home.works.remove(tx, work("one").id)
    assert home.works.all() == [work("two")]


def test_two_files_with_one_beginning_get_two_ids(home: Home) -> None:
    one = Digest("abcdef01" + "2" * 56)
    other = Digest("abcdef01" + "3" * 56)
    add(home, dataclasses.replace(work("one"), id=home.works.id_for(one), file_digest=one))
    assert (home.works.id_for(one), home.works.id_for(other)) == ("abcdef01", "bcdef013")
    assert home.works.id_for(Digest("9" * 64)) == "99999999"


def test_a_name_that_is_no_text_is_stored_escaped(home: Home) -> None:
    add(home, dataclasses.replace(work("x"), title="caf\udce9.png"))
    assert [each.title for each in home.works.all()] == ["caf\\udce9.png"]
