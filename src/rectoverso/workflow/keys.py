"""The keys of a home: made when first needed, described, and their making written into the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rectoverso.errors import KeysExist, KeysLost
from rectoverso.i18n import say
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.store.keys import KeyDescription, Keys
from rectoverso.types import Message
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.progress import Listener, Progress, silent

DEFAULT_OWNER = "Rectoverso development"


def open_keys(home: Home, *, listener: Listener = silent, clock: Clock | None = None) -> Keys:
    """The keys of ``home``, made now if it has none; the listener is told of new ones."""
    if (keys := home.keys) is not None:
        return keys
    try:
        keys = _create(home, DEFAULT_OWNER, clock or SystemClock())
    except KeysExist:  # another process was first
        return open_keys(home, listener=listener, clock=clock)
    listener(Progress(Message("progress.keys_made", {"path": str(keys.ca_path)}), 1, 1))
    return keys


def init_keys(home_path: Path, owner: str = "", clock: Clock | None = None) -> list[KeyDescription]:
    """Make the keys of a home. Raises KeysExist rather than replace any."""
    return _create(Home.open(home_path), owner or DEFAULT_OWNER, clock or SystemClock()).describe()


def list_keys(home_path: Path) -> list[KeyDescription]:
    """What each key is for, its fingerprint, its end and its place; empty when there are none."""
    home = Home.existing(home_path)
    keys = home.keys if home else None
    return keys.describe() if keys else []


def plain(key: KeyDescription, language: str = "en") -> dict[str, Any]:
    """As `--json` prints it."""
    return {
        "name": key.name,
        "purpose": say(key.purpose, language),
        "fingerprint": key.fingerprint,
        "expires": key.expires,
        "path": str(key.path),
        "secret": key.is_secret,
    }


def _create(home: Home, owner: str, clock: Clock) -> Keys:
    with home.lock():
        with home.database.read() as tx:
            has_entries = home.log.size(tx) > 0
        if has_entries and home.keys is None:
            raise KeysLost(home=home.path)
        keys = Keys.create(home.keys_path, owner=owner, clock=clock)
        signer = keys.describe()[1]
        with home.database.transaction() as tx:
            facts = {"owner": owner, "signer": signer.fingerprint, "expires": signer.expires}
            open_ledger(home, keys, clock).append(tx, "keys_created", facts)
    return keys
