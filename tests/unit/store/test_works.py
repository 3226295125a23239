"""Works come back as they were kept, and their rows tell nobody anything."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import date

import pytest

from rectoverso.errors import RecordDamaged, TitleShared
from rectoverso.store.home import Home
from rectoverso.store.rights import Asked, Kind, Rights, State
from rectoverso.store.vault import Vault
from rectoverso.store.works import Work, called
from rectoverso.types import Digest
from stores import ON_BOTH

RIGHTS = Rights(
    "CC BY 4.0", "安娜@example.org", ("DE", "FR"), date(2020, 1, 2), date(2030, 3, 4), Asked.CREDIT, Kind.LOGO
)
DAY = date(2026, 11, 27)


@pytest.fixture
def home(keyed: Home) -> Home:
    return keyed


def work(title: str, added_at: str = "2026-01-01T00:00:00Z") -> Work:
    digest = Digest(hashlib.sha256(title.encode()).hexdigest())
    return Work(digest[:8], title, "Owner", digest, bytes(range(256)), b"\1" * 64, added_at)


def add(home: Home, *works: Work) -> list[bool]:
    with home.database.transaction() as tx:
        return [home.works.add(tx, each) for each in works]


@ON_BOTH
def test_a_work_comes_back_as_it_was_added_the_oldest_first(home: Home) -> None:
    later, earlier = work("later", "2026-02-01T00:00:00Z"), work("日落 🌅", "2026-01-01T00:00:00Z")
    plain = dataclasses.replace(work("plain"), fingerprint=b"", added_at="2026-03-01T00:00:00Z")
    rich = dataclasses.replace(
        earlier, rights=RIGHTS, state=State.DISPUTED, common=("11111111", "22222222"), expired=True
    )
    assert add(home, later, rich, plain) == [True, True, True]
    assert home.works.all() == [rich, later, plain]


@ON_BOTH
def test_the_same_file_is_registered_once(home: Home) -> None:
    first = work("title")
    again = dataclasses.replace(first, title="another title")
    assert add(home, first, again) == [True, False]
    assert home.works.all() == [first]


def test_a_work_is_called_by_its_id_or_title() -> None:
    works = [work("one"), work("two"), dataclasses.replace(work("two"), id="99999999")]
    assert called(works, "one") == works[0]
    assert called(works, works[1].id.upper()) == works[1]
    assert called(works, "three") is None
    with pytest.raises(TitleShared, match=f"{works[1].id}, 99999999"):
        called(works, "two")


@ON_BOTH
def test_what_is_said_of_a_work_changes_and_its_marks_tell(home: Home) -> None:
    add(home, work("one"), work("two"))
    before = home.works.marks()
    changed = dataclasses.replace(work("one"), state=State.VERIFIED)
    assert home.works.marks() == before
    with home.database.transaction() as tx:
        home.works.change(tx, changed)
    assert set(home.works.all()) == {changed, work("two")}
    assert len(set(before) & set(home.works.marks())) == 1


@ON_BOTH
def test_a_removed_work_is_gone(home: Home) -> None:
    add(home, work("one"), work("two"))
    with home.database.transaction() as tx:
        assert home.works.remove(tx, work("one").id)
        assert not home.works.remove(tx, work("one").id)
    assert home.works.all() == [work("two")]


@ON_BOTH
def test_common_pictures_are_kept_apart(home: Home) -> None:
    with home.database.transaction() as tx:
        assert home.commons.add(tx, work("texture"))
    assert (home.works.all(), home.commons.all()) == ([], [work("texture")])


@ON_BOTH
def test_two_files_with_one_beginning_get_two_ids(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Vault, "name", lambda _, digest: digest)
    one = Digest("abcdef01" + "2" * 56)
    other = Digest("abcdef01" + "3" * 56)
    add(home, dataclasses.replace(work("one"), id="abcdef01", file_digest=one))
    with home.database.transaction() as tx:
        assert (home.works.id_for(tx, one), home.works.id_for(tx, other)) == ("abcdef01", "bcdef013")
        assert home.works.id_for(tx, Digest("9" * 64)) == "99999999"


@ON_BOTH
def test_an_id_does_not_tell_the_file(home: Home) -> None:
    digest = work("one").file_digest
    with home.database.transaction() as tx:
        assert home.works.id_for(tx, digest) not in digest


@ON_BOTH
def test_a_name_that_is_no_text_is_stored_escaped(home: Home) -> None:
    add(home, dataclasses.replace(work("x"), title="caf\udce9.png"))
    assert [each.title for each in home.works.all()] == ["caf\\udce9.png"]


def test_nothing_of_a_work_lies_open(home: Home) -> None:
    rich = dataclasses.replace(work("The Harbour"), owner="Anna Muster", rights=RIGHTS)
    add(home, rich)
    home.close()
    everything = b"".join(path.read_bytes() for path in home.path.glob("verso.sqlite3*"))
    secrets = ("Harbour", "Muster", "安娜", "CC BY", rich.file_digest, rich.file_digest[:12])
    assert not any(secret.encode() in everything for secret in secrets)
    assert rich.fingerprint[:64] not in everything
    assert rich.small not in everything


@ON_BOTH
@pytest.mark.parametrize(
    "change",
    [
        "facts = (SELECT facts FROM works ORDER BY id LIMIT 1)",
        "prints = facts",
        "facts = 'Berta'",
        "prints = ''",
    ],
)
def test_a_row_that_was_tampered_with_raises(home: Home, change: str) -> None:
    add(home, work("one"), work("two"))
    with home.database.transaction() as tx:
        tx.connection.exec_driver_sql(f"UPDATE works SET {change}")
    with pytest.raises(RecordDamaged, match="works/"):
        home.works.all()


@pytest.mark.parametrize(
    ("rights", "state", "is_compared"),
    [
        (Rights(), State.ASSERTED, True),
        (Rights(), State.DISPUTED, True),
        (Rights(), State.WITHDRAWN, False),
        (Rights(until=DAY), State.VERIFIED, True),
        (Rights(until=date(2026, 11, 26)), State.VERIFIED, False),
        (Rights(since=DAY), State.ASSERTED, True),
        (Rights(since=date(2026, 11, 28)), State.ASSERTED, False),
        (RIGHTS, State.ASSERTED, True),
        (RIGHTS, State.WITHDRAWN, False),
    ],
)
def test_a_work_is_compared_between_its_days_unless_withdrawn(
    rights: Rights, state: State, is_compared: bool
) -> None:
    assert dataclasses.replace(work("x"), rights=rights, state=state).is_compared(DAY) is is_compared


def test_rights_come_back_from_json() -> None:
    assert Rights.of(RIGHTS.plain()) == RIGHTS
    assert Rights.of(Rights().plain()) == Rights()
