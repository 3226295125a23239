from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from rectoverso.errors import HomeForeign, HomeTooNew
from rectoverso.store import migrations, schema, tables
from rectoverso.store.database import Database
from rectoverso.store.home import Home


def test_the_migrations_make_exactly_the_tables_in_use(home: Home) -> None:
    with home.database.read() as tx:
        differences = compare_metadata(MigrationContext.configure(tx.connection), tables.metadata)
    assert differences == []


def test_the_revision_in_the_code_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [tables.REVISION]


def test_an_empty_database_needs_migrating_and_then_does_not(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "db")
    assert not schema.is_current(database)
    schema.migrate(database)
    assert schema.is_current(database)
    database.close()


def test_an_interrupted_migration_took_no_step(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "db")
    with sqlite3.connect(tmp_path / "db") as raw:
        raw.execute("CREATE TABLE works (id)")  # what the migration makes last: it fails there
    with pytest.raises(Exception, match="works"):
        schema.migrate(database)
    assert raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("works",)]
    raw.close()
    database.close()


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE letters (id)", "CREATE TABLE alembic_version (version_num)"]
)
def test_a_database_of_another_program_is_left_alone(tmp_path: Path, statement: str) -> None:
    with sqlite3.connect(tmp_path / "db") as raw:
        raw.execute(statement)
        if "version_num" in statement:
            raw.execute("INSERT INTO alembic_version VALUES ('1975ea83b712')")
    raw.close()
    with pytest.raises(HomeForeign):
        schema.is_current(Database.at(tmp_path / "db"))


def test_a_home_of_a_later_version_is_left_alone(home: Home) -> None:
    with home.database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'rv9999'")
    with pytest.raises(HomeTooNew, match="rv9999"):
        schema.is_current(home.database)


def test_opening_a_home_that_is_up_to_date_does_not_load_alembic(home: Home) -> None:
    code = (
        "import sys; from pathlib import Path; from rectoverso.store.home import Home;"
        "Home.open(Path(sys.argv[1])); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, home.path], check=False).returncode == 0
