"""What is not as it was made is noticed, by the check and by putting it back."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path
from random import Random

import pytest

from backups import PASSPHRASE, exchanged, let_out, members, rewrite
from rectoverso.errors import BackupDamaged, BackupKeysMissing, LedgerBroken, NotABackup
from rectoverso.workflow.backup.archive import MANIFEST
from rectoverso.workflow.backup.check import check_backup
from rectoverso.workflow.backup.contents import DATABASE
from rectoverso.workflow.backup.make import back_up
from rectoverso.workflow.backup.restore import RestoreRequest, restore
from rectoverso.workflow.keys import init_keys
from rectoverso.workflow.ledgers import ledger_keys


def test_a_passphrase_vouches_for_everything_in_the_backup(home: Path, tmp_path: Path) -> None:
    back_up(home, tmp_path / "b", PASSPHRASE)
    rewrite(tmp_path / "b", exchanged(tmp_path / "b", "policies/ours.toml", b"[rules]\n"))
    assert check_backup(tmp_path / "b").digest  # whole in itself: the manifest was written anew too
    with pytest.raises(BackupKeysMissing, match="changed"):
        check_backup(tmp_path / "b", passphrase=PASSPHRASE)


def test_no_byte_can_be_changed_unnoticed(backup: Path, tmp_path: Path) -> None:
    whole, random = backup.read_bytes(), Random(8)
    digest, changed = check_backup(backup).digest, tmp_path / "changed"
    places = [random.randrange(len(whole)) for _ in range(25)]
    noticed = 0
    for place in places:
        changed.write_bytes(
            whole[:place] + bytes([whole[place] ^ 1 << random.randrange(8)]) + whole[place + 1 :]
        )
        try:
            assert check_backup(changed).digest == digest  # what says nothing of the home: a date in a ZIP
        except (BackupDamaged, NotABackup):
            noticed += 1
    assert noticed >= 22
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        changed.write_bytes(whole[:length])
        with pytest.raises(NotABackup):
            check_backup(changed)


@pytest.mark.parametrize(
    "name",
    ["../evil", "/tmp/evil", "runs/../../evil", "runs\\..\\evil", "keys/evil", "evil", "lock", "runs/./evil"],
)
def test_a_backup_of_a_stranger_writes_nowhere_else(
    backup: Path, keys: Path, tmp_path: Path, name: str
) -> None:
    rewrite(backup, exchanged(backup, name, b"evil"))
    with pytest.raises(NotABackup):
        restore(tmp_path / "deep" / "again", RestoreRequest(backup, keys=keys))
    assert not list(tmp_path.rglob("evil*"))


def test_a_backup_is_not_unpacked_to_more_than_it_is(backup: Path) -> None:
    rewrite(backup, members(backup), zipfile.ZIP_DEFLATED)
    with pytest.raises(BackupDamaged):
        check_backup(backup)


def test_a_picture_that_is_missing_is_missed(backup: Path, home: Path, tmp_path: Path) -> None:
    found = members(backup)
    name = next(name for name in found if name.startswith("blobs/"))
    said = json.loads(found[MANIFEST])
    del found[name], said["files"][name]
    rewrite(backup, found | {MANIFEST: json.dumps(said).encode()})
    with pytest.raises(BackupDamaged, match=name.rpartition("/")[2]):
        check_backup(backup)
    (home / name).unlink()
    made = back_up(
        home, tmp_path / "b", None
    )  # the home itself lacks it: that is said, and the rest is saved
    assert check_backup(tmp_path / "b").manifest.absent == made.manifest.absent == (name.rpartition("/")[2],)


def test_a_ledger_that_does_not_hold_is_not_backed_up_nor_put_back(
    home: Path, backup: Path, keys: Path, tmp_path: Path
) -> None:
    database = tmp_path / "database"
    database.write_bytes(members(backup)[DATABASE])
    edit(database)
    rewrite(backup, exchanged(backup, DATABASE, database.read_bytes()))
    with pytest.raises(LedgerBroken):
        check_backup(backup)
    with pytest.raises(LedgerBroken):
        restore(tmp_path / "again", RestoreRequest(backup, keys=keys))
    edit(home / DATABASE)
    with pytest.raises(LedgerBroken):
        back_up(home, tmp_path / "b", None)
    assert sorted(path.name for path in tmp_path.glob("*b*")) == ["database", "home.backup"]


def test_a_ledger_that_was_exchanged_for_a_shorter_one_is_noticed(
    home: Path, backup: Path, tmp_path: Path
) -> None:
    let_out(home, "three")
    back_up(home, tmp_path / "b", None)
    rewrite(tmp_path / "b", members(tmp_path / "b") | {DATABASE: members(backup)[DATABASE]})
    with pytest.raises(BackupDamaged):
        check_backup(tmp_path / "b")
    shorter = exchanged(tmp_path / "b", DATABASE, members(backup)[DATABASE])
    said = json.loads(shorter[MANIFEST])
    del shorter["checkpoint.txt"], said["files"]["checkpoint.txt"]
    rewrite(tmp_path / "b", shorter | {MANIFEST: json.dumps(said).encode()})
    with pytest.raises(BackupDamaged, match="another than it says"):
        check_backup(tmp_path / "b")


def edit(database: Path) -> None:
    with sqlite3.connect(database) as raw:
        raw.execute("DROP TRIGGER entries_refuse_update")
        raw.execute("UPDATE entries SET body = replace(body, 'keys', 'kexs') WHERE seq = 0")
    raw.close()


# A ledger that others have seen


def test_a_ledger_that_is_another_than_somebody_saw_is_not_put_back(
    home: Path, backup: Path, keys: Path, tmp_path: Path
) -> None:
    restore(tmp_path / "fork", RestoreRequest(backup, keys=keys, seen=home))  # seen: just this
    let_out(tmp_path / "fork", "five")
    let_out(home, "six", "seven")
    back_up(home, tmp_path / "b", None)
    with pytest.raises(LedgerBroken, match=r"differs|another|not"):
        restore(tmp_path / "again", RestoreRequest(tmp_path / "b", keys=keys, seen=tmp_path / "fork"))
    with pytest.raises(LedgerBroken):
        check_backup(tmp_path / "b", seen=tmp_path / "fork")
    assert not (tmp_path / "again").exists()


def test_a_backup_is_checked_by_the_keys_that_somebody_holds(
    home: Path, backup: Path, tmp_path: Path
) -> None:
    assert check_backup(backup).own_keys
    assert not check_backup(backup, [ledger_keys(home)]).own_keys
    init_keys(tmp_path / "other")
    with pytest.raises(LedgerBroken):
        check_backup(backup, [ledger_keys(tmp_path / "other")])
