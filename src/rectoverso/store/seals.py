"""What the register comes to, sealed: so that a row that was deleted, or put back as it once was, is noticed.

Each row is sealed by itself, and that says nothing of rows that are gone, nor which of two sealed states is later. So
beside the rows lies, sealed too, a digest over all of them, and how long the ledger was when it was made: a seal that
is put back with its rows is older than a change that the ledger tells of (``workflow.guard``). What the home compares
by beside its works lies in the same seal: which calibration is in force, which weights were named, and what was found
against which runs.

    works, commons  each row's id, name, and how the seal of what is said of it begins: another one at each sealing
    traces          of which works there is one
    descriptors     of which works, in which spaces
    assets          which releases were taken back, and which images erased, by which entry

What prints, traces and descriptors hold follows from the work's file, and is bound to its id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from rectoverso.store.tables import assets, commons, descriptors, seals, traces, works
from rectoverso.store.vault import HEAD_BYTES, Vault
from rectoverso.types import Digest

if TYPE_CHECKING:
    from rectoverso.store.database import Transaction

_NAME = "register"
_PLACE = f"seals/{_NAME}"


@dataclass(frozen=True, slots=True)
class Seal:
    """``digest`` of the register when the ledger had ``size`` entries. ``calibration`` is the entry of the one in
    force, ``weights`` the digest of those that were named; None for none. ``against``: by the digest of a run's
    weights, what was found against it, and on how many pictures.
    """

    digest: Digest
    size: int
    calibration: int | None = None
    weights: str | None = None
    against: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Seals:
    """The seal of one home's register. ``vault`` is asked for when there is something to seal or to open."""

    def __init__(self, vault: Callable[[], Vault]) -> None:
        self._vault = vault

    def digest(self, tx: Transaction) -> Digest:
        """What the rows come to now."""
        return _come_to({name: tx.connection.execute(wanted) for name, wanted in _LOOKS.items()})

    def kept(self, tx: Transaction) -> Seal | None:
        """The last seal, None where none was made yet. Raises RecordDamaged."""
        sealed = tx.connection.execute(sa.select(seals.c.sealed).where(seals.c.name == _NAME)).scalar()
        if sealed is None:
            return None
        return Seal(**json.loads(self._vault().open(sealed, _PLACE)))

    def keep(self, tx: Transaction, seal: Seal) -> None:
        """Put it in the place of the last."""
        sealed = self._vault().seal(json.dumps(asdict(seal)).encode(), _PLACE)
        tx.connection.execute(seals.delete().where(seals.c.name == _NAME))
        tx.connection.execute(seals.insert().values(name=_NAME, sealed=sealed))


def _come_to(tables: Mapping[str, Iterable[Iterable[Any]]]) -> Digest:
    whole = hashlib.sha256()
    for name, found in tables.items():
        rows = sorted([_plain(value) for value in row] for row in found)
        if not rows and name in _LATER:
            continue
        whole.update(json.dumps([name, rows]).encode() + b"\n")
    return Digest(whole.hexdigest())


def _said(table: sa.Table) -> sa.Executable:
    return sa.select(table.c.id, table.c.name, sa.func.substr(table.c.facts, 1, HEAD_BYTES))


def _plain(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)


_LOOKS: dict[str, sa.Executable] = {
    "works": _said(works),
    "commons": _said(commons),
    "traces": sa.select(traces.c.work),
    "descriptors": sa.select(descriptors.c.work, descriptors.c.space),
    "revoked": sa.select(assets.c.id, assets.c.revoked).where(assets.c.revoked.is_not(None)),
    "erased": sa.select(assets.c.id, assets.c.erased).where(assets.c.erased.is_not(None)),
}
"""By table, what of its rows counts."""

_LATER = frozenset({"erased"})
"""What seals from before know nothing of: it counts once there is any."""

NOTHING = Seal(_come_to(dict.fromkeys(_LOOKS, ())), 0)
"""That of a register in which nothing was ever changed."""
