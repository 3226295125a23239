"""Changing the master key of a home while it works: all data keys are wrapped anew, and no picture is.

    1. Begin   A new wrapping key, wrapped by the next master key: the service's, or the first of the environment, or
               else a new file. From here on everything new is under it.
    2. Wrap    The data keys, some at a time. Others release, register and read meanwhile.
    3. End     Nothing is under the old wrapping key any more: it is destroyed, and an entry of the ledger says so, in
               one transaction.
    4. Clear   The file of the old master key is overwritten and removed, and what the database still keeps of the old
               rows.

Killed at any moment and started again, it goes on where it was, and the ledger has one entry of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.errors import MasterKeyMissing
from rectoverso.protocols import Clock
from rectoverso.store import master
from rectoverso.store.data_keys import WrappingKey
from rectoverso.store.home import Home
from rectoverso.store.lock import exclusive
from rectoverso.workflow.ledgers import existing_home, keys_of, last_entry, open_ledger

ENTRY = "master_key_changed"
AT_ONCE = 500
"""Data keys that are wrapped in one transaction: others wait for so many."""


@dataclass(frozen=True, slots=True)
class Changed:
    """``place`` is where the master key is now: a file, a variable or a service. ``ledger_index`` is of the entry."""

    ledger_index: int
    place: str
    master: str


def change_master_key(home_path: Path, clock: Clock | None = None) -> Changed:
    """Change the master key of a home, or go on with a change that was interrupted.

    Raises HomeMissing, KeysLost, HomeBusy where another process is changing it, MasterKeyMissing, KeyServiceFailed.
    """
    home = existing_home(home_path)
    keys = keys_of(home)
    home.begin_data_keys()
    with exclusive(home.path / "master-key.lock", 0, home.path):
        if not any(key.is_destroyed for key in _wrapping_keys(home)):
            if len(_wrapping_keys(home)) == 1:
                _begin(home)
            _wrap(home)
            ledger = open_ledger(home, keys, clock)
            with home.database.transaction() as tx:
                while home.data_keys.wrap_again(tx, AT_ONCE):
                    pass  # kept by somebody since: nobody else is writing now
                home.data_keys.destroy_old_wrapping_keys(tx)
                ledger.append(tx, ENTRY, {"number": home.data_keys.wrapping_keys(tx)[-1].number})
        return _clear(home)


def _begin(home: Home) -> None:
    elsewhere = master.elsewhere()
    following = elsewhere[0] if elsewhere else master.new_file(home.keys_path)
    with home.database.transaction() as tx:
        home.data_keys.add_wrapping_key(tx, following)


def _wrap(home: Home) -> None:
    while True:
        with home.database.transaction() as tx:
            if not home.data_keys.wrap_again(tx, AT_ONCE):
                return


def _clear(home: Home) -> Changed:
    """Remove what opened the old wrapping keys; the row that says that there is something to remove goes last."""
    newest = _wrapping_keys(home)[-1]
    held = next((key for key in master.all_keys(home.keys_path) if key.id == newest.master), None)
    if held is None:  # it was changed in another environment: nothing is removed before this one has the key
        raise MasterKeyMissing(home=home.path, id=newest.master)
    for key in master.in_folder(home.keys_path):
        if key.id != newest.master:
            master.destroy(Path(key.place))
    home.database.settle()
    with home.database.transaction() as tx:
        index = last_entry(home, tx, lambda entry: _tells_of(entry, newest.number))
        home.data_keys.forget_destroyed(tx)
    return Changed(-1 if index is None else index, held.place, newest.master)


def _tells_of(entry: Mapping[str, Any], number: int) -> bool:
    return (entry.get("kind"), entry.get("number")) == (ENTRY, number)


def _wrapping_keys(home: Home) -> list[WrappingKey]:
    with home.database.read() as tx:
        return home.data_keys.wrapping_keys(tx)
