"""What stands behind the ledger's commitments: kept beside it, sealed, and erased without touching it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rectoverso.errors import RecordDamaged
from rectoverso.store.database import Transaction
from rectoverso.store.tables import openings
from rectoverso.store.vault import Vault

_LENGTH_BYTES = 2


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
        """Seal both: with the salt alone the value could be guessed at."""
        length = len(opening.salt).to_bytes(_LENGTH_BYTES, "big")
        plain = length + opening.salt + opening.value.encode("utf-8", "backslashreplace")
        sealed = self._vault().seal(plain, f"openings/{opening.commitment}")
        tx.connection.execute(openings.insert().values(commitment=opening.commitment, sealed=sealed))

    def find(self, tx: Transaction, commitment: str) -> Opening | None:
        """The opening; None when it was erased or altered, or never was."""
        row = tx.connection.execute(openings.select().where(openings.c.commitment == commitment)).first()
        if row is None:
            return None
        try:
            plain = self._vault().open(row.sealed, f"openings/{commitment}")
        except RecordDamaged:
            return None
        ends = _LENGTH_BYTES + int.from_bytes(plain[:_LENGTH_BYTES], "big")
        return Opening(row.commitment, plain[_LENGTH_BYTES:ends], plain[ends:].decode())

    def erase(self, tx: Transaction, commitments: Iterable[str]) -> int:
        """Forget these openings; returns how many there were."""
        wanted = list(commitments)
        return tx.connection.execute(openings.delete().where(openings.c.commitment.in_(wanted))).rowcount
