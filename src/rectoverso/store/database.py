"""The database of a home: transactions, and errors that people can read.

Writing transactions take their turn at the start (``BEGIN IMMEDIATE``), so none fails half-way because another
process wrote first; reading ones see one moment of the data. A commit is on the disk before it returns.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rectoverso.errors import HomeBusy, HomeDamaged, HomeNotPermitted

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_REFUSED = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


@dataclass(frozen=True, slots=True)
class Transaction:
    """What happens together or not at all. Only the store looks inside."""

    connection: sa.Connection


class Database:
    """One database by its URL; ``home`` names it in messages, ``wait_s`` the patience for other writers."""

    def __init__(self, url: str | sa.URL, *, home: Path, wait_s: float = 60) -> None:
        self.home = home
        self._wait_s = wait_s
        url = sa.make_url(url)
        is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = sa.create_engine(
            url,
            json_serializer=partial(json.dumps, ensure_ascii=False),
            connect_args={"timeout": wait_s} if is_sqlite else {},
        )
        if is_sqlite:
            sa.event.listen(self.engine, "connect", _tune)
            sa.event.listen(self.engine, "begin", _begin)

    @classmethod
    def at(cls, path: Path, *, wait_s: float = 60) -> Database:
        """The SQLite database in the file ``path``."""
        return cls(sa.URL.create("sqlite", database=str(path)), home=path.parent, wait_s=wait_s)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write: all of it is durable when the block ends, none of it when the block raises."""
        with self.explained(), self.engine.begin() as connection:
            yield Transaction(connection)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Read: everything seen in the block is of one moment, and nobody is kept waiting."""
        with self.explained(), self.engine.connect() as connection:
            connection.execution_options(read_only=True)
            with connection.begin():
                yield Transaction(connection)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the driver raises into this project's errors."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            self._raise_explained(error.orig)
            raise
        except sqlite3.Error as error:
            self._raise_explained(error)
            raise

    def settle(self) -> None:
        """Take what was written into the database file itself, so that nothing erased stays in the log beside it."""
        if self.engine.dialect.name == "sqlite":
            with self.explained():
                connection = self.engine.raw_connection()
                try:
                    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    connection.close()

    def close(self) -> None:
        """Give back the files. The database can be used again; it reopens."""
        self.engine.dispose()

    def _raise_explained(self, error: BaseException | None) -> None:
        if not isinstance(error, sqlite3.OperationalError | sqlite3.DatabaseError):
            return
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            return
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in _BUSY:
            raise HomeBusy(home=self.home, seconds=round(self._wait_s)) from error
        if code in _REFUSED:
            raise HomeNotPermitted(home=self.home, system=error) from error
        if code in _DAMAGED:
            raise HomeDamaged(home=self.home, system=error) from error


def _tune(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transaction by itself: `_begin` does
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what is erased leaves no bytes behind


def _begin(connection: sa.Connection) -> None:
    is_read = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if is_read else "BEGIN IMMEDIATE")
