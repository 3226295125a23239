"""Whether the register of a home is calibrated, and whether that still holds: asked at the door, and told to people.

The record of a calibration is what stands behind a commitment of the ledger's entry about it: sealed, not to be put
there by anybody else, and erased by `verso ledger erase`. The seal of the register names the entry in force.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.errors import EntryNotFound, LedgerBroken, RecordDamaged
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.store.works import Work
from rectoverso.types import Message
from rectoverso.verso.screen.calibration import Calibration, Standing, ids_of
from rectoverso.workflow.guard import sealed
from rectoverso.workflow.ledgers import keys_of, open_ledger, opened
from rectoverso.workflow.weights import weights_digest

CALIBRATED = "registry_calibrated"
"""The kind of the ledger's entry."""


@dataclass(frozen=True, slots=True)
class Stands:
    """How the calibration of a home stands; ``added`` and ``removed`` count works since."""

    standing: Standing
    calibration: Calibration | None = None
    entry: int | None = None
    added: int = 0
    removed: int = 0

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to be done about it."""
        return self.standing is Standing.IN_FORCE

    @property
    def message(self) -> Message:
        """The sentence."""
        facts: dict[str, Any] = {"added": self.added, "removed": self.removed, "entry": self.entry}
        if self.calibration:
            facts |= {"day": self.calibration.day, "until": self.calibration.until}
            facts |= {"rate": percent(self.calibration.rate), "pictures": self.calibration.review.pictures}
        return Message(
            f"calibration.standing.{self.standing}", {key: str(fact) for key, fact in facts.items()}
        )

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        told: dict[str, Any] = {"standing": self.standing.value, "used": self.standing.is_used}
        if self.calibration:
            told |= {"entry": self.entry, "added": self.added, "removed": self.removed}
            told |= summary(self.calibration)
        return told


def in_force(
    home: Home, works: Sequence[Work], clock: Clock | None = None, territory: Collection[str] = ()
) -> Calibration | None:
    """The calibration by which pictures for these countries are compared with those of these works that are in force
    today; None for none that still holds. Raises RecordDamaged for one that is named and cannot be read: whoever took
    away what it rests on would else choose the limits. Raises EmbedderUnusable where the record of named weights is
    damaged.
    """
    found = _found(home)
    if found.entry is not None and found.calibration is None and _record(home, found.entry) is None:
        raise RecordDamaged(place=f"entries/{found.entry}")
    if found.calibration is None:
        return None
    today = (clock or SystemClock()).now().date()
    compared = ids_of(filter(is_counted, (work for work in works if work.is_compared(today))))
    weights = weights_digest(home)
    standing = found.calibration.standing(compared, today, weights, all_of_them=not territory)
    return found.calibration if standing.is_used else None


def stands(home_path: Path, clock: Clock | None = None) -> Stands | None:
    """How the calibration of a home stands; None where there are no works to be calibrated for."""
    home = Home.existing(home_path)
    if home is None:
        return None
    today = (clock or SystemClock()).now().date()
    works = ids_of(filter(is_counted, (work for work in home.works.all() if work.is_compared(today))))
    found = _found(home)
    if found.calibration is None:
        return found if works or found.standing is not Standing.NONE else None
    added, removed = found.calibration.changed(works)
    standing = found.calibration.standing(works, today, weights_digest(home))
    return Stands(standing, found.calibration, found.entry, added, removed)


def is_counted(work: Work) -> bool:
    """Whether limits rest on it: not on what nobody has seen, which might be made to be near all strangers."""
    return not work.is_unseen


def summary(calibration: Calibration) -> dict[str, Any]:
    """What there is to know of a calibration, without what it was counted from."""
    told = calibration.plain()
    for name in ("works", "steps", "nulls", "version"):
        told.pop(name)
    shown: dict[str, Any] = {
        "limits": calibration.limits(),
        "moved": calibration.moved,
        "fits": calibration.fits(),
    }
    shown |= {"stated": float(f"{calibration.stated:.4g}"), "met": calibration.is_met}
    return told | shown | {"works": len(calibration.works)}


def percent(rate: float) -> str:
    """A rate as people read it, in two digits."""
    return f"{100 * rate:.2g} %"


def _found(home: Home) -> Stands:
    """The calibration that the home names, whatever became of it since."""
    entry = sealed(home).calibration
    if entry is None:
        return Stands(Standing.NONE)
    try:
        calibration = Calibration.read(json.loads(_record(home, entry) or "null"))
    except (ValueError, KeyError, TypeError):
        return Stands(Standing.UNREADABLE, entry=entry)
    return Stands(Standing.IN_FORCE, calibration, entry)


def _record(home: Home, entry: int) -> str | None:
    """What stands behind an entry; None where it is no calibration, or what it rests on does not open."""
    ledger = open_ledger(home, keys_of(home))
    try:
        is_one = ledger.entry(entry).get("kind") == CALIBRATED
        return opened(home, ledger, entry, "record") if is_one else None
    except (EntryNotFound, LedgerBroken):
        return None
