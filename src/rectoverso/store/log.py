"""The rows of the ledger: entries, tree nodes, checkpoints. ``verso.ledger`` gives them their meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import sqlalchemy as sa

from rectoverso.store.database import Transaction
from rectoverso.store.tables import checkpoints, entries, nodes

Node = tuple[int, int]
"""A complete subtree by (level, position): it covers leaves position * 2**level and on."""

_MANY = 200  # rows a query: far below what any database allows
_LARGEST = 2**31 - 1  # that PostgreSQL takes for the number of an entry


class Log:
    """Rows that are added and never changed."""

    def add_entries(self, tx: Transaction, bodies: Mapping[int, bytes]) -> None:
        """The entries by their number."""
        rows = [{"seq": seq, "body": body} for seq, body in bodies.items()]
        tx.connection.execute(entries.insert(), rows)

    def add_nodes(self, tx: Transaction, hashes: Mapping[Node, bytes]) -> None:
        rows = [{"level": level, "position": at, "hash": value} for (level, at), value in hashes.items()]
        tx.connection.execute(nodes.insert(), rows)

    def add_checkpoint(self, tx: Transaction, size: int, note: bytes) -> None:
        tx.connection.execute(checkpoints.insert().values(size=size, note=note))

    def size(self, tx: Transaction) -> int:
        """The number after the last entry: how many there are when none is missing."""
        last = tx.connection.execute(sa.select(sa.func.max(entries.c.seq))).scalar()
        return 0 if last is None else int(last) + 1

    def entry(self, tx: Transaction, seq: int) -> bytes | None:
        """The entry of that number, None where there is none, whatever number was asked for."""
        if not 0 <= seq <= _LARGEST:
            return None
        return tx.connection.execute(sa.select(entries.c.body).where(entries.c.seq == seq)).scalar()

    def entries(self, tx: Transaction, begin: int, end: int) -> dict[int, bytes]:
        """The entries with begin <= seq < end, by seq, in order."""
        wanted = sa.select(entries).where(entries.c.seq >= begin, entries.c.seq < end).order_by(entries.c.seq)
        return {row.seq: row.body for row in tx.connection.execute(wanted)}

    def nodes(self, tx: Transaction, wanted: Iterable[Node]) -> dict[Node, bytes]:
        """The hashes of these nodes; a missing one is not in the answer."""
        return {
            (row.level, row.position): row.hash
            for group in _groups(list(wanted))
            for row in tx.connection.execute(_among(len(group)), _numbered(group))
        }

    def nodes_between(self, tx: Transaction, level: int, begin: int, end: int) -> dict[int, bytes]:
        """The nodes of one level with begin <= position < end, by position."""
        at = nodes.c.position
        wanted = sa.select(at, nodes.c.hash).where(nodes.c.level == level, at >= begin, at < end)
        return {row.position: row.hash for row in tx.connection.execute(wanted)}

    def node_count(self, tx: Transaction) -> int:
        return int(tx.connection.execute(sa.select(sa.func.count()).select_from(nodes)).scalar_one())

    def checkpoint(self, tx: Transaction, size: int) -> bytes | None:
        """The checkpoint of that size, None where there is none."""
        if not 0 <= size <= _LARGEST:
            return None
        return tx.connection.execute(sa.select(checkpoints.c.note).where(checkpoints.c.size == size)).scalar()

    def latest_checkpoint(self, tx: Transaction) -> tuple[int, bytes] | None:
        """Size and note of the last checkpoint."""
        last = sa.select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)
        row = tx.connection.execute(last).first()
        return None if row is None else (row.size, row.note)

    def checkpoints(self, tx: Transaction, begin: int, end: int) -> dict[int, bytes]:
        """The checkpoints with begin <= size < end, by size."""
        size = checkpoints.c.size
        wanted = sa.select(checkpoints).where(size >= begin, size < end).order_by(size)
        return {row.size: row.note for row in tx.connection.execute(wanted)}

    def stray_checkpoints(self, tx: Transaction, size: int) -> list[int]:
        """The sizes of checkpoints that no ledger of ``size`` entries can have."""
        at = checkpoints.c.size
        stray = sa.select(at).where((at < 1) | (at > size)).order_by(at)
        return [int(value) for value in tx.connection.execute(stray).scalars()]

    def stray_entries(self, tx: Transaction, size: int) -> list[int]:
        """The numbers of entries that no ledger of ``size`` entries can have."""
        at = entries.c.seq
        stray = sa.select(at).where((at < 0) | (at >= size)).order_by(at)
        return [int(value) for value in tx.connection.execute(stray).scalars()]

    def entry_count(self, tx: Transaction, below: int) -> int:
        """How many entries have 0 <= seq < below."""
        at = entries.c.seq
        counted = sa.select(sa.func.count()).where(at >= 0, at < below)
        return int(tx.connection.execute(counted).scalar_one())


@cache
def _among(count: int) -> sa.TextualSelect:
    """Look up ``count`` nodes: SQLite uses the index for ORs, and would scan for `(a, b) IN (...)`."""
    keys = " OR ".join(f"(level = :level_{at} AND position = :position_{at})" for at in range(count))
    columns = (nodes.c.level, nodes.c.position, nodes.c.hash)
    return sa.text(f"SELECT level, position, hash FROM nodes WHERE {keys}").columns(*columns)  # noqa: S608


def _numbered(group: list[Node]) -> dict[str, int]:
    numbered: dict[str, int] = {}
    for at, (level, position) in enumerate(group):
        numbered |= {f"level_{at}": level, f"position_{at}": position}
    return numbered


def _groups(wanted: list[Node]) -> Iterator[list[Node]]:
    for at in range(0, len(wanted), _MANY):
        yield wanted[at : at + _MANY]
