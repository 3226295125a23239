"""Registered works: pictures that nothing may come too close to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rectoverso.types import Digest

if TYPE_CHECKING:
    from rectoverso.store.database import Database, Transaction

_ID_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Work:
    """One registered work.

    ``fingerprint`` is 8 x 32 bytes (PDQ of the eight symmetries), ``small`` made for small pictures or b"".
    """

    id: str
    title: str
    owner: str
    file_digest: Digest
    fingerprint: bytes
    small: bytes
    added_at: str


class Works:
    """The works of one home."""

    def __init__(self, database: Database) -> None:
        from rectoverso.store.tables import works

        self._database = database
        self._works = works

    def id_for(self, file_digest: Digest) -> str:
        """The id a file has or would get: 8 digits of its digest, others when the first name another file."""
        taken = {work.id: work.file_digest for work in self.all()}
        names = [file_digest[at : at + _ID_DIGITS] for at in range(len(file_digest) - _ID_DIGITS + 1)]
        return next(name for name in names if taken.get(name, file_digest) == file_digest)

    def add(self, tx: Transaction, work: Work) -> bool:
        """Keep the work; False when this file is registered already, and then nothing changes."""
        same_file = self._works.select().where(self._works.c.file_digest == work.file_digest)
        if tx.connection.execute(same_file).first() is not None:
            return False
        tx.connection.execute(self._works.insert().values(asdict(work)))
        return True

    def remove(self, tx: Transaction, work_id: str) -> bool:
        """Forget the work; False when there is none of that id."""
        return tx.connection.execute(self._works.delete().where(self._works.c.id == work_id)).rowcount > 0

    def all(self) -> list[Work]:
        """Every work, the oldest first."""
        ordered = self._works.select().order_by(self._works.c.added_at, self._works.c.id)
        with self._database.read() as tx:
            return [_work(row) for row in tx.connection.execute(ordered).mappings()]

    def find(self, name_or_id: str) -> Work | None:
        """The work of that id, else the oldest of that title."""
        works = self.all()
        by_id = (work for work in works if work.id == name_or_id.lower())
        by_title = (work for work in works if work.title == name_or_id)
        return next(by_id, None) or next(by_title, None)


def _work(row: Any) -> Work:
    return Work(**row)
