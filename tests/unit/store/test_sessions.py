"""A session lasts as long as its time and its key; nothing in the table can be sent by a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.store.sessions import GRACE, LASTS, RENEWED_AFTER
from stores import ON_BOTH

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def key(keyed: Home) -> str:
    anna = keyed.people.add("Anna", Role.MAKER, NOW.isoformat())
    return keyed.people.issue(anna.id, NOW.isoformat())[0].id


def test_it_is_somebody_until_its_time(keyed: Home, key: str) -> None:
    token = keyed.sessions.begin(key, NOW)
    found = keyed.sessions.find(token, NOW)
    assert found
    assert (found.person.name, found.is_due) == ("Anna", False)
    assert keyed.sessions.find(token + "A", NOW) is None
    assert keyed.sessions.find(token, NOW + LASTS) is None


@ON_BOTH
def test_renewed_it_is_the_same_session(keyed: Home, key: str) -> None:
    old, later = keyed.sessions.begin(key, NOW), NOW + RENEWED_AFTER
    due = keyed.sessions.find(old, later)
    assert due
    assert due.is_due
    new = keyed.sessions.renew(old, later)
    assert new
    assert keyed.sessions.renew(old, later) is None
    assert keyed.sessions.find(old, later)
    assert keyed.sessions.find(old, later + GRACE) is None
    assert keyed.sessions.find(new, NOW + LASTS - timedelta(seconds=1))
    assert keyed.sessions.find(new, NOW + LASTS) is None, "not longer than it was begun for"
    keyed.sessions.end(new)
    assert keyed.sessions.find(old, later) is None
    assert keyed.sessions.find(new, later) is None


def test_it_ends_with_its_key_and_others_go_on(keyed: Home, key: str) -> None:
    anna = keyed.people.all()[0]
    other = keyed.people.issue(anna.id, NOW.isoformat())[0].id
    one, two = keyed.sessions.begin(key, NOW), keyed.sessions.begin(other, NOW)
    keyed.people.end_key(anna.id, key, NOW.isoformat())
    assert keyed.sessions.find(one, NOW) is None
    assert keyed.sessions.find(two, NOW)


def test_what_a_browser_sends_is_not_kept(keyed: Home, key: str) -> None:
    token = keyed.sessions.begin(key, NOW)
    keyed.database.settle()
    assert token.encode() not in keyed.database_path.read_bytes()
