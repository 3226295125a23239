"""What stands behind the ledger's commitments: kept beside it, sealed, and erased without touching it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from rectoverso.errors import RecordDamaged
from rectoverso.store.data_keys import DataKeys
from rectoverso.store.database import Transaction
from rectoverso.store.tables import openings

_LENGTH_BYTES = 2


@dataclass(frozen=True, slots=True)
class Opening:
    """A value and the salt that it was committed to with; ``commitment`` is what the ledger holds."""

    commitment: str
    salt: bytes = field(repr=False)
    value: str = field(repr=False)


class Openings:
    """The openings of one home, each with a key of its own."""

    def __init__(self, keys: DataKeys) -> None:
        self._keys = keys

    def keep(self, tx: Transaction, opening: Opening) -> None:
        """Seal both: with the salt alone the value could be guessed at."""
        length = len(opening.salt).to_bytes(_LENGTH_BYTES, "big")
        plain = length + opening.salt + opening.value.encode("utf-8", "backslashreplace")
        place = f"openings/{opening.commitment}"
        sealed = self._keys.make(tx, place).seal(plain, place)
        tx.connection.execute(openings.insert().values(commitment=opening.commitment, sealed=sealed))

    def find(self, tx: Transaction, commitment: str) -> Opening | None:
        """The opening; None when it was erased or altered, or never was."""
        row = tx.connection.execute(openings.select().where(openings.c.commitment == commitment)).first()
        if row is None:
            return None
        try:
            plain = self._keys.of(tx, f"openings/{commitment}").open(row.sealed, f"openings/{commitment}")
        except RecordDamaged:
            return None
        ends = _LENGTH_BYTES + int.from_bytes(plain[:_LENGTH_BYTES], "big")
        return Opening(row.commitment, plain[_LENGTH_BYTES:ends], plain[ends:].decode())

    def fitting(self, tx: Transaction, fits: Callable[[str], bool]) -> set[str]:
        """The commitments to what fits; every opening is opened."""
        return {opening.commitment for opening in self.all(tx) if fits(opening.value)}

    def all(self, tx: Transaction) -> Iterator[Opening]:
        """All that open."""
        for commitment in tx.connection.scalars(sa.select(openings.c.commitment)).all():
            if opening := self.find(tx, commitment):
                yield opening

    def erase(self, tx: Transaction, commitments: Iterable[str]) -> int:
        """Forget these openings; returns how many there were."""
        wanted = list(commitments)
        self._keys.destroy(tx, (f"openings/{commitment}" for commitment in wanted))
        return tx.connection.execute(openings.delete().where(openings.c.commitment.in_(wanted))).rowcount
