"""What is kept of registered works so that parts of them are known again, sealed: one row a work, by its id.

Works that were registered before traces were kept have none. What an index was made of them stands on a shelf, in parts
named by how the works' ids begin; with a trace falls the part that it is in.
"""

from __future__ import annotations

from collections.abc import Collection, ItemsView, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.store.shelf import Shelf

if TYPE_CHECKING:
    from rectoverso.store.data_keys import DataKeys
    from rectoverso.store.database import Database, Transaction
    from rectoverso.store.vault import Cipher

BOOK = "book"
"""The name on the shelf of what was learnt of many works together: it stays when one of them goes."""
_AT_ONCE = 200


class Traces(Mapping[str, bytes]):
    """The traces of one home, by the works' own keys; ``shelf``, in ``folder``, is for what is made of them.

    Reading raises RecordDamaged for a row that was changed, or is another work's.
    """

    def __init__(self, database: Database, keys: DataKeys, folder: Path) -> None:
        from rectoverso.store.tables import traces

        self.shelf = Shelf(folder, self._shelf_key)
        self._database = database
        self._keys = keys
        self._traces = traces

    def put(self, tx: Transaction, work_id: str, trace: bytes) -> bool:
        """Keep the trace of a work; one that is kept already stays, and then this is False."""
        here = self._traces.c.work == work_id
        if tx.connection.execute(
            self._traces.select().with_only_columns(self._traces.c.work).where(here)
        ).first():
            return False
        sealed = self._keys.of_or_made(tx, f"works/{work_id}").seal(trace, _place(work_id))
        for name in (part_of(work_id), BOOK):
            self._keys.of_or_made(tx, _shelf_place(name))
        tx.connection.execute(self._traces.insert().values(work=work_id, sealed=sealed))
        return True

    def seal_again(self, tx: Transaction, work_id: str, before: Cipher, key: Cipher) -> None:
        """Seal the trace of a work with its new key."""
        here = self._traces.c.work == work_id
        row = tx.connection.execute(self._traces.select().where(here)).first()
        if row is not None:
            sealed = key.seal(before.open(row.sealed, _place(work_id)), _place(work_id))
            tx.connection.execute(self._traces.update().where(here).values(sealed=sealed))

    def remove(self, tx: Transaction, work_id: str) -> None:
        """Forget the trace of a work, if there is one, and what was made of it."""
        self.shelf.remove(part_of(work_id))
        if self._keys.has(tx, place := _shelf_place(part_of(work_id))):
            self._keys.change(tx, place)
        tx.connection.execute(self._traces.delete().where(self._traces.c.work == work_id))

    def _shelf_key(self, name: str) -> Cipher | None:
        with self._database.read() as tx:
            place = _shelf_place(name)
            return self._keys.of(tx, place) if self._keys.has(tx, place) else None

    def __getitem__(self, work_id: str) -> bytes:
        with self._database.read() as tx:
            row = tx.connection.execute(self._traces.select().where(self._traces.c.work == work_id)).first()
            if row is None:
                raise KeyError(work_id)
            return self._keys.of(tx, f"works/{work_id}").open(row.sealed, _place(work_id))

    def of_works(self, work_ids: Collection[str]) -> dict[str, bytes]:
        """Those of these few works, read in one go; nothing of works that have none."""
        with self._database.read() as tx:
            rows = tx.connection.execute(self._traces.select().where(self._traces.c.work.in_(work_ids))).all()
            keys = self._keys.of_table(tx, "works", work_ids)
            return {row.work: keys[f"works/{row.work}"].open(row.sealed, _place(row.work)) for row in rows}

    def __iter__(self) -> Iterator[str]:
        with self._database.read() as tx:
            yield from tx.connection.scalars(self._traces.select().with_only_columns(self._traces.c.work))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def items(self) -> ItemsView[str, bytes]:
        """All of them, read in one go and opened one by one: they are many."""
        return _Items(self)

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Id and trace of each work; some at a time are in memory."""
        with self._database.read() as tx:
            keys = self._keys.of_table(tx, "works")
            for row in tx.connection.execute(self._traces.select().execution_options(yield_per=_AT_ONCE)):
                yield row.work, keys[f"works/{row.work}"].open(row.sealed, _place(row.work))


class _Items(ItemsView[str, bytes]):
    def __init__(self, traces: Traces) -> None:
        super().__init__(traces)
        self._rows = traces.rows

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return self._rows()


def part_of(work_id: str) -> str:
    """The name of the part of the shelf that a work belongs to: one of 256."""
    return work_id[:2]


def _shelf_place(name: str) -> str:
    """The name of the key to what stands there under a name."""
    return f"points/{name}"


def _place(work_id: str) -> str:
    return f"traces/{work_id}"
