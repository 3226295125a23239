"""The database that every home has unless told otherwise: one SQLite file in its folder."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.util import LRUCache

from rectoverso.errors import HomeBusy, HomeDamaged, HomeNotPermitted, RectoversoError
from rectoverso.store.atomic import PRIVATE_FILE
from rectoverso.store.database import Database
from rectoverso.store.lock import exclusive

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_REFUSED = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


class _Compiled(LRUCache[Any, Any]):
    """SQL by statement, as SQLAlchemy looks it up. Its key begins with a dialect, of which each engine has its own; any
    other key is left as it is.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(_of_all_engines(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(_of_all_engines(key), compiled)


def _of_all_engines(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return key[1:] if isinstance(key[0], sa.engine.Dialect) else key


_COMPILED = _Compiled(500)
"""All files take the same SQL: it is compiled once a process, and not each time that a home is opened (26 statements
for one picture, 1 ms each).
"""


class SqliteDatabase(Database):
    """The database in the file ``path``; the lock lies beside it."""

    driver_errors = (sqlite3.Error,)

    def __init__(self, path: Path, *, wait_s: float = 60) -> None:
        url = sa.URL.create("sqlite", database=str(path))
        engine = sa.create_engine(
            url,
            connect_args={"timeout": wait_s},
            hide_parameters=True,
            execution_options={"compiled_cache": _COMPILED},
        )
        super().__init__(engine, home=path.parent, wait_s=wait_s)
        self.path = path
        self._watching: sqlite3.Connection | None = None
        self._at_watch = threading.Lock()
        sa.event.listen(engine, "connect", _tune)
        sa.event.listen(engine, "begin", _begin)

    def exclusive(self, wait_s: float) -> AbstractContextManager[None]:
        return exclusive(self.path.parent / "lock", wait_s, self.home)

    def is_there(self) -> bool:
        return self.path.exists()

    def prepare(self) -> None:
        """Make the file, for nobody else to read, and let readers and one writer work side by side: SQLite remembers
        this in the file.
        """
        _make_private(self.path)
        self._pragma("journal_mode = WAL")

    def settle(self) -> None:
        """Take what was written into the file itself, so that nothing erased stays in the log beside it.

        Raises HomeBusy where somebody goes on reading: then the log still has it.
        """
        is_busy, *_ = self._pragma("wal_checkpoint(TRUNCATE)")
        if is_busy:
            raise HomeBusy(home=self.home, seconds=round(self.wait_s))

    def writings(self) -> int | None:
        """SQLite's own number, of a connection that never writes: some microseconds, and nobody is kept waiting."""
        with self._at_watch, suppress(sqlite3.Error):
            if self._watching is None:
                self._watching = sqlite3.connect(self.path, 0, isolation_level=None, check_same_thread=False)
            return int(self._watching.execute("PRAGMA data_version").fetchone()[0])
        return None

    def close(self) -> None:
        super().close()
        with self._at_watch:
            if self._watching is not None:
                self._watching.close()
            self._watching = None

    def copy_to(self, path: Path) -> None:
        """Write all rows as they are at one moment to a new file; nobody is kept waiting (SQLite's backup API)."""
        _make_private(path)
        with self.explained():
            source = self.engine.raw_connection()
            try:
                with closing(sqlite3.connect(path)) as target:
                    source.driver_connection.backup(target)  # type: ignore[union-attr]
            finally:
                source.close()

    def gather(self) -> None:
        """Make it one file, with no log beside it. Nobody else may be using it."""
        self._pragma("journal_mode = DELETE")

    def demand_sound(self) -> None:
        """Raise HomeDamaged where the file does not hold together."""
        (said,) = self._pragma("integrity_check(1)")
        if said != "ok":
            raise HomeDamaged(home=self.home, system=said)

    def beside(self, name: str) -> str:
        path = self.path.with_name(f"{name}{self.path.suffix}").resolve()
        _make_private(path)
        return sa.URL.create("sqlite", database=str(path)).render_as_string()

    def _pragma(self, pragma: str) -> tuple[Any, ...]:
        with self.explained():
            connection = self.engine.raw_connection()
            try:
                return tuple(connection.cursor().execute(f"PRAGMA {pragma}").fetchone())
            finally:
                connection.close()

    def _take_turn(self, connection: sa.Connection) -> None:
        """``BEGIN IMMEDIATE`` has taken it."""

    def _only_reads(self, connection: sa.Connection) -> None:
        connection.execution_options(read_only=True)

    def _told(self, error: BaseException | None) -> RectoversoError | None:
        if not isinstance(error, sqlite3.DatabaseError):
            return None
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            return None
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in _BUSY:
            return HomeBusy(home=self.home, seconds=round(self.wait_s))
        if code in _REFUSED:
            return HomeNotPermitted(home=self.home, system=error)
        return HomeDamaged(home=self.home, system=error) if code in _DAMAGED else None


def _make_private(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, PRIVATE_FILE))


def _tune(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transaction by itself: `_begin` does
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what is erased leaves no bytes behind


def _begin(connection: sa.Connection) -> None:
    is_read = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if is_read else "BEGIN IMMEDIATE")
