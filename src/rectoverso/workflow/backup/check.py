"""`verso backup --check`: a backup is what it says, and the ledger in it holds. Nothing of it is opened for that.

1. Every file has the size and the digest that the manifest says.
2. The database holds together, and every picture that it has to have is there.
3. The ledger holds, by the keys given, or else by those that the backup itself names.
4. It goes on from what somebody saw of it, where that was given, or is older.
5. The passphrase opens the keys, where one was given.
"""

from __future__ import annotations

import tempfile
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from rectoverso.errors import HomeDamaged, HomeTooNew, LedgerBroken, NotABackup
from rectoverso.i18n import Phrase
from rectoverso.store import snapshot
from rectoverso.store.log import Log
from rectoverso.store.sqlite import SqliteDatabase
from rectoverso.types import AssetId, Digest
from rectoverso.verso.ledger.audit import LedgerState, audit
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.merkle import EMPTY_ROOT
from rectoverso.verso.ledger.note import BadNote
from rectoverso.workflow.backup.archive import Manifest, Reading, reading
from rectoverso.workflow.backup.contents import BLOBS, DATABASE
from rectoverso.workflow.backup.sealed import opened
from rectoverso.workflow.backup.seen import entries_missing, read_seen
from rectoverso.workflow.watch import key_ring


@dataclass(frozen=True, slots=True)
class Sound:
    """A backup that was checked. ``missing``: entries that somebody saw and its ledger does not have; ``own_keys``: its
    ledger was checked by no other keys than it names itself.
    """

    digest: Digest
    manifest: Manifest
    missing: int
    own_keys: bool


def check_backup(
    path: Path, given: Iterable[str] = (), seen: Path | None = None, passphrase: str | None = None
) -> Sound:
    """Carry out the steps above; ``given``: public keys of the ledger. Raises NotABackup, BackupDamaged, LedgerBroken,
    BackupKeysMissing, NotALedger and LedgerKeyUnusable.
    """
    note = read_seen(seen) if seen else None
    with reading(path) as backup, tempfile.TemporaryDirectory() as folder:
        backup.check()
        database = Path(folder) / DATABASE
        backup.extract(DATABASE, database)
        demand_whole(backup, database)
        lines = next(iter(given), "")
        ring = key_ring(lines) if lines else _own_ring(backup)
        missing = _demand_ledger(backup, database, ring, note)
        if passphrase is not None and backup.keys is not None:
            opened(backup.keys, passphrase, backup.digest, path)
        return Sound(backup.digest, backup.manifest, missing, own_keys=not lines)


def demand_whole(backup: Reading, database: Path) -> None:
    """Raise BackupDamaged where its database does not hold together, or wants a picture that is not in the backup and
    was there when that was made; HomeTooNew where a later version made it.
    """
    try:
        snapshot.demand_sound(database)
    except HomeDamaged as error:
        raise backup.damaged("database") from error
    except HomeTooNew as error:
        raise HomeTooNew(**error.facts | {"home": backup.path}) from error
    absent = pictures_missing(database, backup.manifest.files) - set(backup.manifest.absent)
    if absent:
        raise backup.damaged("picture", asset=min(absent))


def pictures_missing(database: Path, files: Container[str]) -> set[AssetId]:
    """The images whose stored picture a database wants, and which is not among these files."""
    return {asset for asset in snapshot.pictures(database) if f"{BLOBS}/{asset[:2]}/{asset}" not in files}


def _demand_ledger(backup: Reading, database: Path, ring: KeyRing | None, note: bytes | None) -> int:
    """How many entries of what was seen its ledger does not have. Raises BackupDamaged, LedgerBroken."""
    keys = ring.text if ring else ""
    state = ledger_in(database, keys, [])
    demand_holds(state)
    if (state.size, state.root) != (backup.manifest.ledger_size, backup.manifest.ledger_root):
        raise backup.damaged("ledger")
    missing = entries_missing(note, ring, state.size) if note and ring else 0
    if note and not missing:
        demand_holds(ledger_in(database, keys, [note]))
    return missing


def ledger_in(database: Path, ring: str, remembered: Iterable[bytes]) -> LedgerState:
    """The check of the ledger in the file of a database. Without keys there is none, and nothing to check."""
    if not ring:
        return LedgerState(0, Digest(EMPTY_ROOT.hex()), ())
    copy = SqliteDatabase(database)
    try:
        with copy.read() as tx:
            notes = [note.decode("utf-8", "replace") for note in remembered]
            return audit(Log(), tx, KeyRing.parse(ring), None, notes)
    finally:
        copy.close()


def demand_holds(state: LedgerState) -> None:
    """Raise LedgerBroken where a check found anything."""
    if state.problems:
        raise LedgerBroken(problem=Phrase(state.problems[0]))


def _own_ring(backup: Reading) -> KeyRing | None:
    try:
        return KeyRing.parse(backup.manifest.ledger_keys) if backup.manifest.ledger_keys else None
    except BadNote as error:
        raise NotABackup(path=backup.path) from error
