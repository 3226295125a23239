"""A home comes back from its backup as it was, whole or not at all; and what was erased since does not."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backups import PASSPHRASE, exchanged, let_out, members, rewrite, told
from killing import killed_at_lines
from rectoverso.errors import (
    BackupKeysMissing,
    BadSetting,
    HomeTaken,
    HomeTooNew,
    LedgerBroken,
    MasterKeyMissing,
    OutNotWritable,
)
from rectoverso.i18n import explain
from rectoverso.store.home import Home
from rectoverso.store.jobs import State
from rectoverso.store.people import Role
from rectoverso.store.tables import REVISION
from rectoverso.verso.picture import to_png
from rectoverso.workflow.backup import restore as restoring
from rectoverso.workflow.backup.check import check_backup
from rectoverso.workflow.backup.contents import DATABASE
from rectoverso.workflow.backup.make import back_up
from rectoverso.workflow.backup.restore import RestoreRequest, restore
from rectoverso.workflow.erase import What, erase
from rectoverso.workflow.guard import unsafe_accept
from rectoverso.workflow.jobs.asked import SealAsked, Sent
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.ledgers import check_ledger
from rectoverso.workflow.master_key import change_master_key
from rectoverso.workflow.people import add_person
from stores import Server
from unit.verso.conftest import photo


def test_a_home_comes_back_as_it_was_and_goes_on(
    home: Path, backup: Path, keys: Path, tmp_path: Path
) -> None:
    before = told(home)
    restored = restore(tmp_path / "again", RestoreRequest(backup, keys=keys))
    assert (restored.missing, restored.problems) == (0, ())
    assert told(tmp_path / "again") == before
    assert len(before["pictures"]) == 2
    assert len(before["jobs"]) == len(before["sent"]) == 1
    assert check_ledger(tmp_path / "again").holds
    assert let_out(tmp_path / "again", "one") == let_out(home, "one")  # decided once, here too
    assert let_out(tmp_path / "again", "three")
    assert not (tmp_path / "again" / "working").exists()
    assert (tmp_path / "again" / ".gitignore").read_text() == (home / ".gitignore").read_text()


def test_work_that_was_in_the_queue_waits_there_again(backup: Path, keys: Path, tmp_path: Path) -> None:
    restore(tmp_path / "again", RestoreRequest(backup, keys=keys))
    again = Home.open(tmp_path / "again")
    (turn,) = again.jobs.sent(9)  # what no queue has of these, a worker puts into one (`work.worker.account`)
    assert again.jobs.begin(turn)
    assert again.jobs.states() == {("seal", State.RUNNING): 1}


def test_a_passphrase_opens_the_keys_and_another_does_not(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BadSetting):
        back_up(home, tmp_path / "b", "short")
    back_up(home, tmp_path / "b", PASSPHRASE)
    assert (home / "keys" / "master.key").read_bytes().strip() not in (tmp_path / "b").read_bytes()
    for given in (None, "incorrect horse battery staple"):
        with pytest.raises(BackupKeysMissing):
            restore(tmp_path / "again", RestoreRequest(tmp_path / "b", passphrase=given))
    assert not (tmp_path / "again").exists()
    restore(tmp_path / "again", RestoreRequest(tmp_path / "b", passphrase=PASSPHRASE))
    assert told(tmp_path / "again") == told(home)
    kept = {path.name: path.read_bytes() for path in (home / "keys").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "again" / "keys").iterdir()} == kept


# Nothing is put over what is there


def test_nothing_that_is_there_is_written_over(home: Path, backup: Path, keys: Path, tmp_path: Path) -> None:
    before = told(home)
    with pytest.raises(HomeTaken):
        restore(home, RestoreRequest(backup, keys=keys))
    (tmp_path / "file").write_text("mine")
    with pytest.raises(HomeTaken):
        restore(tmp_path / "file", RestoreRequest(backup, keys=keys))
    with pytest.raises(OutNotWritable):
        back_up(home, backup, None)
    assert told(home) == before
    (tmp_path / "empty").mkdir()
    restore(tmp_path / "empty", RestoreRequest(backup, keys=keys))
    assert told(tmp_path / "empty") == before


def test_killed_anywhere_a_home_is_put_back_whole_or_not_at_all(
    home: Path, backup: Path, keys: Path, tmp_path: Path
) -> None:
    before, again = told(home), tmp_path / "again"
    functions = [restoring.restore, restoring._staged, restoring._checked, restoring._take_name]
    for _ in killed_at_lines(lambda: restore(again, RestoreRequest(backup, keys=keys)), *functions, every=12):
        if again.exists():
            assert told(again) == before
            shutil.rmtree(again)
    assert told(again) == before
    assert not list(tmp_path.glob(".again*"))


# Of another version


def test_a_backup_of_an_older_version_is_checked_put_back_and_brought_up_to_date(
    home: Path, backup: Path, keys: Path, tmp_path: Path
) -> None:
    before = told(home)
    rewrite(backup, exchanged(backup, DATABASE, at_revision("rv0009", backup, tmp_path)))
    assert check_backup(backup).missing == 0
    assert restore(tmp_path / "again", RestoreRequest(backup, keys=keys)).problems == ()
    assert told(tmp_path / "again") == before
    with sqlite3.connect(tmp_path / "again" / DATABASE) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (REVISION,)
    assert let_out(tmp_path / "again", "one") == let_out(home, "one")
    assert let_out(tmp_path / "again", "three")
    assert check_ledger(tmp_path / "again").holds


def test_a_backup_of_a_later_version_is_not_put_back_and_says_what_to_do(
    backup: Path, keys: Path, tmp_path: Path
) -> None:
    rewrite(backup, exchanged(backup, DATABASE, at_revision("rv9999", backup, tmp_path)))
    with pytest.raises(HomeTooNew, match="rv9999") as told_of:
        restore(tmp_path / "again", RestoreRequest(backup, keys=keys))
    assert f"{backup} was made by a later version" in explain(told_of.value, "en")
    assert "Update the program" in explain(told_of.value, "en")
    with pytest.raises(HomeTooNew):
        check_backup(backup)
    assert not list(tmp_path.glob("*again*"))


def at_revision(revision: str, backup: Path, folder: Path) -> bytes:
    """The records in a backup as that version kept them; of a later one that is its number alone."""
    database = folder / "records"
    database.write_bytes(members(backup)[DATABASE])
    with sqlite3.connect(database) as raw:
        if revision == "rv0009":
            raw.executescript("DROP TABLE professions; DROP TABLE sessions;")
            for index in ("dated", "decided", "used", "made"):
                raw.execute(f"DROP INDEX ix_assets_{index}")
        raw.execute("UPDATE alembic_version SET version_num = ?", [revision])
    raw.close()
    return database.read_bytes()


def test_a_ledger_older_than_somebody_saw_lets_nothing_out(
    home: Path, backup: Path, keys: Path, tmp_path: Path
) -> None:
    let_out(home, "three", "four")
    shutil.copy(home / "checkpoint.txt", tmp_path / "seen")
    assert check_backup(backup, seen=tmp_path / "seen").missing == 2
    restored = restore(tmp_path / "again", RestoreRequest(backup, keys=keys, seen=tmp_path / "seen"))
    assert restored.missing == 2
    assert [problem.key for problem in check_ledger(tmp_path / "again").problems] == ["ledger.went_back"]
    with pytest.raises(LedgerBroken):
        let_out(tmp_path / "again", "five")
    unsafe_accept(tmp_path / "again", "the old machine burnt")
    assert let_out(tmp_path / "again", "five")


# Erasing


def test_what_was_erased_since_does_not_come_back(
    home: Path, backup: Path, keys: Path, tmp_path: Path
) -> None:
    asset = told(home)["assets"][0]
    for number, (what, name) in enumerate([(What.ASSET, asset.id), (What.PERSON, "anna muster")]):
        erase(home, what, name).receipt.write(tmp_path / f"receipt-{number}.json")
    receipts = sorted(tmp_path.glob("receipt-*"))
    assert restore(tmp_path / "old", RestoreRequest(backup, keys=keys)).erased == 0
    assert asset.id in told(tmp_path / "old")["pictures"]
    assert restore(tmp_path / "again", RestoreRequest(backup, keys=keys, erased=receipts)).erased == 2
    found = told(tmp_path / "again")
    assert found["works"] == []
    assert asset.id not in found["pictures"]
    assert [one.id for one in found["assets"] if one.erased is not None] == [asset.id]
    assert check_ledger(tmp_path / "again").holds
    back_up(home, tmp_path / "later", None)  # what is erased in the backup already is not erased once more
    assert (
        restore(tmp_path / "third", RestoreRequest(tmp_path / "later", keys=keys, erased=receipts)).erased
        == 0
    )


def test_another_master_key_closes_the_backups_from_before(home: Path, backup: Path, tmp_path: Path) -> None:
    change_master_key(home)
    with pytest.raises(MasterKeyMissing):
        restore(tmp_path / "again", RestoreRequest(backup, keys=home / "keys"))
    assert not (tmp_path / "again").exists()


def test_nobody_is_signed_in_by_a_backup(home: Path, keys: Path, tmp_path: Path) -> None:
    opened = Home.open(home)
    _, key, _ = add_person(opened, "Carla", Role.ADMIN)
    opened.sessions.begin(key.id, datetime.now(UTC))
    opened.close()
    back_up(home, tmp_path / "b", None)
    restore(tmp_path / "again", RestoreRequest(tmp_path / "b", keys=keys))
    with sqlite3.connect(tmp_path / "again" / DATABASE) as raw:
        assert raw.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
        assert raw.execute("SELECT count(*) FROM api_keys").fetchone() == (2,)


# PostgreSQL


@pytest.fixture
def _on_server(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECTOVERSO_DATABASE", postgres.url(postgres.database()))


@pytest.mark.usefixtures("keys", "backup", "_on_server")
def test_a_home_goes_to_a_server_and_back(
    home: Path, backup: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "moved"
    restore(moved, RestoreRequest(backup, keys=keys))
    assert not (moved / DATABASE).exists()
    assert (moved / "database.txt").exists()
    back_up(moved, tmp_path / "from-server", None)
    on_the_server = told(moved)
    let_out(moved, "three")
    fill_again = Home.open(moved)
    assert order_again(fill_again) == 2  # numbers go on
    fill_again.close()
    with pytest.raises(HomeTaken):
        restore(tmp_path / "second", RestoreRequest(tmp_path / "from-server", keys=keys))
    monkeypatch.delenv("RECTOVERSO_DATABASE")
    assert told(home) == on_the_server
    restore(tmp_path / "back", RestoreRequest(tmp_path / "from-server", keys=keys))
    assert told(tmp_path / "back") == told(home)
    assert check_ledger(tmp_path / "back").holds


def order_again(home: Home) -> int:
    digest = home.uploads.put(to_png(photo(2, 64)))
    asked = SealAsked(files=(Sent(digest=digest, name="sent.png"),), use="general", origin="ai")
    return order(home, home.people.all()[0].id, asked)[0].number


@pytest.mark.usefixtures("keys", "backup", "_on_server")
def test_killed_between_the_server_and_the_folder_it_goes_on(
    backup: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = RestoreRequest(backup, keys=keys)
    with monkeypatch.context() as patch:

        def killed(*_: object) -> None:
            shutil.copytree(tmp_path / ".again.restoring", tmp_path / "left")
            raise KeyboardInterrupt

        patch.setattr(restoring, "_take_name", killed)
        with pytest.raises(KeyboardInterrupt):
            restore(tmp_path / "again", asked)
    (tmp_path / "left").rename(tmp_path / ".again.restoring")  # what a kill would have left
    restore(tmp_path / "again", asked)
    assert check_ledger(tmp_path / "again").holds
