from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from rectoverso.errors import HomeBusy, HomeDamaged, HomeNotPermitted
from rectoverso.store.home import Home
from rectoverso.store.sqlite import SqliteDatabase
from stores import ON_BOTH


@ON_BOTH
def test_a_transaction_that_raises_leaves_nothing(home: Home) -> None:
    def fail() -> None:
        with home.database.transaction() as tx:
            home.log.add_entries(tx, {0: b"body"})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with home.database.read() as tx:
        assert home.log.size(tx) == 0


@ON_BOTH
def test_a_reader_sees_one_moment_and_keeps_no_writer_waiting(home: Home) -> None:
    with home.database.read() as reading:
        assert home.log.size(reading) == 0
        with home.database.transaction() as tx:
            home.log.add_entries(tx, {0: b"body"})
        assert home.log.size(reading) == 0
    with home.database.read() as reading:
        assert home.log.size(reading) == 1


@ON_BOTH
def test_writers_take_their_turn_from_the_start(home: Home) -> None:
    """Both read the size and then write; were the turn taken at the first write, one of them would fail."""

    def add() -> None:
        for _ in range(10):
            with home.database.transaction() as tx:
                home.log.add_entries(tx, {home.log.size(tx): b"body"})

    with ThreadPoolExecutor(3) as writers:
        for done in [writers.submit(add) for _ in range(3)]:
            done.result()
    with home.database.read() as tx:
        assert home.log.size(tx) == 30


def test_a_writer_that_holds_too_long_is_reported_as_busy(home: Home) -> None:
    impatient = SqliteDatabase(home.database_path, wait_s=0.05)
    with home.database.transaction(), pytest.raises(HomeBusy), impatient.transaction():
        pass
    impatient.close()


def test_commits_are_flushed_to_the_disk(home: Home) -> None:
    with home.database.read() as tx:
        assert tx.connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert tx.connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_file_that_is_no_database_is_damage_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"this is not a database, it is a letter" * 100)
    with pytest.raises(HomeDamaged, match="not a database"), SqliteDatabase(tmp_path / "db").read() as tx:
        tx.connection.exec_driver_sql("SELECT * FROM entries")


def test_a_database_that_cannot_be_opened_is_a_matter_of_permission(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "missing" / "db")
    with pytest.raises(HomeNotPermitted, match="unable to open"), database.transaction():
        pass


def test_a_read_only_database_is_a_matter_of_permission(home: Home) -> None:
    with home.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(HomeNotPermitted, match="readonly"), home.database.transaction() as tx:
        home.log.add_entries(tx, {0: b"body"})


def test_a_table_that_vanished_is_damage(home: Home) -> None:
    with sqlite3.connect(home.database_path) as raw:
        raw.execute("DROP TABLE works")
    raw.close()
    with pytest.raises(HomeDamaged, match="no such table"):
        home.works.all()


@ON_BOTH
def test_breaking_a_rule_of_the_tables_stays_visible_as_such(home: Home) -> None:
    with home.database.transaction() as tx:
        home.log.add_entries(tx, {0: b"body"})
    with pytest.raises(sa.exc.IntegrityError), home.database.transaction() as tx:
        home.log.add_entries(tx, {0: b"other"})


def test_what_was_erased_is_said_to_be_in_the_log_while_somebody_goes_on_reading(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "verso.sqlite3", wait_s=0.1)
    database.prepare()
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("CREATE TABLE kept (value TEXT)")
        tx.connection.exec_driver_sql("INSERT INTO kept VALUES ('Anna Muster')")
    with database.read() as reading:
        reading.connection.exec_driver_sql("SELECT * FROM kept").all()
        with database.transaction() as tx:
            tx.connection.exec_driver_sql("DELETE FROM kept")
        with pytest.raises(HomeBusy):
            database.settle()
    database.settle()
    assert not any(b"Muster" in path.read_bytes() for path in tmp_path.iterdir())
    database.close()


@ON_BOTH
def test_it_is_told_for_little_whether_somebody_has_written(home: Home) -> None:
    """By a file; a server says that it does not know."""
    first = home.database.writings()
    if home.database.server() is not None:
        assert first is None
        return
    with home.database.read():
        pass
    assert home.database.writings() == first
    with home.database.transaction() as tx:
        tx.connection.exec_driver_sql("INSERT INTO openings VALUES ('c', x'07')")
    second = home.database.writings()
    assert second != first
    home.database.close()
    assert home.database.writings() == home.database.writings() is not None


def test_what_is_asked_of_one_file_is_compiled_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each is answered by its own rows."""
    one, other = Home.open(tmp_path / "one"), Home.open(tmp_path / "other")
    with one.database.transaction() as tx:
        one.log.add_entries(tx, {0: b"of one", 1: b"of one too"})
    with one.database.read() as tx:
        assert one.log.entry(tx, 0) == b"of one"
    monkeypatch.setattr(sa.sql.compiler.SQLCompiler, "__init__", None)  # nothing can be compiled any more
    with other.database.transaction() as tx:
        other.log.add_entries(tx, {0: b"of the other"})
    for home, body in ((one, b"of one"), (other, b"of the other")):
        with home.database.read() as tx:
            assert home.log.entry(tx, 0) == body
