"""The fingerprints and ids of a home, so that one is found among very many at once.

In memory it is a linear search, eight bytes at a time: 100,000 pictures in all eight symmetries take a few hundredths
of a second. Where the home's database searches the works by itself, those stay there; the answers are the same. What a
home released or registered meanwhile is taken in when it is next asked.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from rectoverso.errors import KeysDamaged, KeysMissing
from rectoverso.protocols import Clock, SystemClock
from rectoverso.types import AssetId
from rectoverso.verso.verify.records import Near

if TYPE_CHECKING:
    from datetime import date

    from rectoverso.store.home import Home
    from rectoverso.store.works import Work

NUM_BYTES = 32


class PrintIndex:
    """The released images and registered works of one home, by fingerprint. Reads only; threads may share it."""

    def __init__(self, home: Home, clock: Clock = SystemClock()) -> None:  # noqa: B008 - it holds no state
        self._home = home
        self._clock = clock
        self._lock = Lock()
        self._seen: tuple[Any, ...] = ()
        self._ids: Sequence[AssetId] = ()
        self._assets = Prints([])
        self._works: Prints | StoredPrints = Prints([])

    def ids(self) -> Sequence[AssetId]:
        """The ids of the released images, in the order of the ledger."""
        with self._lock:
            self._refresh()
            return self._ids

    def nearest(self, fingerprints: bytes) -> Near | None:
        """What differs least from any of these hashes (32 bytes each); None where there is nothing to compare."""
        near = self.within(fingerprints, at_most=1)
        return near[0] if near else None

    def within(self, fingerprints: bytes, *, at_most: int, distance: int = 256) -> list[Near]:
        """The names that differ in no more than ``distance`` bits of 256, the nearest first, each once.

        Of equal ones the released images come first, in the order of the ledger, then the works by their ids.
        """
        with self._lock:
            self._refresh()
            assets, works = self._assets, self._works
        asked = _hashes(fingerprints)
        if not asked:
            return []
        comparisons = (len(assets) + len(works)) * len(asked)
        released = (Near("asset", name, bits, comparisons) for name, bits in assets.nearest(asked, distance))
        registered = (Near("work", name, bits, comparisons) for name, bits in works.nearest(asked, distance))
        found: dict[tuple[str, str], Near] = {}
        for near in heapq.merge(released, registered, key=lambda one: one.distance):
            found.setdefault((near.kind, near.name), near)
            if len(found) == at_most:
                break
        return list(found.values())

    def _refresh(self) -> None:
        """Read the home again if it has decided or registered anything since."""
        today = self._clock.now().date()
        with self._home.database.read() as tx:
            are_stored = self._home.hashes.are_kept(tx)
        marks = () if are_stored else self._home.works.marks()
        seen = (self._home.assets.extent(), are_stored, marks, today)
        if seen == self._seen:
            return
        self._assets = Prints([(str(asset), hashes) for asset, hashes in self._home.assets.prints()])
        self._works = StoredPrints(self._home, today) if are_stored else _in_memory(self._all_works(), today)
        self._ids = self._home.assets.released_ids()
        self._seen = seen

    def _all_works(self) -> list[Work]:
        try:
            return self._home.works.all()
        except (KeysMissing, KeysDamaged):  # what was released is looked up all the same
            return []


class Prints:
    """Names with their hashes, 32 bytes each, in memory; ``unseen`` more are counted and never found."""

    def __init__(self, prints: Sequence[tuple[str, bytes]], unseen: int = 0) -> None:
        import numpy as np

        parts = [(name, hash_) for name, hashes in prints for hash_ in _hashes(hashes)]
        self._names = [name for name, _ in parts]
        self._words = np.frombuffer(b"".join(hash_ for _, hash_ in parts), np.uint64).reshape(-1, 4)
        self._unseen = unseen

    def __len__(self) -> int:
        return len(self._names) + self._unseen

    def nearest(self, asked: Sequence[bytes], distance: int) -> Iterator[tuple[str, int]]:
        """Name and differing bits, the nearest first, equal ones in the order given."""
        import numpy as np

        differing = np.full(len(self._words), 256, np.uint16)
        for one in asked:
            bits = np.bitwise_count(self._words ^ np.frombuffer(one, np.uint64)).sum(axis=1, dtype=np.uint16)
            np.minimum(differing, bits, out=differing)
        for at in np.argsort(differing, kind="stable"):
            if differing[at] > distance:
                return
            yield self._names[at], int(differing[at])


class StoredPrints:
    """The works that are in force on a day, by their hashes in the home's database. Nothing seals those, so that what
    is found is compared once more with the work's own.
    """

    def __init__(self, home: Home, today: date) -> None:
        self._home = home
        self._today = today

    def __len__(self) -> int:
        with self._home.database.read() as tx:
            return self._home.hashes.count(tx)

    def nearest(self, asked: Sequence[bytes], distance: int) -> Iterator[tuple[str, int]]:
        """Title and differing bits, the nearest first, equal ones by the work's id."""
        try:
            for work_id, bits in self._home.hashes.nearest(asked, distance):
                with self._home.database.read() as tx:
                    work = self._home.works.of_id(tx, work_id)
                if work is None or not work.is_compared(self._today):
                    continue
                yield from Prints([(work.title, work.fingerprint)]).nearest(asked, bits)
        except (KeysMissing, KeysDamaged):  # what was released is looked up all the same
            return


def _in_memory(works: Sequence[Work], today: date) -> Prints:
    compared = sorted((work for work in works if work.is_compared(today)), key=lambda work: work.id)
    others = sum(len(_hashes(work.fingerprint)) for work in works if not work.is_compared(today))
    return Prints([(work.title, work.fingerprint) for work in compared], unseen=others)


def _hashes(fingerprints: bytes) -> list[bytes]:
    return [
        fingerprints[at : at + NUM_BYTES] for at in range(0, len(fingerprints) - NUM_BYTES + 1, NUM_BYTES)
    ]
