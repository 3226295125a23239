"""`verso restore`: a home put back from a backup, whole or not at all.

    1. Stage    Everything into a folder beside the home that is to be, each file by its digest; the keys by the
                passphrase, or a copy of theirs.
    2. Check    The records, and the ledger by its keys; that it goes on from what somebody saw of it, or is older.
    3. Erase    What was erased since, by its receipts: it does not come back.
    4. Records  Into the database of the setting, if one is set: all at once.
    5. Name     The folder gets the name of the home: from then on there is one.

Killed before 5, there is no home; whoever asks again for the same goes on where it was. Nothing is put back over what
is there: a folder takes the name of an empty one only.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.errors import HomeNotPermitted, HomeTaken, KeysDamaged, NothingToErase
from rectoverso.i18n import say
from rectoverso.protocols import Clock
from rectoverso.store import address, snapshot
from rectoverso.store.atomic import PRIVATE_FOLDER, make_private_folder, sync_folder, write_durably
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.lock import exclusive
from rectoverso.types import Digest, Message
from rectoverso.workflow.backup.archive import Manifest, Reading, reading
from rectoverso.workflow.backup.check import demand_holds, demand_whole, ledger_in
from rectoverso.workflow.backup.contents import DATABASE
from rectoverso.workflow.backup.sealed import keys_in, keys_missing, opened
from rectoverso.workflow.backup.seen import entries_missing, read_seen
from rectoverso.workflow.erase import What, erase_in
from rectoverso.workflow.ledgers import check_home, open_ledger
from rectoverso.workflow.receipts import Receipt

_LOCK, _STAGED = "restoring.lock", "restoring.json"


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """``passphrase`` or ``keys`` (a folder) opens the backup; ``seen``: what somebody saw of the ledger; ``erased``:
    receipts of what was erased since.
    """

    backup: Path
    passphrase: str | None = None
    keys: Path | None = None
    seen: Path | None = None
    erased: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """``missing``: entries that somebody saw and that are not in its ledger; ``problems``: what else is wrong with the
    home, as it was when the backup was made.
    """

    digest: Digest
    manifest: Manifest
    missing: int
    erased: int
    problems: tuple[Message, ...]

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "digest": self.digest,
            "made_at": self.manifest.made_at,
            "files": len(self.manifest.files),
            "ledger": {"size": self.manifest.ledger_size, "root": self.manifest.ledger_root},
            "missing": self.missing,
            "erased": self.erased,
            "problems": [{"key": problem.key, "text": say(problem)} for problem in self.problems],
        }


def restore(home_path: Path, asked: RestoreRequest, clock: Clock | None = None) -> Restored:
    """Put a home back where there is none. Raises NotABackup, BackupDamaged, BackupKeysMissing, HomeTaken, HomeBusy,
    HomeNotPermitted, LedgerBroken, MasterKeyMissing, NotALedger, NotAReceipt, and what a database server says.
    """
    home_path = home_path.resolve()
    demand_free(home_path)
    receipts = [Receipt.read(path) for path in asked.erased]
    note = read_seen(asked.seen) if asked.seen else None
    with reading(asked.backup) as backup, _staging(home_path) as folder:
        wish = _wish(backup.digest, receipts, note)
        restored = _earlier(folder, wish, backup)
        if restored is None:
            restored = _staged(folder, backup, asked, receipts, note, clock)
            write_durably(
                folder / _STAGED, json.dumps({"wish": wish, **_kept(restored)}, default=str).encode()
            )
        _move_records(folder)
        os.sync()  # what was written, before its name
        _take_name(folder, home_path)
    return restored


def demand_free(home_path: Path) -> None:
    """Raise HomeTaken where there is anything but an empty folder."""
    if home_path.exists() and not (home_path.is_dir() and not any(home_path.iterdir())):
        raise HomeTaken(place=home_path)


# 1. Stage


def _staged(
    folder: Path,
    backup: Reading,
    asked: RestoreRequest,
    receipts: Sequence[Receipt],
    note: bytes | None,
    clock: Clock | None,
) -> Restored:
    _clear(folder)
    for name in backup.manifest.files:
        path = folder / name
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        backup.extract(name, path)
    _put_keys(folder, backup, asked)
    demand_whole(backup, folder / DATABASE)
    home = Home.staged(folder)
    try:
        missing, problems = _checked(home, note)
        count = sum(_erase_again(home, receipt, clock) for receipt in receipts)
        if note and missing:
            home.last_checkpoint = note
    finally:
        home.close()
    return Restored(backup.digest, backup.manifest, missing, count, problems)


def _put_keys(folder: Path, backup: Reading, asked: RestoreRequest) -> None:
    if backup.manifest.keys == "none":
        return
    if asked.keys is not None:
        files = _copied(asked.keys)
    elif backup.keys is None:
        raise keys_missing(asked.backup, "left_out")
    elif asked.passphrase is None:
        raise keys_missing(asked.backup, "sealed")
    else:
        files = opened(backup.keys, asked.passphrase, backup.digest, asked.backup)
    make_private_folder(folder / "keys")
    for name, data in files.items():
        write_durably(folder / "keys" / name, data)
    if Keys.load(folder / "keys") is None:
        raise keys_missing(asked.backup, "incomplete")


def _copied(folder: Path) -> dict[str, bytes]:
    try:
        return keys_in(folder)
    except OSError as error:
        raise KeysDamaged(home=folder.parent, file=folder.name) from error


# 2. Check


def _checked(home: Home, note: bytes | None) -> tuple[int, tuple[Message, ...]]:
    """Entries missing, and what was wrong with the home already. Raises LedgerBroken for a ledger that does not hold,
    or is another than was seen; MasterKeyMissing.
    """
    if home.keys is None:
        return 0, ()
    ring = open_ledger(home, home.keys).ring
    remembered = [] if home.last_checkpoint is None else [home.last_checkpoint]
    with home.database.read() as tx:
        missing = entries_missing(note, ring, home.log.size(tx)) if note else 0
    if note and not missing:
        remembered.append(note)
    demand_holds(ledger_in(home.database_path, ring.text, remembered))
    _ = home.vault  # the master key is the right one
    return missing, check_home(home).problems


# 3. Erase


def _erase_again(home: Home, receipt: Receipt, clock: Clock | None) -> bool:
    """Whether there was anything to erase: what was erased before the backup is told again."""
    what, _, name = receipt.words.partition(" ")
    try:
        return not erase_in(home, What(what), name, clock, is_served=False).repeated
    except NothingToErase:
        return False


# 4. Records


def _move_records(folder: Path) -> None:
    """Into a server's database, where one is set; killed anywhere, they are put there once."""
    staged = Home.staged(folder) if (folder / DATABASE).exists() else None
    if staged is None:
        return
    target = address.set_database(folder)
    try:
        if target is None:
            return
        snapshot.put(staged.database, target)
        address.remember(folder, target)
    finally:
        staged.close()
        if target is not None:
            target.close()
    for file in folder.glob(f"{DATABASE}*"):
        file.unlink()


