"""Bringing a database to the tables of this version; one plain query when it is there already."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from rectoverso.errors import HomeDamaged, HomeForeign, HomeTooNew, KeysMissing
from rectoverso.store import master
from rectoverso.store.database import Database
from rectoverso.store.tables import REVISION
from rectoverso.store.vault import Vault

_VERSIONS = "alembic_version"
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


def migrate(database: Database, home: Path) -> None:
    """Take every missing step in one transaction; killed in the middle, none of them was taken.

    Raises KeysMissing where records that lay open have to be sealed, and the home has no key for that.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    database.prepare()
    with database.transaction() as tx:
        config.attributes |= {"connection": tx.connection, "home": home, "vault": lambda: _vault_before(home)}
        command.upgrade(config, "head")


def _vault_before(home: Path) -> Vault:
    """What sealed records before there were data keys: made of the key in ``blobs.key``."""
    held = [key for key in master.in_folder(home / "keys") if Path(key.place).name == master.FILE_BEFORE]
    if not held:
        raise KeysMissing(home=home)
    return Vault(held[0].secret)


def _revision(database: Database) -> str | None:
    """The revision of the tables; None when there are none yet, HomeForeign when they are somebody else's."""
    try:
        return _read_revision(database)
    except HomeDamaged:
        names = _table_names(database)
    if _VERSIONS in names:  # another process made the tables between the two looks
        return _read_revision(database)
    if names:
        raise HomeForeign(home=database.home)
    return None


def _read_revision(database: Database) -> str | None:
    with database.read() as tx:
        found = tx.connection.exec_driver_sql(f"SELECT version_num FROM {_VERSIONS}").scalar()  # noqa: S608 - a constant
    return None if found is None else str(found)


def _table_names(database: Database) -> list[str]:
    with database.explained(), database.engine.connect() as connection:
        return list(sa.inspect(connection).get_table_names())
