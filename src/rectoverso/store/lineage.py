"""What learnt from what: which pictures are in a curated set, and which sets and runs an erased one was in.

The rest of the lineage stands in the ledger and the decisions: a run names the manifests of its sets, and a released
image the weights of its run. Which pictures a set has is sealed, 16 bytes of each picture's digest, in order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator

import sqlalchemy as sa

from rectoverso.store.data_keys import DataKeys
from rectoverso.store.database import Transaction
from rectoverso.store.tables import lineage, marks
from rectoverso.types import Digest

_BYTES = 16


class Lineage:
    """The lineage of one home; the members of each set have a key of their own."""

    def __init__(self, keys: DataKeys) -> None:
        self._keys = keys

    def keep(self, tx: Transaction, manifest: Digest, pictures: Iterable[Digest]) -> None:
        """Which pictures (SHA-256 of their files) are in the set of a manifest; what is kept already stays."""
        known = sa.select(lineage.c.manifest).where(lineage.c.manifest == manifest)
        if tx.connection.execute(known).first() is None:
            key = self._keys.make(tx, _place(manifest))
            sealed = key.seal(_members(pictures), _place(manifest))
            tx.connection.execute(lineage.insert().values(manifest=manifest, sealed=sealed))

    def manifests(self, tx: Transaction) -> list[str]:
        """Of every set that is known here."""
        return [str(row.manifest) for row in tx.connection.execute(sa.select(lineage.c.manifest)).all()]

    def sets_of(self, tx: Transaction, pictures: Collection[Digest]) -> list[Digest]:
        """The manifests of the sets that any of these pictures is in. Raises RecordDamaged."""
        wanted = [_short(picture) for picture in pictures]
        return sorted(
            manifest for manifest, members in self._sets(tx) if any(_has(members, one) for one in wanted)
        )

    def forget(self, tx: Transaction, pictures: Collection[Digest]) -> None:
        """Take pictures out of what is known of sets, which get other keys: what they had opens in no copy any more."""
        wanted = {_short(picture) for picture in pictures}
        for manifest, members in list(self._sets(tx)):
            rest = [one for one in _split(members) if one not in wanted]
            if len(rest) * _BYTES < len(members):
                sealed = self._keys.change(tx, _place(manifest)).seal(b"".join(rest), _place(manifest))
                here = lineage.update().where(lineage.c.manifest == manifest)
                tx.connection.execute(here.values(sealed=sealed))

    def mark(self, tx: Transaction, digests: Iterable[str], entry: int) -> None:
        """Note of sets and runs, by the digests of their manifests and weights, which entry tells of an erased picture
        in them; the first one stays.
        """
        for digest in digests:
            if self.marked(tx, digest) is None:
                tx.connection.execute(marks.insert().values(digest=digest, entry=entry))

    def marked(self, tx: Transaction, digest: str | None) -> int | None:
        """The entry that a set or a run is marked by."""
        found = tx.connection.execute(sa.select(marks.c.entry).where(marks.c.digest == digest)).scalar()
        return None if found is None else int(found)

    def _sets(self, tx: Transaction) -> Iterator[tuple[Digest, bytes]]:
        for row in tx.connection.execute(sa.select(lineage)).all():
            yield (
                Digest(row.manifest),
                self._keys.of(tx, _place(row.manifest)).open(row.sealed, _place(row.manifest)),
            )


def _members(pictures: Iterable[Digest]) -> bytes:
    return b"".join(sorted({_short(picture) for picture in pictures}))


def _short(picture: Digest) -> bytes:
    return bytes.fromhex(picture)[:_BYTES]


def _split(members: bytes) -> list[bytes]:
    return [members[at : at + _BYTES] for at in range(0, len(members), _BYTES)]


def _has(members: bytes, one: bytes) -> bool:
    at = bisect_left(range(len(members) // _BYTES), one, key=_at(members))
    return members[at * _BYTES : (at + 1) * _BYTES] == one


def _at(members: bytes) -> Callable[[int], bytes]:
    return lambda at: members[at * _BYTES : (at + 1) * _BYTES]


def _place(manifest: str) -> str:
    return f"lineage/{manifest}"
