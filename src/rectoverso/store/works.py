"""Registered works: pictures that nothing may come too close to. Their rows are sealed: works belong to people.

The pictures of common content, which anybody may use, are kept in the same way in a table of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from rectoverso.errors import TitleShared
from rectoverso.store.rights import Rights, State
from rectoverso.store.vault import HEAD_BYTES, Cipher, Vault
from rectoverso.types import Digest

if TYPE_CHECKING:
    import sqlalchemy as sa

    from rectoverso.store.data_keys import DataKeys
    from rectoverso.store.database import Database, Transaction
    from rectoverso.store.hashes import Hashes

_ID_DIGITS = 8
_LENGTH_BYTES = 2


@dataclass(frozen=True, slots=True)
class Work:
    """One registered work.

    ``fingerprint`` is 8 x 32 bytes (PDQ of the eight symmetries), ``small`` made for small pictures or b"". ``common``
    has the ids of common pictures that it is alike to; ``expired`` says that the ledger tells of its end.

    ``by_fingerprints``: it came as fingerprints made elsewhere, and ``file_digest`` names those; ``original`` is the
    digest of the file whose picture they were found to be of, None until then.
    """

    id: str
    title: str
    owner: str
    file_digest: Digest
    fingerprint: bytes
    small: bytes
    added_at: str
    rights: Rights = Rights()  # noqa: RUF009 - frozen
    state: State = State.ASSERTED
    common: tuple[str, ...] = ()
    expired: bool = False
    by_fingerprints: bool = False
    original: Digest | None = None

    @property
    def is_unseen(self) -> bool:
        """Whether nobody here has seen a picture of it: its fingerprints may be of none."""
        return self.by_fingerprints and self.original is None

    def is_compared(self, day: date, territory: Collection[str] = ()) -> bool:
        """Whether pictures for these countries are compared with it on this day: the claim is not withdrawn, its dates
        include the day, and its rights reach there.
        """
        holds = self.rights.hold_on(day) and self.rights.reach(territory)
        return holds and self.state is not State.WITHDRAWN


class Works:
    """The works in one table of a home, each with a key of its own. ``vault`` names files; ``hashes`` are kept of those
    in it, if the home keeps any.
    """

    def __init__(
        self,
        database: Database,
        vault: Callable[[], Vault],
        keys: DataKeys,
        table: sa.Table,
        hashes: Hashes | None = None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys
        self._works = table
        self._hashes = hashes

    def id_for(self, tx: Transaction, file_digest: Digest) -> str:
        """The id a file has or would get: 8 digits of its name here, others when the first name another file."""
        name = self._vault().name(file_digest)
        ids = [name[at : at + _ID_DIGITS] for at in range(len(name) - _ID_DIGITS + 1)]
        rows = tx.connection.execute(self._works.select().where(self._works.c.id.in_(ids)))
        taken = {row.id: row.name for row in rows}
        return next(id_ for id_ in ids if taken.get(id_, name) == name)

    def add(self, tx: Transaction, work: Work) -> bool:
        """Keep the work; False when this file is registered already, and then nothing changes."""
        if self.of_file(tx, work.file_digest) is not None:
            return False
        name = {"name": self._vault().name(work.file_digest)}
        row = self._row(work, self._keys.make(tx, self._place(work.id)))
        tx.connection.execute(self._works.insert().values(row | name))
        if self._hashes is not None:
            self._hashes.put(tx, work.id, work.fingerprint)
        return True

    def change(self, tx: Transaction, work: Work) -> None:
        """Keep what is said of a work now; its file stays the same."""
        row = self._row(work, self._keys.of(tx, self._place(work.id)))
        tx.connection.execute(self._works.update().where(self._works.c.id == work.id).values(row))

    def measured(self, tx: Transaction, work: Work) -> None:
        """Keep what is said of a work now, and fingerprints that were made anew."""
        self.change(tx, work)
        if self._hashes is not None:
            self._hashes.change(tx, work.id, work.fingerprint)

    def seal_again(self, tx: Transaction, work: Work) -> tuple[Cipher, Cipher]:
        """Keep what is said of a work now, sealed with another key: what was said before opens no more, also where a
        copy of it was kept. Returns the key before and this one: traces and descriptors are sealed with it too.
        """
        before = self._keys.of(tx, self._place(work.id))
        key = self._keys.change(tx, self._place(work.id))
        tx.connection.execute(
            self._works.update().where(self._works.c.id == work.id).values(self._row(work, key))
        )
        return before, key

    def remove(self, tx: Transaction, work_id: str) -> bool:
        """Forget the work and destroy its key; False when there is none of that id."""
        self._keys.destroy(tx, [self._place(work_id)])
        return tx.connection.execute(self._works.delete().where(self._works.c.id == work_id)).rowcount > 0

    def of_file(self, tx: Transaction, file_digest: Digest) -> Work | None:
        """The work that this file is."""
        same = self._works.c.name == self._vault().name(file_digest)
        return self._one(tx, same)

    def of_id(self, tx: Transaction, work_id: str) -> Work | None:
        """The work of that id."""
        return self._one(tx, self._works.c.id == work_id)

    def all(self, tx: Transaction | None = None) -> list[Work]:
        """Every work, the oldest first; with ``tx``, as that transaction sees them. Raises RecordDamaged."""
        with nullcontext(tx) if tx else self._database.read() as reading:
            rows = reading.connection.execute(self._works.select()).all()
            keys = self._keys.of_table(reading, self._works.name) if rows else {}
            works = [self._work(row, keys[self._place(row.id)]) for row in rows]
        return sorted(works, key=lambda work: (work.added_at, work.id))

    def marks(self) -> tuple[tuple[str, bytes], ...]:
        """What tells whether anything has changed: the ids, and how each row's seal begins."""
        import sqlalchemy as sa

        head = sa.func.substr(self._works.c.facts, 1, HEAD_BYTES)
        wanted = sa.select(self._works.c.id, head).order_by(self._works.c.id)
        with self._database.read() as tx:
            return tuple((name, bytes(begins)) for name, begins in tx.connection.execute(wanted))

    def _one(self, tx: Transaction, condition: sa.ColumnElement[bool]) -> Work | None:
        row = tx.connection.execute(self._works.select().where(condition)).first()
        return None if row is None else self._work(row, self._keys.of(tx, self._place(row.id)))

    def _place(self, work_id: str) -> str:
        """Where it stands, which is the name of its key too."""
        return f"{self._works.name}/{work_id}"

    def _row(self, work: Work, key: Cipher) -> dict[str, Any]:
        facts = {
            "title": _text(work.title),
            "owner": _text(work.owner),
            "file_digest": work.file_digest,
            "added_at": work.added_at,
            "rights": work.rights.plain(),
            "state": work.state.value,
            "common": list(work.common),
            "expired": work.expired,
            "by_fingerprints": work.by_fingerprints,
            "original": work.original,
        }
        length = len(work.fingerprint).to_bytes(_LENGTH_BYTES, "big")
        place = self._place(work.id)
        return {
            "id": work.id,
            "facts": key.seal(json.dumps(facts, ensure_ascii=False).encode(), place),
            "prints": key.seal(length + work.fingerprint + work.small, f"{place}/prints"),
        }

    def _work(self, row: Any, key: Cipher) -> Work:
        place = self._place(row.id)
        facts: dict[str, Any] = json.loads(key.open(row.facts, place))
        prints = key.open(row.prints, f"{place}/prints")
        ends = _LENGTH_BYTES + int.from_bytes(prints[:_LENGTH_BYTES], "big")
        return Work(
            id=row.id,
            title=facts["title"],
            owner=facts["owner"],
            file_digest=Digest(facts["file_digest"]),
            fingerprint=prints[_LENGTH_BYTES:ends],
            small=prints[ends:],
            added_at=facts["added_at"],
            rights=Rights.of(facts["rights"]),
            state=State(facts["state"]),
            common=tuple(facts["common"]),
            expired=facts["expired"],
            by_fingerprints=facts.get("by_fingerprints", False),  # older rows say nothing of it
            original=facts.get("original"),
        )


def called(works: Sequence[Work], name: str) -> Work | None:
    """The work of that id, else the one of that title. Raises TitleShared where that is the title of several."""
    for work in works:
        if work.id == name.lower():
            return work
    titled = [work for work in works if work.title == name]
    if len(titled) > 1:
        raise TitleShared(title=name, count=len(titled), ids=", ".join(work.id for work in titled))
    return next(iter(titled), None)


def _text(value: str) -> str:
    """File names may hold bytes that are no UTF-8; they are stored escaped rather than refused."""
    return value.encode("utf-8", "backslashreplace").decode()
