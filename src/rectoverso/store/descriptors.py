"""Numbers by which works are compared beyond their fingerprints, sealed: one row a work and space.

A space is named by what makes its numbers: ``manner/1``, or the digest of weights that somebody named. Numbers of
different spaces mean nothing to each other, so that those of other weights are never mixed up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rectoverso.store.data_keys import DataKeys
    from rectoverso.store.database import Database, Transaction
    from rectoverso.store.vault import Cipher


class Descriptors:
    """The descriptors of one home, by the works' own keys."""

    def __init__(self, database: Database, keys: DataKeys) -> None:
        from rectoverso.store.tables import descriptors

        self._database = database
        self._keys = keys
        self._rows = descriptors

    def put(self, tx: Transaction, work_id: str, space: str, numbers: bytes) -> bool:
        """Keep those of a work in a space; what is kept already stays, and then this is False."""
        here = (self._rows.c.work == work_id) & (self._rows.c.space == space)
        if tx.connection.execute(self._rows.select().where(here)).first():
            return False
        sealed = self._keys.of_or_made(tx, f"works/{work_id}").seal(numbers, _place(work_id, space))
        tx.connection.execute(self._rows.insert().values(work=work_id, space=space, sealed=sealed))
        return True

    def seal_again(self, tx: Transaction, work_id: str, before: Cipher, key: Cipher) -> None:
        """Seal those of a work with its new key."""
        of_work = self._rows.c.work == work_id
        for row in tx.connection.execute(self._rows.select().where(of_work)).all():
            place = _place(work_id, row.space)
            sealed = key.seal(before.open(row.sealed, place), place)
            here = of_work & (self._rows.c.space == row.space)
            tx.connection.execute(self._rows.update().where(here).values(sealed=sealed))

    def remove(self, tx: Transaction, work_id: str) -> None:
        """Forget those of a work in every space."""
        tx.connection.execute(self._rows.delete().where(self._rows.c.work == work_id))

    def spaces(self) -> dict[str, list[str]]:
        """In which spaces there are any, in order, by the works' ids."""
        wanted = self._rows.select().with_only_columns(self._rows.c.work, self._rows.c.space)
        found: dict[str, list[str]] = {}
        with self._database.read() as tx:
            for work, space in sorted((row.work, row.space) for row in tx.connection.execute(wanted)):
                found.setdefault(work, []).append(space)
        return found

    def of(self, space: str) -> dict[str, bytes]:
        """Those of every work in a space, by the works' ids. Raises RecordDamaged."""
        wanted = self._rows.select().where(self._rows.c.space == space)
        with self._database.read() as tx:
            rows = tx.connection.execute(wanted).all()
            keys = self._keys.of_table(tx, "works") if rows else {}
            return {
                row.work: keys[f"works/{row.work}"].open(row.sealed, _place(row.work, space)) for row in rows
            }


def _place(work_id: str, space: str) -> str:
    return f"descriptors/{work_id}/{space}"
