"""The hashes of works where a server can search them by itself, if the keeper of a home wants that (ADR 0019).

They lie there veiled: the 256 bits in an order, and some of them turned over, that only this home's key gives. How far
two hashes are apart stays exactly as it was. That hides them from a copy of the table alone; whoever knows some thirty
of the works can work the veil out, so what is veiled counts as open. Everything else of a work stays sealed.

The table goes with its work, in the same transaction. It is searched row by row, by pgvector's Hamming distance: an
index of nearest neighbours (HNSW) would be faster, and would miss some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import sqlalchemy as sa

from rectoverso.store.vault import Vault

if TYPE_CHECKING:
    from rectoverso.store.database import Database, Transaction

HASH_BYTES = 32
_BITS = 8 * HASH_BYTES
_PAGE = 64
_MANY = 1000  # rows a statement

_MAKE = f"""
CREATE TABLE work_hashes (
    work varchar(8) NOT NULL REFERENCES works (id) ON DELETE CASCADE,
    symmetry smallint NOT NULL,
    bits bit({_BITS}) NOT NULL,
    PRIMARY KEY (work, symmetry)
)
"""
_ADD = sa.text(
    "INSERT INTO work_hashes VALUES (:work, :symmetry, CAST(:bits AS bit(256))) ON CONFLICT DO NOTHING"
)


class Veil:
    """What a home's key makes of hashes; distances between two veiled ones are those between the two."""

    def __init__(self, key: bytes) -> None:
        import hashlib

        import numpy as np

        drawn = hashlib.shake_256(key).digest(8 * _BITS + HASH_BYTES)
        self._order = np.argsort(np.frombuffer(drawn[: 8 * _BITS], "<u8"), kind="stable")
        self._turned = np.unpackbits(np.frombuffer(drawn[8 * _BITS :], np.uint8))

    def bits(self, hash_: bytes) -> str:
        """32 bytes as 256 veiled digits, 0 or 1."""
        import numpy as np

        plain = np.unpackbits(np.frombuffer(hash_, np.uint8))
        return ((plain[self._order] ^ self._turned) + ord("0")).tobytes().decode()


class Hashes:
    """The veiled hashes of one home on a PostgreSQL server. Elsewhere there are none, and none can be made."""

    def __init__(self, database: Database, vault: Callable[[], Vault]) -> None:
        self._database = database
        self._vault = vault

    @cached_property
    def _veil(self) -> Veil:
        return Veil(self._vault().veil_key)

    def are_kept(self, tx: Transaction) -> bool:
        """Whether this home lets the server search its hashes."""
        if tx.connection.dialect.name != "postgresql":
            return False
        return tx.connection.exec_driver_sql("SELECT to_regclass('work_hashes')").scalar() is not None

    def are_possible(self) -> bool:
        """Whether the server has pgvector, made or ready to be made."""
        server = self._database.server()
        return server is not None and server.has_vectors

    def begin(self, tx: Transaction, fingerprints: Iterable[tuple[str, bytes]]) -> None:
        """Keep the hashes of these works (id, and 32 bytes for each symmetry) and of all that come. Raises
        HomeNotPermitted where this user may not make the extension.
        """
        tx.connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS vector")
        tx.connection.exec_driver_sql(_MAKE)
        rows = (row for work, prints in fingerprints for row in self._rows(work, prints))
        while some := list(islice(rows, _MANY)):
            tx.connection.execute(_ADD, some)

    def end(self, tx: Transaction) -> None:
        """Keep none any more."""
        tx.connection.exec_driver_sql("DROP TABLE IF EXISTS work_hashes")

    def put(self, tx: Transaction, work_id: str, fingerprints: bytes) -> None:
        """Keep those of a work just entered, where they are kept."""
        if fingerprints and self.are_kept(tx):
            tx.connection.execute(_ADD, self._rows(work_id, fingerprints))

    def change(self, tx: Transaction, work_id: str, fingerprints: bytes) -> None:
        """Keep these of a work instead of those that are kept, where they are kept."""
        if self.are_kept(tx):
            tx.connection.execute(sa.text("DELETE FROM work_hashes WHERE work = :work"), {"work": work_id})
            self.put(tx, work_id, fingerprints)

    def count(self, tx: Transaction) -> int:
        return int(tx.connection.exec_driver_sql("SELECT count(*) FROM work_hashes").scalar_one())

    def nearest(self, asked: Sequence[bytes], distance: int) -> Iterator[tuple[str, int]]:
        """The works that differ in at most ``distance`` bits from any of the hashes asked: id and bits, the nearest
        first, equal ones by id.
        """
        differing = ", ".join(f"bits <~> CAST(:asked_{at} AS bit({_BITS}))" for at in range(len(asked)))
        found = sa.text(
            f"SELECT work, CAST(min(least({differing})) AS int) AS differing FROM work_hashes GROUP BY work "  # noqa: S608
            f"HAVING min(least({differing})) <= :distance ORDER BY differing, work LIMIT :many OFFSET :begin"
        )
        veiled = {f"asked_{at}": self._veil.bits(one) for at, one in enumerate(asked)}
        begin, many = 0, _PAGE
        while True:
            with self._database.read() as tx:
                rows = tx.connection.execute(
                    found, veiled | {"distance": distance, "many": many, "begin": begin}
                ).all()
            yield from ((row.work, row.differing) for row in rows)
            if len(rows) < many:
                return
            begin, many = begin + many, 4 * many

    def _rows(self, work_id: str, fingerprints: bytes) -> list[dict[str, object]]:
        return [
            {
                "work": work_id,
                "symmetry": at // HASH_BYTES,
                "bits": self._veil.bits(fingerprints[at : at + HASH_BYTES]),
            }
            for at in range(0, len(fingerprints) - HASH_BYTES + 1, HASH_BYTES)
        ]
