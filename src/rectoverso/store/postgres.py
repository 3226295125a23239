"""The database of a home on a PostgreSQL server (14 or later): for more records or machines than a file is good for.

Two advisory locks keep the order that a file's locks keep elsewhere, both of them the schema's own:

writing   taken at the start of each writing transaction, given back with it: ledger entries are numbered one at a time.
door      held by whoever is at the door, on a connection of its own. What is written at the door goes through that very
          connection: once it is lost, the server lets somebody else in, and nothing more can be written from here.

Source: PostgreSQL 18 documentation, 13.3.5 (advisory locks), 19.5.1 (synchronous_commit), appendix A (error codes).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rectoverso.errors import (
    BadSetting,
    HomeBusy,
    HomeDamaged,
    HomeNotPermitted,
    HomeUnreachable,
    MissingExtra,
    RectoversoError,
)
from rectoverso.i18n import Phrase
from rectoverso.store.database import Database, ServerFacts
from rectoverso.store.lock import kept_from_children
from rectoverso.types import Message

_DOOR, _WRITING = 0x52560001, 0x52560002
_SCHEMA = "current_schema()::regnamespace::oid::int"
_ERASED = (
    *("openings", "data_keys", "wrapping_keys", "assets", "works", "traces", "descriptors", "lineage"),
    *("people", "api_keys", "jobs", "job_items"),
)
"""The tables whose rows are deleted, or emptied, so that nobody can read them again."""

_SETTLES_AGAIN_S = 0.2
_NUMBER = re.compile(r"\d+")

# When the network falls silent, this side and the server both notice within a minute, and the door is free again.
_LIVELY = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "application_name": "rectoverso",
}
_SESSION = """
SET lock_timeout = {wait_ms}; SET idle_session_timeout = 0; SET client_encoding = 'UTF8';
SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""

_BUSY = ("55P03", "40P01", "40001")
_REFUSED = ("42501", "25006", "53100", "58030", "53200")
_DAMAGED = ("XX001", "XX002", "42P01", "42703", "3F000")
_FAULTS = ("22", "23", "42")
"""Classes of errors that say nothing of the server: values, rules of the tables, and statements that are wrong."""


