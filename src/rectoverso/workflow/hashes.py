"""Where the works' hashes are compared: in memory, or by the home's database, which then has them veiled (ADR 0019)."""

from __future__ import annotations

from pathlib import Path

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.protocols import Clock
from rectoverso.types import Message, Place
from rectoverso.workflow.guard import guarded_works
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import existing_home, open_ledger

ENTRY_KINDS = {True: "work_hashes_veiled", False: "work_hashes_sealed"}
"""The kind of ledger entry: whether from then on the database has them veiled."""


def where_compared(home_path: Path) -> tuple[Place, int]:
    """Where they are compared, and how many hashes lie in the database. Raises HomeMissing."""
    home = existing_home(home_path)
    with home.database.read() as tx:
        if not home.hashes.are_kept(tx):
            return Place.MEMORY, 0
        return Place.DATABASE, home.hashes.count(tx)


def compare_in(place: Place, home_path: Path, clock: Clock | None = None) -> tuple[Place, int]:
    """Have them compared there from now on; the ledger keeps that it was changed. Returns as ``where_compared``.

    Raises HomeMissing; BadSetting where the database cannot compare them; HomeNotPermitted where this user may not
    make the extension.
    """
    home = existing_home(home_path)
    keys = open_keys(home, clock=clock)
    wanted = place is Place.DATABASE
    if wanted and not home.hashes.are_possible():
        reason, advice = (Phrase(Message(f"registry.no_vectors.{part}")) for part in ("reason", "advice"))
        raise BadSetting(setting="--in", reason=reason, advice=advice)
    with home.lock():
        works = guarded_works(home)
        with home.database.transaction() as tx:
            if home.hashes.are_kept(tx) is not wanted:
                if wanted:
                    home.hashes.begin(tx, ((work.id, work.fingerprint) for work in works))
                else:
                    home.hashes.end(tx)
                open_ledger(home, keys, clock).append(tx, ENTRY_KINDS[wanted], {"works": len(works)})
    return where_compared(home_path)
