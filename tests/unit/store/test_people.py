"""A key proves for whom a program asks, until it or its account ends; a copy of the table proves nothing."""

from __future__ import annotations

import pytest

from rectoverso.store.home import Home
from rectoverso.store.people import People, Role
from stores import ON_BOTH

NOW = "2026-11-27T12:00:00Z"


@pytest.fixture
def people(keyed: Home) -> People:
    return keyed.people


@ON_BOTH
def test_a_key_tells_whose_it_is(people: People) -> None:
    assert not people.are_there()
    anna, ben = people.add("安娜", Role.MAKER, NOW), people.add("Ben", Role.ADMIN, NOW)
    key, token = people.issue(anna.id, NOW)
    _, other = people.issue(ben.id, NOW)
    assert people.known_by(token) == anna
    assert people.known_by(other) == ben
    assert people.keys(anna.id) == [key]
    assert {person.name for person in people.all()} == {"安娜", "Ben"}
    assert people.find(anna.id) == anna


def test_what_is_no_key_opens_nothing(people: People) -> None:
    anna = people.add("Anna", Role.ADMIN, NOW)
    key, token = people.issue(anna.id, NOW)
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    for other in ("", "rv_", wrong, token + "A", f"rv_{key.id}_", token.replace("rv_", "rw_"), f"{token}\n"):
        assert people.known_by(other) is None, other


def test_a_key_ends_with_itself_and_with_its_account(people: People) -> None:
    anna = people.add("Anna", Role.MAKER, NOW)
    first, one = people.issue(anna.id, NOW)
    _, two = people.issue(anna.id, NOW)
    assert not people.end_key("somebody-els", first.id, NOW)
    assert people.end_key(anna.id, first.id, NOW)
    assert not people.end_key(anna.id, first.id, NOW)
    assert people.known_by(one) is None
    assert people.known_by(one, is_proven=True) is None
    assert people.known_by(two) == anna
    assert people.end(anna.id, NOW)
    assert not people.end(anna.id, NOW)
    assert people.known_by(two) is None
    assert people.are_there(), "whoever asks may not do everything again"


def test_a_secret_is_kept_as_a_slow_hash(keyed: Home) -> None:
    anna = keyed.people.add("Anna", Role.MAKER, NOW)
    _, token = keyed.people.issue(anna.id, NOW)
    keyed.database.settle()
    kept = keyed.database_path.read_bytes()
    assert token.rsplit("_", 1)[1].encode() not in kept
    assert b"$argon2id$v=19$m=19456,t=2,p=1$" in kept
