"""What stands behind the ledger's commitments: kept beside it, and erased without touching it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rectoverso.store.database import Transaction
from rectoverso.store.tables import openings


@dataclass(frozen=True, slots=True)
class Opening:
    """A value and the salt that it was committed to with; ``commitment`` is what the ledger holds."""

    commitment: str
    salt: bytes = field(repr=False)
    value: str = field(repr=False)


class Openings:
    """The openings of one home."""

    def keep(self, tx: Transaction, opening: Opening) -> None:
        tx.connection.execute(
            openings.insert().values(commitment=opening.commitment, salt=opening.salt, value=opening.value)
        )

    def find(self, tx: Transaction, commitment: str) -> Opening | None:
        """The opening; None when it was erased, or never was."""
        row = tx.connection.execute(openings.select().where(openings.c.commitment == commitment)).first()
        return None if row is None else Opening(row.commitment, row.salt, row.value)

    def erase(self, tx: Transaction, commitments: Iterable[str]) -> int:
        """Forget these openings; returns how many there were."""
        wanted = list(commitments)
        return tx.connection.execute(openings.delete().where(openings.c.commitment.in_(wanted))).rowcount
