"""The keys of a home: made when first needed, described, and their making written into the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rectoverso.errors import BadSetting, KeysExist, KeysLost, KeysMissing
from rectoverso.i18n import Phrase, say
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.keys import KeyDescription, Keys
from rectoverso.store.ledger_keys import LedgerKeys
from rectoverso.store.signers import PictureSigner
from rectoverso.types import Message
from rectoverso.verso.ledger.entry import Json
from rectoverso.verso.ledger.keyring import KeyRing, first_size_after
from rectoverso.workflow.ledgers import committed, open_ledger, signing_keys
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.signers import counting, in_force

DEFAULT_OWNER = "Rectoverso development"


def open_keys(home: Home, *, listener: Listener = silent, clock: Clock | None = None) -> Keys:
    """The keys of ``home``, made now if it has none; the listener is told of new ones."""
    if (keys := home.keys) is not None:
        home.begin_data_keys()
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


def rotate_keys(home_path: Path, clock: Clock | None = None) -> tuple[int, list[KeyDescription]]:
    """Give ledger and pictures new keys, named in an entry that the ledger's old ones sign; returns its index and all
    keys.

    Whoever knows the ledger's old public keys can follow to the new ones. The certificate that signed pictures goes out
    of use with that entry, and its key is deleted. Raises KeysMissing.
    """
    home = Home.open(home_path)
    with home.lock():
        keys = home.keys
        if keys is None:
            raise KeysMissing(home=home_path)
        ledger = open_ledger(home, keys, clock)
        with home.database.transaction() as tx:
            if home.log.size(tx) == 0:  # killed between making the keys and writing so
                _record(home, keys, tx, clock or SystemClock())
            size = home.log.size(tx)
            made = LedgerKeys.generate(size)
            signer = keys.next_signer(size, (clock or SystemClock()).now())
            before = in_force(keys, ledger.ring)
            index = ledger.rotate(tx, signing_keys(keys, made), _handed_on(before, signer))
            made.keep(keys.folder)
            signer.keep(keys.folder)
        _clear(keys, ledger.ring)
        return index, list_keys(home_path)


def _handed_on(before: PictureSigner, after: PictureSigner) -> dict[str, Json]:
    """What the entry says of who signs pictures."""
    from cryptography.hazmat.primitives.hashes import SHA256

    retired, signer = (one.leaf.fingerprint(SHA256()).hex() for one in (before, after))
    return {
        "signer": signer,
        "expires": after.leaf.not_valid_after_utc.date().isoformat(),
        "retired": retired,
    }


def _clear(keys: Keys, ring: KeyRing) -> None:
    """Remove generations that a killed process made and that no entry names, and the keys of all that signed pictures
    before. ``keys``: those that there were before the new ones.
    """
    first_sizes = {era.first_size for era in ring.eras}
    later: list[LedgerKeys | PictureSigner] = [*keys.ledger[1:], *keys.signers[1:]]
    for made in later:
        if first_size_after(made.entry) not in first_sizes:
            (keys.folder / made.file).unlink(missing_ok=True)
    for retired in counting(keys, ring):
        retired.retire(keys.folder)


def time_stamp_authority(home_path: Path, url: str | None = None) -> str:
    """The authority that stamps this home's signatures, "" for none; with a ``url`` ("" too) it is made that one.

    Raises BadSetting for what is no web address.
    """
    if url is None:
        home = Home.existing(home_path)
        return home.time_stamp_authority if home else ""
    if url and not url.startswith(("http://", "https://")):
        facts = {"value": url}
        reason, advice = (Message(f"store.keys.tsa_{part}", facts) for part in ("reason", "advice"))
        raise BadSetting(setting="tsa", reason=Phrase(reason), advice=Phrase(advice))
    Home.open(home_path).time_stamp_authority = url
    return url


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
        with home.database.transaction() as tx:
            _record(home, keys, tx, clock)
    return keys


def _record(home: Home, keys: Keys, tx: Transaction, clock: Clock) -> None:
    """The first entry of a ledger. Who owns the home is committed to: a name is personal data."""
    home.begin_data_keys(tx)
    signer = keys.describe()[1]
    facts = {
        "owner": committed(home, tx, keys.owner),
        "signer": signer.fingerprint,
        "expires": signer.expires,
    }
    open_ledger(home, keys, clock).append(tx, "keys_created", facts)