# 5. Name


@contextmanager
def _staging(home_path: Path) -> Iterator[Path]:
    """The folder beside the home, for one process. Only who is killed leaves it."""
    folder = home_path.with_name(f".{home_path.name}.restoring")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        make_private_folder(folder)
        with exclusive(folder / _LOCK, 0, home_path):
            try:
                yield folder
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)  # it has keys in it
                raise
    except OSError as error:
        raise HomeNotPermitted(home=home_path, system=error.strerror or error) from error


def _clear(folder: Path) -> None:
    for left in folder.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        elif left.name != _LOCK:
            left.unlink()


def _take_name(folder: Path, home_path: Path) -> None:
    try:
        folder.rename(home_path)
    except OSError as error:
        demand_free(home_path)
        raise HomeNotPermitted(home=home_path, system=error.strerror or error) from error
    sync_folder(home_path.parent)
    for name in (_STAGED, _LOCK):
        (home_path / name).unlink()


def _wish(backup: Digest, receipts: Sequence[Receipt], note: bytes | None) -> str:
    words = json.dumps([backup, sorted(receipt.words for receipt in receipts), (note or b"").hex()])
    return hashlib.sha256(words.encode()).hexdigest()


def _kept(restored: Restored) -> dict[str, Any]:
    problems = [{"key": problem.key, "facts": dict(problem.facts)} for problem in restored.problems]
    return {"missing": restored.missing, "erased": restored.erased, "problems": problems}


def _earlier(folder: Path, wish: str, backup: Reading) -> Restored | None:
    """What was staged and checked before somebody was killed; None for anything else."""
    try:
        kept = json.loads((folder / _STAGED).read_bytes())
    except (OSError, ValueError):
        return None
    if kept["wish"] != wish:
        return None
    problems = tuple(Message(one["key"], one["facts"]) for one in kept["problems"])
    return Restored(backup.digest, backup.manifest, kept["missing"], kept["erased"], problems)