class PostgresDatabase(Database):
    """The database at ``url`` (its password, if it has one, in it or where libpq looks for it). Raises MissingExtra."""

    def __init__(self, url: sa.URL, *, home: Path, wait_s: float = 60) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise MissingExtra(task="PostgreSQL", package="psycopg", extra="postgres") from error
        driver = url.set(drivername="postgresql+psycopg")
        # Whatever the server's own settings: what is read in one's turn is what the last one wrote.
        engine = sa.create_engine(
            driver,
            pool_pre_ping=True,
            connect_args=_LIVELY,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
        )
        super().__init__(engine, home=home, wait_s=wait_s)
        self.driver_errors = (psycopg.Error,)
        self._session = _SESSION.format(wait_ms=_milliseconds(wait_s))
        self._door: sa.Connection | None = None
        self._at_door = threading.Lock()
        sa.event.listen(engine, "connect", self._tune)

    def beside(self, name: str) -> str:
        del name  # its tables have a schema of their own
        return self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @contextmanager
    def exclusive(self, wait_s: float) -> Iterator[None]:
        door = self._opened_door(wait_s)
        try:
            with kept_from_children(_socket(door)):
                self._door = door
                yield
        finally:
            with self._at_door:  # another thread may be writing through it
                self._door = None
                self._shut(door)

    def _opened_door(self, wait_s: float) -> sa.Connection:
        with self.explained():
            door = self.engine.connect()
        try:
            with self.explained():
                door.detach()  # it ends with the lock, and never serves anything else
                door.exec_driver_sql(f"SET lock_timeout = {_milliseconds(wait_s)}")
                door.exec_driver_sql(f"SELECT pg_advisory_lock({_DOOR}, {_SCHEMA})")
                door.exec_driver_sql(f"SET lock_timeout = {_milliseconds(self.wait_s)}")
                door.commit()
        except BaseException as error:
            self._shut(door)
            if isinstance(error, HomeBusy):
                raise HomeBusy(home=self.home, seconds=round(wait_s)) from error
            raise
        return door

    def _shut(self, door: sa.Connection) -> None:
        """Give the lock back. That of a lost connection has been given back already, and is not asked for."""
        with suppress(sa.exc.SQLAlchemyError):
            door.rollback()
            if not door.invalidated:
                door.exec_driver_sql(f"SELECT pg_advisory_unlock({_DOOR}, {_SCHEMA})")
        with suppress(sa.exc.SQLAlchemyError):
            door.close()

    def is_there(self) -> bool:
        return True

    def prepare(self) -> None:
        """Databases and their rights are the administrator's: nothing is made beside the tables. Raises BadSetting for
        an encoding that cannot hold every name.
        """
        with self.read() as tx:
            encoding = tx.connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            reason = Phrase(Message("store.encoding.reason", {"encoding": encoding}))
            advice = Phrase(Message("store.encoding.advice"))
            raise BadSetting(setting="RECTOVERSO_DATABASE", reason=reason, advice=advice)

    def server(self) -> ServerFacts:
        wanted = (
            "SELECT current_setting('server_version'), current_setting('fsync') = 'on', "
            "EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')"
        )
        with self.read() as tx:
            version, waits_for_disk, has_vectors = tx.connection.exec_driver_sql(wanted).one()
        return ServerFacts(version, waits_for_disk, has_vectors)

    def settle(self) -> None:
        """Write the tables anew without what was erased, and what the server's planner keeps of their values. Its
        write-ahead log and backups keep that, sealed, until they are thrown away.

        Whoever reads as things were before, a backup by the server's own tools for one, keeps erased rows in the new
        tables too: it is done again until there are none, and after ``wait_s`` HomeBusy.
        """
        until = time.monotonic() + self.wait_s
        with self.explained(), self.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            hashes = connection.exec_driver_sql("SELECT to_regclass('work_hashes')").scalar()
            left = [*_ERASED, *(["work_hashes"] if hashes else [])]
            while left := [table for table in left if _rows_kept(connection, table)]:
                if time.monotonic() > until:
                    raise HomeBusy(home=self.home, seconds=round(self.wait_s))
                time.sleep(_SETTLES_AGAIN_S)
            connection.exec_driver_sql("VACUUM (FULL) pg_statistic")

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """The door's connection while this process holds the door, for one thread at a time; else one from the pool."""
        if self._door is None:
            with self.engine.connect() as connection:
                yield connection
            return
        if not self._at_door.acquire(timeout=self.wait_s):
            raise HomeBusy(home=self.home, seconds=round(self.wait_s))
        try:
            if (door := self._door) is None:  # given back meanwhile
                with self.engine.connect() as connection:
                    yield connection
                return
            if door.invalidated or door.closed:  # it would connect again, and then without the lock
                raise HomeUnreachable(home=self.home, system="the connection was lost while at the door")
            yield door
        finally:
            self._at_door.release()

    def _take_turn(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING}, {_SCHEMA})")

    def _only_reads(self, connection: sa.Connection) -> None:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def _tune(self, connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute(self._session)
        connection.autocommit = False

    def _told(self, error: BaseException | None) -> RectoversoError | None:
        import psycopg

        if not isinstance(error, psycopg.Error):
            return None
        code, said = error.sqlstate or "", " ".join(str(error).split())
        if code in _BUSY:
            return HomeBusy(home=self.home, seconds=round(self.wait_s))
        if code in _REFUSED:
            return HomeNotPermitted(home=self.home, system=said)
        if code in _DAMAGED:
            return HomeDamaged(home=self.home, system=said)
        is_fault = code[:2] in _FAULTS or isinstance(error, psycopg.ProgrammingError | psycopg.InterfaceError)
        return None if is_fault else HomeUnreachable(home=self.home, system=said)


def _rows_kept(connection: sa.Connection, table: str) -> int:
    """Write a table anew; returns how many rows are in it that were deleted, and that somebody still reads."""
    kept: list[int] = []

    def hear(said: Any) -> None:
        """The detail begins with their number, in any language."""
        if found := _NUMBER.search(said.message_detail or ""):
            kept.append(int(found[0]))

    driver: Any = connection.connection.driver_connection
    driver.add_notice_handler(hear)
    try:
        connection.exec_driver_sql(f"VACUUM (FULL, VERBOSE) {table}")
    finally:
        driver.remove_notice_handler(hear)
    # The planner's samples have whole values, wrapped keys among them.
    connection.exec_driver_sql(f"ANALYZE {table}")
    return sum(kept)


def _milliseconds(wait_s: float) -> int:
    return max(1, round(1000 * wait_s))  # 0 would be for ever


def _socket(connection: sa.Connection) -> int:
    return int(connection.connection.dbapi_connection.fileno())  # type: ignore[union-attr]
