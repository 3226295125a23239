"""What a server adds: other processes, connections that are cut, a server that is away. Nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from rectoverso.errors import HomeBusy, HomeDamaged, HomeForeign, HomeNotPermitted, HomeUnreachable
from rectoverso.store.address import FILE
from rectoverso.store.home import Home
from rectoverso.store.postgres import _DOOR, PostgresDatabase
from rectoverso.store.tables import data_keys, openings
from rectoverso.store.traces import _AT_ONCE
from stores import Server

pytestmark = pytest.mark.parametrize("kind", ["postgres"], indirect=True)

APPEND = """
import sys
from pathlib import Path
from rectoverso.store.home import Home
home = Home.open(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(50):
    with home.database.transaction() as tx:
        home.log.add_entries(tx, {home.log.size(tx): sys.argv[2].encode()})
"""
STOP_MIDWAY = """
import sys, time
from pathlib import Path
from rectoverso.store.home import Home
home = Home.open(Path(sys.argv[1]))
with home.lock(), home.database.transaction() as tx:
    home.log.add_entries(tx, {0: b"half"})
    print("written", flush=True)
    time.sleep(60)
"""
FORK = """
import os, sys, time
from pathlib import Path
from rectoverso.store.home import Home
home = Home.open(Path(sys.argv[1]))
with home.lock():
    child = os.fork()
    if child:
        print(child, flush=True)
    time.sleep(60)
"""


def process(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    asked = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def entries(home: Home) -> dict[int, bytes]:
    with home.database.read() as tx:
        return home.log.entries(tx, 0, 1000)


def add(home: Home, body: bytes) -> None:
    with home.database.transaction() as tx:
        home.log.add_entries(tx, {home.log.size(tx): body})


def test_what_two_processes_append_is_all_there_and_once(home: Home) -> None:
    writers = [process(APPEND, home.path, name) for name in ("one", "two")]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    assert [writer.wait(120) for writer in writers] == [0, 0]
    kept = entries(home)
    assert list(kept) == list(range(100))
    assert sorted(kept.values()) == [b"one"] * 50 + [b"two"] * 50


def test_of_a_writer_killed_midway_nothing_is_left_and_its_turn_and_the_door_are_free(home: Home) -> None:
    writer = process(STOP_MIDWAY, home.path)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"written\n"
    with pytest.raises(HomeBusy, match="waited 0 s"), home.lock(0.2):
        pass
    writer.kill()
    writer.communicate()
    with home.lock(10):
        assert entries(home) == {}
        add(home, b"whole")
    assert entries(home) == {0: b"whole"}


def test_of_what_was_erased_the_servers_files_have_nothing_left(home: Home, postgres: Server) -> None:
    """Neither in tables nor in what its planner keeps of them. Its write-ahead log is the administrator's."""
    name, gone = home.database.engine.url.database, ["0", "7", "39"]
    keys = {f"{number}": b"key %02d" % number * 6 for number in range(40)}
    rows = [{"kind": "assets", "name": row, "wrapping": 1, "wrapped": key} for row, key in keys.items()]
    with home.database.transaction() as tx:
        tx.connection.execute(data_keys.insert(), rows)
    postgres.run("ANALYZE", name)
    with home.database.transaction() as tx:
        tx.connection.execute(data_keys.delete().where(data_keys.c.name.in_(gone)))
    postgres.run("VACUUM (FULL) data_keys", name)
    assert all(files_with(postgres, keys[row]) for row in gone), "the planner's samples have them"
    home.database.settle()
    assert [files_with(postgres, keys[row]) for row in gone] == [[], [], []]
    assert files_with(postgres, keys["8"])


def files_with(server: Server, secret: bytes) -> list[str]:
    """The files of the server's databases in which it stands."""
    server.run("CHECKPOINT")
    files = (file for file in (server.folder / "data" / "base").rglob("*") if file.is_file())
    return [file.name for file in files if secret in file.read_bytes()]


def test_while_somebody_reads_as_it_was_before_it_is_not_said_to_be_erased(
    home: Home, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup by the server's own tools, which has not come to that table yet."""
    import psycopg

    add(home, b"read")
    with home.database.transaction() as tx:
        tx.connection.execute(openings.insert().values(commitment="c", sealed=b"nobody's any more"))
    with psycopg.connect(postgres.url(str(home.database.engine.url.database))) as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM entries")
        with home.database.transaction() as tx:
            tx.connection.execute(openings.delete())
        monkeypatch.setattr(home.database, "wait_s", 0.1)
        with pytest.raises(HomeBusy):
            home.database.settle()
        assert files_with(postgres, b"nobody's any more")
    home.database.settle()
    assert files_with(postgres, b"nobody's any more") == []


def test_a_forked_child_does_not_keep_the_door_shut(home: Home) -> None:
    parent = process(FORK, home.path)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        parent.kill()
        parent.wait()
        with home.lock(10):
            os.kill(child, 0)  # it is still there
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()


def test_a_connection_cut_in_a_transaction_is_told_and_nothing_of_it_stays(
    home: Home, postgres: Server
) -> None:
    def cut() -> None:
        with home.database.transaction() as tx:
            home.log.add_entries(tx, {0: b"lost"})
            assert postgres.lose()
            home.log.add_entries(tx, {1: b"lost"})

    with pytest.raises(HomeUnreachable, match="nothing is decided twice"):
        cut()
    add(home, b"again")  # the next one finds a new connection by itself
    assert entries(home) == {0: b"again"}


def test_idle_connections_that_were_cut_are_replaced_unseen(home: Home, postgres: Server) -> None:
    add(home, b"one")
    assert postgres.lose()
    add(home, b"two")
    assert entries(home) == {0: b"one", 1: b"two"}


def test_whoever_lost_the_door_can_write_no_more(home: Home, postgres: Server) -> None:
    """The server gives the door to the next at once; the old holder must not write beside it."""
    second = Home.open(home.path)

    def at_the_door() -> None:
        with home.lock():
            add(home, b"first")
            postgres.lose()
            with second.lock(10):
                add(second, b"second")
            with pytest.raises(HomeUnreachable):
                add(home, b"beside it")
            add(home, b"beside it, tried again")

    with pytest.raises(HomeUnreachable):
        at_the_door()
    add(home, b"third")
    assert list(entries(home).values()) == [b"first", b"second", b"third"]
    second.close()


def test_threads_take_turns_at_the_door_and_others_may_write_meanwhile(home: Home) -> None:
    def at_the_door() -> None:
        with home.lock(30):
            add(home, b"door")
            time.sleep(0.05)
            add(home, b"door")

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(work) for work in (at_the_door, lambda: add(home, b"else")) * 3]:
            done.result()
    assert sorted(entries(home).values()) == [b"door"] * 6 + [b"else"] * 3


def test_a_thread_beside_the_door_does_not_take_its_connection_from_who_is_there(
    home: Home, postgres: Server
) -> None:
    """What is written at the door goes through the connection that holds it, or is not written."""
    second = Home.open(home.path)
    begun, ended = threading.Event(), threading.Event()

    def beside() -> None:
        with suppress(HomeUnreachable), home.database.transaction() as tx:
            begun.set()
            ended.wait(30)
            home.log.add_entries(tx, {home.log.size(tx): b"beside"})

    def at_the_door() -> None:
        with home.lock():
            held = postgres.run(f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = {_DOOR}")
            with ThreadPoolExecutor(2) as threads:
                threads.submit(beside)
                begun.wait(30)
                mine = threads.submit(add, home, b"at the door")
                time.sleep(0.5)
                postgres.run(f"SELECT pg_terminate_backend({held[0][0]}, 5000)")
                with second.lock(10):
                    ended.set()
                    mine.result()

    with pytest.raises(HomeUnreachable):
        at_the_door()
    assert b"at the door" not in entries(home).values()
    second.close()


def test_turns_are_kept_whatever_isolation_the_server_begins_with(home: Home, postgres: Server) -> None:
    """With a snapshot from before the wait, the second would number its entry as the first did."""
    name = home.database.engine.url.database
    postgres.run(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    home.close()
    begun = threading.Event()

    def first() -> None:
        with home.database.transaction() as tx:
            begun.set()
            time.sleep(0.5)
            home.log.add_entries(tx, {home.log.size(tx): b"first"})

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(first)
        begun.wait(30)
        add(home, b"second")
        done.result()
    assert entries(home) == {0: b"first", 1: b"second"}


def test_a_writer_that_holds_too_long_is_reported_as_busy(home: Home) -> None:
    impatient = PostgresDatabase(home.database.engine.url, home=home.path, wait_s=0.05)
    with home.database.transaction(), pytest.raises(HomeBusy), impatient.transaction():
        pass
    impatient.close()


def test_a_server_that_is_away_is_told_without_a_password(home: Home, tmp_path: Path) -> None:
    away = sa.make_url(f"postgresql://anna:hunter2@/verso?host={tmp_path}")
    with pytest.raises(HomeUnreachable) as told, PostgresDatabase(away, home=home.path).read():
        pass
    assert "hunter2" not in str(told.value)
    assert str(told.value).isprintable()


def test_readers_cannot_write(home: Home) -> None:
    with pytest.raises(HomeNotPermitted, match="read-only"), home.database.read() as tx:
        home.log.add_entries(tx, {0: b"body"})


def test_a_table_that_vanished_is_damage(home: Home) -> None:
    with home.database.transaction() as tx:
        tx.connection.exec_driver_sql("DROP TABLE works")
    with pytest.raises(HomeDamaged, match="does not exist"):
        home.works.all()


def test_a_commit_waits_for_the_disk_even_where_the_server_does_not(home: Home, postgres: Server) -> None:
    name = home.database.engine.url.database
    postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    home.close()
    with home.database.read() as tx:
        assert tx.connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_database_of_another_program_is_left_alone(home: Home, postgres: Server, tmp_path: Path) -> None:
    name = postgres.database()
    postgres.run("CREATE TABLE letters (id int)", name)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / FILE).write_text(postgres.url(name))
    with pytest.raises(HomeForeign):
        Home.open(tmp_path / "other")
    assert postgres.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", name) == [("letters",)]
    assert home.works.all() == []


def test_processes_that_make_one_home_together_all_get_it(
    kind: str, postgres: Server, tmp_path: Path
) -> None:
    del kind
    path = tmp_path / "together"
    path.mkdir()
    (path / FILE).write_text(postgres.url(postgres.database()))
    code = "import sys; from pathlib import Path; from rectoverso.store.home import Home; Home.open(Path(sys.argv[1]))"
    assert [opener.wait(120) for opener in [process(code, path) for _ in range(3)]] == [0, 0, 0]


def test_an_erased_opening_leaves_its_table(keyed: Home) -> None:
    from rectoverso.store.openings import Opening

    with keyed.database.transaction() as tx:
        keyed.openings.keep(tx, Opening("c" * 64, b"salt", "Anna Muster"))
    with keyed.database.transaction() as tx:
        assert keyed.openings.erase(tx, ["c" * 64]) == 1
    keyed.database.settle()
    with keyed.database.read() as tx:
        assert tx.connection.exec_driver_sql("SELECT pg_relation_size('openings')").scalar() == 0


def test_traces_are_fetched_some_at_a_time(keyed: Home, postgres: Server) -> None:
    """A hundred thousand of them are a gigabyte."""
    with keyed.database.transaction() as tx:
        for number in range(_AT_ONCE + 1):
            keyed.traces.put(tx, f"{number:08x}", b"%d" % number)
    rows = keyed.traces.rows()
    first = next(rows)
    asked = postgres.run("SELECT query FROM pg_stat_activity WHERE application_name = 'rectoverso'")
    assert any(query.startswith("FETCH") for (query,) in asked)
    assert len([first, *rows]) == _AT_ONCE + 1


def test_traces_are_kept_and_forgotten(keyed: Home) -> None:
    with keyed.database.transaction() as tx:
        keyed.traces.put(tx, "11111111", b"one")
        keyed.traces.put(tx, "22222222", b"two")
    assert dict(keyed.traces.items()) == {"11111111": b"one", "22222222": b"two"}
    with keyed.database.transaction() as tx:
        keyed.traces.remove(tx, "11111111")
    assert dict(keyed.traces) == {"22222222": b"two"}
