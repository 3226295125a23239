"""A backup is whole or not there, of one moment while others work, and says of itself what it is."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from backups import PASSPHRASE, let_out, members, told
from command import verso
from killing import killed_at_lines
from rectoverso.errors import BackupKeysMissing
from rectoverso.store import home as home_module
from rectoverso.store.home import Home
from rectoverso.workflow.backup import make
from rectoverso.workflow.backup.check import check_backup
from rectoverso.workflow.backup.contents import DATABASE, FILES, FOLDERS, LEFT_OUT
from rectoverso.workflow.backup.make import back_up
from rectoverso.workflow.backup.restore import RestoreRequest, restore
from rectoverso.workflow.erase import What, erase
from rectoverso.workflow.jobs.kept import run_of


def test_every_part_of_a_home_is_in_a_backup_or_left_out_on_purpose() -> None:
    drawn = (home_module.__doc__ or "").partition("\n\n")[2]
    names = {name for line in drawn.splitlines() for name in re.findall(r"^([a-z0-9.]+)/? {2,}", line)}
    assert len(names) > 15
    assert names <= {*FOLDERS, *FILES, *LEFT_OUT, DATABASE}


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
