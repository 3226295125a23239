"""Whether the register of a home is as this program left it: no row of it gone, none put back as it once was. And
what else the door goes by: the calibration in force, the weights that were named, what was found against runs.

    1. Seal      Whatever changes the register writes an entry of a kind below, and then seals what all rows come to,
                 with the length of the ledger, in the same transaction (``store.seals``).
    2. Check     No entry since the seal is of such a kind, each being what was signed; and the rows come to what was
                 sealed. This is done wherever works are read to be compared, and before each change: a change would
                 seal what it found.
    3. Recall    The ledger goes on from the last checkpoint that the home's folder has seen, which is written there
                 after each change and by whoever leaves the door. So the database cannot be put back whole either.

Nobody without the keys can take a work out of the comparison, or its points, or a claim back to what it was, or a
revocation, by what they write into the database alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rectoverso.errors import RecordDamaged, RegisterAltered
from rectoverso.protocols import Clock
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.seals import NOTHING, Seal
from rectoverso.store.works import Work
from rectoverso.verso.ledger.ledger import Ledger
from rectoverso.workflow.ledgers import (
    OPENINGS_ERASED,
    REVOKED,
    committed,
    existing_home,
    keys_of,
    open_ledger,
)

ACCEPTED = "register_accepted"
"""The kind of entry by which somebody took the register as it was found."""

RUN_HELD, RUN_CLEARED = "run_held", "run_cleared"
"""The kinds of entries by which something stands against a run, and no longer does (``workflow.standing``)."""
ERASED = "erased"
"""The kind of entry that tells of what was erased."""

CHANGES = frozenset(
    {
        ERASED,
        "work_registered",
        "work_completed",
        "work_compared",
        "work_claim",
        "work_expired",
        "work_removed",
        "work_common",
        "common_added",
        "common_removed",
        "registry_calibrated",
        "weights_named",
        "weights_forgotten",
        RUN_HELD,
        RUN_CLEARED,
        REVOKED,
        ACCEPTED,
    }
)
"""The kinds of entry that change the register, what the door goes by, or what was released."""

JUDGED_BY = CHANGES | {OPENINGS_ERASED}
"""What a draft is judged by is another after such an entry: what was found before it is found once more."""

FAR = 4096
"""So many entries behind its end a seal is made anew: each check reads the entries since."""


class Guard:
    """Checks and seals the register of one home."""

    def __init__(self, home: Home, ledger: Ledger) -> None:
        self._home, self._ledger = home, ledger
        self._said: dict[str, Any] = {}

    def check(self, tx: Transaction) -> None:
        """Raise RegisterAltered where the rows are not those that were sealed last, LedgerBroken, RecordDamaged."""
        self._checked(tx)

    @contextmanager
    def changing(self) -> Iterator[Transaction]:
        """A transaction in which the register is changed: it is checked before, and sealed after. Hold the lock."""
        seen = self._home.last_checkpoint
        with self._home.database.transaction() as tx:
            self._recall(tx, seen)
            before = self._checked(tx)
            yield tx
            self.seal(tx, before)
        self.remember()

    def remember(self) -> None:
        """Keep the ledger's last checkpoint in the home's folder. Hold the lock."""
        last = self._ledger.checkpoint()
        if last is not None and last.encode() != self._home.last_checkpoint:
            self._home.last_checkpoint = last.encode()

    def changes_since(self, size: int) -> set[str]:
        """The kinds of those entries, from ``size`` on, after which drafts are judged by something else."""
        with self._home.database.read() as tx:
            return self._ledger.kinds_since(tx, size) & JUDGED_BY

    def say(self, **said: Any) -> None:
        """Let the next seal say of ``calibration``, ``weights`` or ``against`` what is in force from then on."""
        self._said = said

    def works(self, *, keep_up: bool = False) -> list[Work]:
        """Every work, the oldest first. Raises as ``check``. ``keep_up``: seal the register anew where its seal lies
        far behind; hold the home's lock for that.
        """
        seen = self._home.last_checkpoint  # before the rows: others may be at the door
        with self._home.database.read() as tx:
            self._recall(tx, seen)
            seal, works = self._checked(tx), self._home.works.all(tx)
            is_far = self._home.log.size(tx) - seal.size > FAR
        if keep_up and is_far:
            with self.changing():
                pass
        return works

    def seal(self, tx: Transaction, before: Seal = NOTHING) -> None:
        """Take the register as it is; what else there was ``before`` stays, unless something else was said."""
        seals = self._home.seals
        digest, size = seals.digest(tx), self._home.log.size(tx)
        seals.keep(tx, replace(before, digest=digest, size=size, **self._said))
        self._said = {}

    def forget_calibration(self, tx: Transaction, entry: int) -> bool:
        """What the calibration of this entry rests on is erased: it is in force no more. False where it was not."""
        seal = self._home.seals.kept(tx)
        if seal is None or seal.calibration != entry:
            return False
        self._home.seals.keep(tx, replace(seal, calibration=None))
        return True

    def _recall(self, tx: Transaction, seen: bytes | None) -> None:
        if seen is not None:
            self._ledger.demand_continues(tx, seen)

    def _checked(self, tx: Transaction) -> Seal:
        seal = self._home.seals.kept(tx) or NOTHING
        is_older = not CHANGES.isdisjoint(self._ledger.kinds_since(tx, seal.size))
        if is_older or self._home.seals.digest(tx) != seal.digest:
            raise RegisterAltered(home=self._home.path)
        return seal


def guarded_works(home: Home) -> list[Work]:
    """Every work of a home, the oldest first, where none is missing.

    Raises RegisterAltered, LedgerBroken, RecordDamaged, and KeysLost where there are works or entries without keys.
    """
    with home.database.read() as tx:
        if home.keys is None and home.log.size(tx) == 0 and home.seals.digest(tx) == NOTHING.digest:
            return []
    return Guard(home, open_ledger(home, keys_of(home))).works()


def unsafe_accept(home_path: Path, reason: str, clock: Clock | None = None) -> int:
    """Take the register, and a ledger that was put back, as they are found; an entry says that somebody did, and
    commits to why. Where the seal is lost, so is what it said of calibration, weights and runs. Returns how many
    works there are. Raises HomeMissing, KeysLost, RecordDamaged for a work that does not open.
    """
    home = existing_home(home_path)
    keys: Keys = keys_of(home)
    ledger = open_ledger(home, keys, clock)
    guard = Guard(home, ledger)
    with home.lock():
        with home.database.transaction() as tx:
            count = len(home.works.all(tx))
            ledger.append(tx, ACCEPTED, {"works": count, "reason": committed(home, tx, reason)})
            guard.seal(tx, _last(home, tx))
        guard.remember()
    return count


def sealed(home: Home, tx: Transaction | None = None) -> Seal:
    """The last seal of a home. Raises RecordDamaged."""
    with nullcontext(tx) if tx else home.database.read() as reading:
        return home.seals.kept(reading) or NOTHING


def _last(home: Home, tx: Transaction) -> Seal:
    with suppress(RecordDamaged):
        return home.seals.kept(tx) or NOTHING
    return NOTHING
