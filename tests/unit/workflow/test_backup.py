"""A home comes back from its backup as it was, whole or not at all; and what was erased since does not."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import sqlite3
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from command import verso
from doors import Says, draft_of, through
from killing import killed_at_lines
from rectoverso.errors import (
    BackupDamaged,
    BackupKeysMissing,
    BadSetting,
    HomeTaken,
    LedgerBroken,
    MasterKeyMissing,
    NotABackup,
    OutNotWritable,
)
from rectoverso.store import home as home_module
from rectoverso.store.home import Home
from rectoverso.store.jobs import State
from rectoverso.store.people import Role
from rectoverso.verso.picture import to_png
from rectoverso.verso.policy import Shelf
from rectoverso.workflow.backup import make, sealed
from rectoverso.workflow.backup import restore as restoring
from rectoverso.workflow.backup.archive import MANIFEST
from rectoverso.workflow.backup.check import check_backup
from rectoverso.workflow.backup.contents import DATABASE, FILES, FOLDERS, LEFT_OUT
from rectoverso.workflow.backup.make import back_up
from rectoverso.workflow.backup.restore import RestoreRequest, restore
from rectoverso.workflow.erase import What, erase
from rectoverso.workflow.guard import unsafe_accept
from rectoverso.workflow.jobs.asked import SealAsked, Sent
from rectoverso.workflow.jobs.kept import run_of
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.keys import init_keys, open_keys
from rectoverso.workflow.ledgers import check_ledger, ledger_keys
from rectoverso.workflow.master_key import change_master_key
from rectoverso.workflow.people import add_person
from rectoverso.workflow.registry import add_works
from rectoverso.workflow.release import Door
from stores import Server
from unit.verso.conftest import photo

PASSPHRASE = "correct horse battery staple"


def door(home: Home) -> Door:
    return Door(home, open_keys(home), lambda _works: [Says()], Shelf().policy("general"))


def let_out(path: Path, *names: str) -> list[str]:
    home = Home.open(path)
    passages = through(door(home), path.parent / "out", [draft_of(name) for name in names])
    home.close()
    return [passage.asset.id for passage in passages]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work, two releases, somebody's unfinished order with what was sent for it, and half a training."""
    folder = tmp_path_factory.mktemp("backup")
    path = folder / "home"
    init_keys(path)
    (folder / "work.png").write_bytes(to_png(photo(0, 96)))
    add_works([folder / "work.png"], path, title="Window", owner="Anna Muster")
    let_out(path, "one", "two")
    fill(path)
    return path


def fill(path: Path) -> None:
    """What a service keeps."""
    home = Home.open(path)
    person, *_ = add_person(home, "Berta", Role.MAKER)
    digest = home.uploads.put(to_png(photo(1, 64)))
    asked = SealAsked(files=(Sent(digest=digest, name="sent.png"),), use="general", origin="ai")
    job, _ = order(home, person.id, asked)
    home.jobs.mark_sent(home.jobs.unsent(9))
    kept = home.folders.made(run_of(job.id))
    for name in ("tensors.safetensors", "state.json"):
        kept.write(f"state/000000000064-0/{name}", name.encode())
    kept.write("status.jsonl", b"{}\n")
    (path / "sealed" / ".body.part").mkdir()
    (path / "sealed" / ".body.part" / "half").write_bytes(b"half a body")
    (path / "policies").mkdir()
    (path / "policies" / "ours.toml").write_text("# ours")
    (path / "working").mkdir()
    (path / "working" / "plain.png").write_bytes(b"plain")
    home.close()


@pytest.fixture(autouse=True)
def quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_MEMORY_KIB", 64)


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "home"))


@pytest.fixture
def keys(home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(home / "keys", tmp_path / "kept-keys"))


@pytest.fixture
def backup(home: Path, tmp_path: Path) -> Path:
    back_up(home, tmp_path / "home.backup", None)
    return tmp_path / "home.backup"


def told(path: Path) -> dict[str, Any]:
    """All that a home has to tell."""
    home = Home.open(path)
    with home.database.read() as tx:
        entries = home.log.entries(tx, 0, home.log.size(tx))
    found = {
        "entries": entries,
        "assets": home.assets.all(),
        "works": home.works.all(),
        "people": home.people.all(),
        "jobs": [(job, home.jobs.items(job.id)) for job in home.jobs.open()],
        "pictures": {asset: home.blobs.get(asset) for asset in home.blobs.all()},
        "sent": [
            home.uploads.get(digest)
            for job in home.jobs.open()
            for digest in (job.asked["files"][0]["digest"],)
        ],
        "files": {
            str(file.relative_to(path)): file.read_bytes()
            for part in ("sealed", "policies", "trust")
            for file in sorted((path / part).rglob("*"))
            if file.is_file() and file.parent.suffix != ".part"
        },
    }
    home.close()
    return found


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


def test_every_part_of_a_home_is_in_a_backup_or_left_out_on_purpose() -> None:
    drawn = (home_module.__doc__ or "").partition("\n\n")[2]
    names = {name for line in drawn.splitlines() for name in re.findall(r"^([a-z0-9.]+)/? {2,}", line)}
    assert len(names) > 15
    assert names <= {*FOLDERS, *FILES, *LEFT_OUT, DATABASE}


