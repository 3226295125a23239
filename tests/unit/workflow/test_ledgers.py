"""The ledger of a home, checked against its store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rectoverso.errors import EntryNotFound, HomeMissing, KeysLost
from rectoverso.store.home import Home
from rectoverso.verso.ledger.proof import verify_proof
from rectoverso.workflow.keys import init_keys, open_keys
from rectoverso.workflow.ledgers import check_ledger, open_ledger, prove_entry
from rectoverso.workflow.registry import add_works, remove_work
from rectoverso.workflow.seal import seal_files

Picture = Callable[..., Path]


def test_a_new_home_has_its_keys_in_the_ledger(home: Path) -> None:
    init_keys(home, "Studio Verso")
    checked = check_ledger(home)
    assert checked.holds
    assert checked.size == 1


def test_every_change_of_the_register_is_an_entry(home: Path, picture: Picture) -> None:
    add_works([picture("one.png", 1), picture("two.png", 2)], home)
    remove_work("one", home)
    opened = Home.open(home)
    ledger = open_ledger(opened, open_keys(opened))
    kinds = [ledger.entry(index)["kind"] for index in range(ledger.size())]
    assert kinds == ["keys_created", "work_registered", "work_registered", "work_removed"]


def test_a_proof_of_an_asset_holds_offline(tmp_path: Path, home: Path, picture: Picture) -> None:
    (passage,) = seal_files([picture("one.png")], tmp_path / "out", home).passages
    index, text = prove_entry(home, passage.asset.id)
    opened = Home.open(home)
    ledger = open_ledger(opened, open_keys(opened))
    assert index == passage.asset.ledger_index
    assert not verify_proof(text, ledger.entry_bytes(index), ledger.key).problems


def test_a_picture_gone_from_the_store_is_found(tmp_path: Path, home: Path, picture: Picture) -> None:
    (passage,) = seal_files([picture("one.png")], tmp_path / "out", home).passages
    (blob,) = (home / "blobs").glob(f"*/{passage.asset.blob}")
    blob.unlink()
    checked = check_ledger(home)
    assert [problem.key for problem in checked.problems] == ["release.picture_damaged"]


def test_a_ledger_whose_keys_are_gone_is_not_called_sound(home: Path, picture: Picture) -> None:
    add_works([picture("one.png")], home)
    for key in (home / "keys").iterdir():
        key.unlink()
    with pytest.raises(KeysLost):
        check_ledger(home)
    with pytest.raises(KeysLost):
        seal_files([picture("two.png")], home.parent / "out", home)
    assert not list((home / "keys").iterdir())


def test_no_home_is_not_an_empty_ledger(home: Path) -> None:
    with pytest.raises(HomeMissing):
        check_ledger(home)


def test_an_entry_that_is_not_there_is_said(home: Path) -> None:
    init_keys(home)
    with pytest.raises(EntryNotFound):
        prove_entry(home, "7")
    with pytest.raises(EntryNotFound):
        prove_entry(home, "no-such-asset")
