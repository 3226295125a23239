from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa

from rectoverso.store.home import Home
from rectoverso.store.log import _among, _numbered
from stores import ON_BOTH


def fill(home: Home, count: int) -> None:
    with home.database.transaction() as tx:
        for seq in range(count):
            home.log.add_entries(tx, {seq: b"entry %d" % seq})
            home.log.add_nodes(tx, {(0, seq): b"hash %d" % seq})
            home.log.add_checkpoint(tx, seq + 1, b"note %d" % (seq + 1))


@ON_BOTH
def test_rows_come_back_as_they_were_added(home: Home) -> None:
    fill(home, 5)
    log = home.log
    with home.database.read() as tx:
        assert (log.size(tx), log.entry_count(tx, below=9), log.node_count(tx)) == (5, 5, 5)
        assert log.entry_count(tx, below=3) == 3
        assert (log.entry(tx, 3), log.entry(tx, 9)) == (b"entry 3", None)
        assert log.entries(tx, 1, 3) == {1: b"entry 1", 2: b"entry 2"}
        assert log.nodes(tx, [(0, 4), (7, 7)]) == {(0, 4): b"hash 4"}
        assert log.nodes_between(tx, 0, 3, 9) == {3: b"hash 3", 4: b"hash 4"}
        assert (log.checkpoint(tx, 2), log.checkpoint(tx, 0)) == (b"note 2", None)
        assert log.latest_checkpoint(tx) == (5, b"note 5")
        assert log.checkpoints(tx, 4, 9) == {4: b"note 4", 5: b"note 5"}
        assert (log.stray_entries(tx, 4), log.stray_checkpoints(tx, 4)) == ([4], [5])


@ON_BOTH
@pytest.mark.parametrize("number", [-1, 5, 2**31, 2**40, 10**30])
def test_of_a_number_that_none_has_there_is_none(home: Home, number: int) -> None:
    fill(home, 5)
    with home.database.read() as tx:
        assert home.log.entry(tx, number) is None
        assert number == 5 or home.log.checkpoint(tx, number) is None


@ON_BOTH
def test_many_nodes_are_fetched_at_once(home: Home) -> None:
    fill(home, 500)
    with home.database.read() as tx:
        assert len(home.log.nodes(tx, [(0, at) for at in range(500)])) == 500


def test_nodes_are_looked_up_and_not_searched_for(home: Home) -> None:
    """An entry must not cost more because there are many."""
    with home.database.read() as tx:
        plan = tx.connection.execute(
            sa.text(f"EXPLAIN QUERY PLAN {_among(3)}"), _numbered([(0, 1), (1, 2), (2, 3)])
        )
        steps = [row[3] for row in plan]
    assert sum("SEARCH" in step for step in steps) == 3
    assert not any("SCAN" in step for step in steps)


@ON_BOTH
def test_an_empty_log_has_no_size_and_no_checkpoint(home: Home) -> None:
    with home.database.read() as tx:
        assert (home.log.size(tx), home.log.latest_checkpoint(tx), home.log.nodes(tx, [])) == (0, None, {})


@ON_BOTH
@pytest.mark.parametrize(
    ("table", "column"), [("entries", "seq"), ("nodes", "position"), ("checkpoints", "size")]
)
@pytest.mark.parametrize("verb", ["DELETE FROM {0}", "UPDATE {0} SET {1} = {1} + 100"])
def test_the_database_itself_refuses_to_change_a_row(home: Home, table: str, column: str, verb: str) -> None:
    fill(home, 2)
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), home.database.transaction() as tx:
        tx.connection.exec_driver_sql(verb.format(table, column))


@pytest.mark.parametrize(("value", "read"), [("'text'", b"text"), ("42", b"42"), ("X'00ff'", b"\x00\xff")])
def test_a_value_of_another_type_reads_as_bytes(home: Home, value: str, read: bytes) -> None:
    """SQLite lets an intruder put any type anywhere; the check must be able to look at it."""
    with sqlite3.connect(home.database_path) as raw:
        raw.execute(f"INSERT INTO entries VALUES (0, {value})")
    raw.close()
    with home.database.read() as tx:
        assert home.log.entry(tx, 0) == read