# Keys


def test_keys_that_were_left_out_are_nowhere_in_it(backup: Path, keys: Path, tmp_path: Path) -> None:
    data = backup.read_bytes()
    for key in keys.glob("*.key"):
        secret = key.read_bytes().strip()
        for form in (secret, bytes.fromhex(secret.decode()) if b"-" not in secret else secret[40:80]):
            assert form not in data
            assert base64.b64encode(form) not in data
    with pytest.raises(BackupKeysMissing, match="without them"):
        restore(tmp_path / "again", RestoreRequest(backup))
    assert not list(tmp_path.glob(".again*"))


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


def test_a_passphrase_vouches_for_everything_in_the_backup(home: Path, tmp_path: Path) -> None:
    back_up(home, tmp_path / "b", PASSPHRASE)
    rewrite(tmp_path / "b", exchanged(tmp_path / "b", "policies/ours.toml", b"[rules]\n"))
    assert check_backup(tmp_path / "b").digest  # whole in itself: the manifest was written anew too
    with pytest.raises(BackupKeysMissing, match="changed"):
        check_backup(tmp_path / "b", passphrase=PASSPHRASE)


# What is not as it was made


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def exchanged(path: Path, name: str, data: bytes) -> dict[str, bytes]:
    """The members of a backup with another file, and a manifest that says so."""
    found = members(path)
    said = json.loads(found[MANIFEST])
    said["files"][name] = [len(data), hashlib.sha256(data).hexdigest()]
    return found | {name: data, MANIFEST: json.dumps(said).encode()}


def rewrite(path: Path, found: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in found.items():
            archive.writestr(name, data)


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


def test_killed_anywhere_a_backup_is_whole_or_not_there(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "b"
    for _ in killed_at_lines(
        lambda: back_up(home, out, None), make.back_up, make._made, make._moment, make._unfinished, every=13
    ):
        if out.exists():
            check_backup(out)
            out.unlink()
    assert check_backup(out)
    assert not list(tmp_path.glob(".b*"))


# While others work


def test_what_is_released_meanwhile_is_not_half_in_it(
    home: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(home)
    meanwhile(monkeypatch, lambda: let_out(home, "meanwhile"))
    back_up(home, tmp_path / "b", None)
    restore(tmp_path / "again", RestoreRequest(tmp_path / "b", keys=keys))
    assert told(tmp_path / "again") == before
    assert len(told(home)["pictures"]) == 3


def test_what_is_erased_meanwhile_is_not_in_it(
    home: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = str(told(home)["assets"][0].id)
    meanwhile(monkeypatch, lambda: erase(home, What.ASSET, asset))
    back_up(home, tmp_path / "b", None)
    assert not [name for name in members(tmp_path / "b") if asset in name]
    restore(tmp_path / "again", RestoreRequest(tmp_path / "b", keys=keys))
    assert told(tmp_path / "again") == told(home)


def test_a_training_that_replaces_its_checkpoint_meanwhile(
    home: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Home.open(home)
    (job,) = opened.jobs.open()
    kept = opened.folders.find(run_of(job.id))
    assert kept

    def replace() -> None:
        kept.write("state/000000000128-0/state.json", b"later")
        kept.remove("state/000000000064-0/state.json")

    meanwhile(monkeypatch, replace)
    back_up(home, tmp_path / "b", None)
    restore(tmp_path / "again", RestoreRequest(tmp_path / "b", keys=keys))
    again = Home.open(tmp_path / "again").folders.find(run_of(job.id))
    assert again
    assert {name: again.read(name) for name in again.names()} == {
        name: kept.read(name) for name in kept.names()
    }
    assert "state/000000000128-0/state.json" in again.names()


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Do something once, when the door is open again and before the first file is copied."""
    copy, acts = make._copy, [act]

    def acting(*arguments: Any) -> None:
        if acts:
            acts.pop()()
        copy(*arguments)

    monkeypatch.setattr(make, "_copy", acting)


# A ledger that others have seen


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


# Typed


def test_typed(home: Path, tmp_path: Path) -> None:
    file, words = tmp_path / "b", tmp_path / "passphrase"
    words.write_text(f"{PASSPHRASE}\n")
    verso("backup", file, "--home", home, code=2)
    verso("backup", file, "--home", home, "--without-keys", "--passphrase-file", words, code=2)
    made = json.loads(verso("backup", file, "--home", home, "--passphrase-file", words, "--json").stdout)
    assert (made["keys"], made["master"], made["ledger"]["size"]) == ("sealed", True, 4)
    assert made["digest"] in verso("backup", "--check", file).stdout
    verso("restore", file, "--home", home, "--passphrase-file", words, code=2)
    again = json.loads(
        verso("restore", file, "--home", tmp_path / "again", "--passphrase-file", words, "--json").stdout
    )
    assert (again["digest"], again["missing"], again["problems"]) == (made["digest"], 0, [])
    file.write_bytes(file.read_bytes().replace(b"# ours", b"# Ours"))
    damaged = verso("backup", "--check", file, "--json", code=1)
    assert json.loads(damaged.stdout)["error"]["code"] == "backup_damaged"
