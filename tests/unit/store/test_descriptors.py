"""Descriptors are sealed, each for its own work and space."""

from __future__ import annotations

import pytest

from rectoverso.errors import RecordDamaged
from rectoverso.store.home import Home


@pytest.fixture
def filled(keyed: Home) -> Home:
    with keyed.database.transaction() as tx:
        keyed.descriptors.put(tx, "00000001", "manner/1", b"one")
        keyed.descriptors.put(tx, "00000002", "manner/1", b"two")
        keyed.descriptors.put(tx, "00000001", "a" * 64, b"weights")
    return keyed


def test_each_space_has_its_own(filled: Home) -> None:
    assert filled.descriptors.of("manner/1") == {"00000001": b"one", "00000002": b"two"}
    assert filled.descriptors.of("a" * 64) == {"00000001": b"weights"}
    assert filled.descriptors.of("b" * 64) == {}


def test_the_first_of_a_work_stays_and_removing_takes_all(filled: Home) -> None:
    with filled.database.transaction() as tx:
        filled.descriptors.put(tx, "00000001", "manner/1", b"other")
    assert filled.descriptors.of("manner/1")["00000001"] == b"one"
    with filled.database.transaction() as tx:
        filled.descriptors.remove(tx, "00000001")
    assert filled.descriptors.of("manner/1") == {"00000002": b"two"}
    assert filled.descriptors.of("a" * 64) == {}


def test_one_that_was_moved_to_another_work_does_not_open(filled: Home) -> None:
    with filled.database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE descriptors SET work = '00000003' WHERE work = '00000002'")
    with pytest.raises(RecordDamaged):
        filled.descriptors.of("manner/1")
