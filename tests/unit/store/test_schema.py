from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rectoverso.errors import HomeForeign, HomeTooNew, KeysMissing
from rectoverso.protocols import SystemClock
from rectoverso.store import master, migrations, schema, tables
from rectoverso.store.data_keys import HOME, DataKeys
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.openings import Opening
from rectoverso.store.rights import Rights
from rectoverso.store.sqlite import SqliteDatabase
from rectoverso.store.vault import Vault
from rectoverso.types import Digest
from stores import ON_BOTH

OLD_ROWS = """
INSERT INTO works VALUES ('11111111', '日落', 'Anna Muster', 'd', x'0102', x'03', '2026-01-01');
INSERT INTO openings VALUES ('c', x'07', 'Anna Muster');
INSERT INTO assets VALUES ('000000000001', 'r', 'refuse', 'now', 3, 'm', '1', NULL, 'ai', 'general', NULL, NULL,
    'p', '[{"check": "similarity"}]', '[{"key": "k", "facts": {"owner": "Anna Muster"}}]', 'f', 'image/png', NULL,
    'p', x'', NULL, NULL);
INSERT INTO assets VALUES ('0000000000a2', 'r2', 'hold', 'now', 4, 'm', '1', NULL, 'ai', 'general', 7,
    'Anna Muster/a.png', 'p', '[]', '[]', 'Anna Muster.png', 'image/png', NULL, 'q', x'0a0b', '{blob}', NULL);
"""
PICTURE = b"a stored picture of Anna Muster"


def _at_first_tables(home: Path) -> None:
    """A home as it was when records still lay open."""
    database = SqliteDatabase(home / "verso.sqlite3")
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with database.transaction() as tx:
        config.attributes["connection"] = tx.connection
        command.upgrade(config, "rv0001")
        blob = hashlib.sha256(PICTURE).hexdigest()
        for row in OLD_ROWS.replace("{blob}", blob).strip().split(";\n"):
            tx.connection.exec_driver_sql(row.rstrip(";"))
    database.close()


def _with_old_keys(home: Path) -> bytes:
    """Keys as they were, and a picture as it was stored, named by what is in it."""
    Keys.create(home / "keys", owner="Studio Moon", clock=SystemClock())
    (home / "keys" / "master.key").rename(home / "keys" / "blobs.key")
    key, name = bytes.fromhex((home / "keys" / "blobs.key").read_text()), hashlib.sha256(PICTURE).digest()
    old = home / "blobs" / name.hex()[:2] / name.hex()
    old.parent.mkdir(parents=True)
    old.write_bytes(b"RVB1" + bytes(12) + AESGCM(key).encrypt(bytes(12), PICTURE, b"RVB1" + name))
    return key


def test_what_lay_open_is_sealed_and_nothing_is_lost(tmp_path: Path) -> None:
    key = _with_old_keys(tmp_path)
    _at_first_tables(tmp_path)
    home = Home.open(tmp_path)
    assert home.vault.name("a file") == Vault(key).name("a file")
    (work,) = home.works.all()
    assert (work.title, work.owner, work.file_digest) == ("日落", "Anna Muster", "d")
    assert (work.fingerprint, work.small, work.rights) == (b"\1\2", b"\3", Rights())
    with home.database.transaction() as tx:
        assert home.works.of_file(tx, work.file_digest) == work
        opening = home.openings.find(tx, "c")
    assert opening == Opening("c", b"\7", "Anna Muster")
    asset, held = home.assets.all()
    assert (held.source, held.seed, held.file_name) == ("Anna Muster/a.png", 7, "Anna Muster.png")
    assert (held.request, held.pixels_digest, held.fingerprint) == ("r2", "q", b"\n\x0b")
    assert home.assets.by_request(Digest("r2")) == held
    assert home.blobs.get(held.id) == PICTURE
    assert [len(name) for name in home.blobs.sweep(home.assets.with_pictures())] == [64]
    assert asset.findings == [{"check": "similarity"}]
    assert asset.reasons == [{"key": "k", "facts": {"owner": "Anna Muster"}}]
    home.close()
    assert not any(b"Muster" in path.read_bytes() for path in tmp_path.glob("verso.sqlite3*"))


def test_accounts_and_jobs_get_keys_of_their_own(tmp_path: Path) -> None:
    Keys.create(tmp_path / "keys", owner="Studio Moon", clock=SystemClock())
    held = master.in_folder(tmp_path / "keys")
    database, keys = SqliteDatabase(tmp_path / "verso.sqlite3"), DataKeys(tmp_path, lambda: held)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    database.prepare()
    with database.transaction() as tx:
        config.attributes |= {"connection": tx.connection, "home": tmp_path, "vault": None}
        command.upgrade(config, "rv0007")
        keys.begin(tx, held[0])
        vault = Vault(keys.raw(tx, HOME))
        sealed = {
            place: vault.seal(plain, place)
            for place, plain in (
                ("people/a", b"Anna"),
                ("jobs/j", b'{"prompt": "cat"}'),
                ("jobs/j/0", b'{"n": 1}'),
            )
        }
        for table, columns, values in (
            ("people", "id, role, name, created_at", ("a", "maker", sealed["people/a"], "now")),
            (
                "jobs",
                "number, id, kind, person, created_at, version, asked",
                (1, "j", "seal", "a", "now", 1, sealed["jobs/j"]),
            ),
            (
                "job_items",
                "job, place, attempt, state, is_sent, version, told",
                ("j", 0, 1, "done", True, 1, sealed["jobs/j/0"]),
            ),
            ("traces", "work, sealed", ("00000001", b"")),
        ):
            marks = ", ".join("?" * len(values))
            tx.connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)
    database.close()
    home = Home.open(tmp_path)
    assert [person.name for person in home.people.all()] == ["Anna"]
    assert [(job.asked, home.jobs.items(job.id)[0].told) for job in home.jobs.page(9)] == [
        ({"prompt": "cat"}, {"n": 1})
    ]
    home.traces.shelf.put("00", b"an index")
    assert home.traces.shelf.read("00") == b"an index"
    home.close()


def test_without_keys_what_lies_open_is_not_migrated(tmp_path: Path) -> None:
    _at_first_tables(tmp_path)
    Keys.create(tmp_path / "keys", owner="Studio Moon", clock=SystemClock())  # none of which sealed anything
    with pytest.raises(KeysMissing):
        Home.open(tmp_path)
    with sqlite3.connect(tmp_path / "verso.sqlite3") as raw:
        assert raw.execute("SELECT title FROM works").fetchall() == [("日落",)]
    raw.close()


@ON_BOTH
def test_the_migrations_make_exactly_the_tables_in_use(home: Home) -> None:
    with home.database.read() as tx:
        differences = compare_metadata(MigrationContext.configure(tx.connection), tables.metadata)
    assert differences == []


def test_the_revision_in_the_code_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [tables.REVISION]


def test_an_empty_database_needs_migrating_and_then_does_not(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "db")
    assert not schema.is_current(database)
    schema.migrate(database, tmp_path)
    assert schema.is_current(database)
    database.close()


def test_an_interrupted_migration_took_no_step(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "db")
    with sqlite3.connect(tmp_path / "db") as raw:
        raw.execute("CREATE TABLE works (id)")  # what the migration makes last: it fails there
    with pytest.raises(Exception, match="works"):
        schema.migrate(database, tmp_path)
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
        schema.is_current(SqliteDatabase(tmp_path / "db"))


@ON_BOTH
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
