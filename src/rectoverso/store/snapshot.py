"""The records of a home as one SQLite file, of one moment, whichever kind of database keeps them; and put into a
database again, of either kind.

Left out are sessions, so that nobody is signed in again by an old copy, and hashes that lie veiled on a server
(``store.hashes``), which are made anew from the works.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rectoverso.errors import HomeTaken
from rectoverso.store import schema
from rectoverso.store.database import Database, Transaction
from rectoverso.store.home import Home
from rectoverso.store.sqlite import SqliteDatabase
from rectoverso.store.tables import checkpoints, metadata, sessions, wrapping_keys
from rectoverso.types import AssetId

_MANY = 200  # rows a statement


def take(database: Database, path: Path) -> None:
    """Write the records to a new file at ``path``. Nobody is kept waiting."""
    copy = SqliteDatabase(path)
    try:
        if isinstance(database, SqliteDatabase):
            database.copy_to(path)
        else:
            schema.migrate(copy, path.parent)
            with database.read() as source, copy.transaction() as target:
                _copy(source, target)
        with copy.transaction() as tx:
            tx.connection.execute(sessions.delete())
        copy.gather()
    finally:
        copy.close()


def put(source: Database, database: Database) -> None:
    """Put the records into an empty database, all at once. One that has just these already is left as it is: somebody
    was killed after that. Raises HomeTaken for any other.
    """
    if not schema.is_current(database):
        schema.migrate(database, database.home)
    with source.read() as given, database.transaction() as tx:
        if (found := _counts(tx)) == dict.fromkeys(found, 0):
            _copy(given, tx)
            _count_on(tx)
        elif (found, _heads(tx)) != (_counts(given), _heads(given)):
            raise HomeTaken(place=_named(database))


def demand_sound(path: Path) -> None:
    """Raise HomeDamaged where the file at ``path`` does not hold together, HomeTooNew, HomeForeign."""
    database = SqliteDatabase(path)
    try:
        database.demand_sound()
        schema.is_current(database)
    finally:
        database.close()


def pictures(path: Path) -> set[AssetId]:
    """The images whose stored picture the records in the file ``path`` want; none where an older version wrote it."""
    home = Home(path.parent)
    home.database = SqliteDatabase(path)
    try:
        return home.assets.with_pictures() if schema.is_current(home.database) else set()
    finally:
        home.close()


def _copy(source: Transaction, target: Transaction) -> None:
    for table in _tables():
        rows = source.connection.execution_options(yield_per=_MANY).execute(table.select())
        for group in rows.mappings().partitions(_MANY):
            target.connection.execute(table.insert(), [dict(row) for row in group])


def _count_on(tx: Transaction) -> None:
    """Have a server count on behind the numbers that were put in; a file does so by itself."""
    if tx.connection.dialect.name != "postgresql":
        return
    for table in _tables():
        column = table.autoincrement_column
        if column is not None and column.autoincrement is not False:
            last = f"SELECT max({column.name}) FROM {table.name}"  # noqa: S608 - our own names
            tx.connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), "
                f"coalesce(({last}), 1), ({last}) IS NOT NULL)"
            )


def _counts(tx: Transaction) -> dict[str, int]:
    return {
        table.name: tx.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for table in _tables()
    }


def _heads(tx: Transaction) -> list[Sequence[Any]]:
    """What no two states of two homes have in common: the last signed checkpoint, and the wrapping keys."""
    last = checkpoints.select().order_by(checkpoints.c.size.desc()).limit(1)
    wrapping = wrapping_keys.select().order_by(wrapping_keys.c.number)
    return [*map(tuple, tx.connection.execute(last)), *map(tuple, tx.connection.execute(wrapping))]


def _tables() -> list[sa.Table]:
    return [table for table in metadata.sorted_tables if table is not sessions]


def _named(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=True)
