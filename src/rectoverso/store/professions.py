"""For which uses somebody may sign as a professional: one confirmation a row, by the ledger's entry of it.

What the profession is, on what evidence and by whom it was confirmed, the ledger commits to; the home keeps what opens
that, and a row without it is worth nothing (`workflow.professions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rectoverso.store.tables import professions

if TYPE_CHECKING:
    import sqlalchemy as sa

    from rectoverso.store.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class Confirmation:
    """``entry`` and ``withdrawn``: the ledger entries that record it, and that it was taken back."""

    entry: int
    person: str
    use: str
    at: str
    withdrawn: int | None = None


class Professions:
    """The confirmations of one home."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tx: Transaction, one: Confirmation) -> None:
        """Keep a confirmation."""
        row = {"entry": one.entry, "person": one.person, "use": one.use, "at": one.at}
        tx.connection.execute(professions.insert().values(row))

    def withdraw(self, tx: Transaction, entry: int, withdrawn: int) -> None:
        """Note the entry that takes a confirmation back."""
        wanted = professions.c.entry == entry
        tx.connection.execute(professions.update().where(wanted).values(withdrawn=withdrawn))

    def of(self, person: str) -> list[Confirmation]:
        """All of somebody's, in their order, those that were taken back too."""
        return self._found(professions.c.person == person)

    def standing(self, person: str, use: str) -> list[Confirmation]:
        """Those of somebody for a use that were not taken back."""
        column = professions.c
        return self._found((column.person == person) & (column.use == use) & column.withdrawn.is_(None))

    def _found(self, wanted: sa.ColumnElement[bool]) -> list[Confirmation]:
        query = professions.select().where(wanted).order_by(professions.c.entry)
        with self._database.read() as tx:
            rows = tx.connection.execute(query).all()
        return [Confirmation(row.entry, row.person, row.use, row.at, row.withdrawn) for row in rows]
