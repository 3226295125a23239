"""What stands behind the ledger's commitments: kept beside it, sealed, and erased without touching it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rectoverso.errors import RecordDamaged
from rectoverso.store.database import Transaction
from rectoverso.store.tables import openings
from rectoverso.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Opening:
    """A value and the salt that it was committed to with; ``commitment`` is what the ledger holds."""

    commitment: str
    salt: bytes = field(repr=False)
    value: str = field(repr=False)


class Openings:
    """The openings of one home."""

    def __init__(self, vault: Callable[[], Vault]) -> None:
        self._vault = vault

    def keep(self, tx: Transaction, opening: Opening) -> None:
        value = opening.value.encode("utf-8", "backslashreplace")
        sealed = self._vault().seal(value, f"openings/{opening.commitment}")
        tx.connection.execute(
            openings.insert().values(commitment=opening.commitment, salt=opening.salt, value=sealed)
        )

    def find(self, tx: Transaction, commitment: str) -> Opening | None:
        """The opening; None when it was erased or altered, or never was."""
        row = tx.connection.execute(openings.select().where(openings.c.commitment == commitment)).first()
        if row is None:
            return None
        try:
            value = self._vault().open(row.value, f"openings/{commitment}")
        except RecordDamaged:
            return None
        return Opening(row.commitment, row.salt, value.decode())

    def erase(self, tx: Transaction, commitments: Iterable[str]) -> int:
        """Forget these openings; returns how many there were."""
        wanted = list(commitments)
        return tx.connection.execute(openings.delete().where(openings.c.commitment.in_(wanted))).rowcount
