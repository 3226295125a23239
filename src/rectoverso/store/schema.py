"""Bringing a database to the tables of this version; one plain query when it is there already."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from rectoverso.errors import HomeDamaged, HomeForeign, HomeTooNew
from rectoverso.store.database import Database
from rectoverso.store.tables import REVISION

_OURS = "rv"  # how this project's revisions begin: another program's alembic table is told apart by it


def is_current(database: Database) -> bool:
    """Whether the tables are those of this version.

    Raises HomeForeign when another program's data are there, HomeTooNew when a later version made them.
    """
    revision = _revision(database)
    if revision is None or revision == REVISION:
        return revision == REVISION
    if not revision.startswith(_OURS):
        raise HomeForeign(home=database.home)
    if revision > REVISION:
        raise HomeTooNew(home=database.home, revision=revision)
    return False


def migrate(database: Database) -> None:
    """Take every missing step in one transaction; killed in the middle, none of them was taken."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    _prepare_file(database)
    with database.transaction() as tx:
        config.attributes["connection"] = tx.connection
        command.upgrade(config, "head")


def _revision(database: Database) -> str | None:
    try:
        with database.read() as tx:
            found = tx.connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except HomeDamaged:
        _demand_empty(database)
        return None
    return None if found is None else str(found)


def _demand_empty(database: Database) -> None:
    """A new database has no tables at all; one with tables but without our revision is somebody else's."""
    with database.explained(), database.engine.connect() as connection:
        if sa.inspect(connection).get_table_names():
            raise HomeForeign(home=database.home)


def _prepare_file(database: Database) -> None:
    """Let readers and one writer work side by side; SQLite remembers this in the file."""
    if database.engine.dialect.name != "sqlite":
        return
    with database.explained():
        connection = database.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
