"""The fingerprints and ids of a home in memory, so that one is found among very many at once.

A linear search, eight bytes at a time: 100,000 pictures in all eight symmetries take a few hundredths of a second. What
a home released meanwhile is taken in when it is next asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from rectoverso.errors import KeysDamaged, KeysMissing
from rectoverso.protocols import Clock, SystemClock
from rectoverso.types import AssetId
from rectoverso.verso.verify.records import Near

if TYPE_CHECKING:
    from rectoverso.store.home import Home
    from rectoverso.store.works import Work


class PrintIndex:
    """The released images and registered works of one home, by fingerprint. Reads only; threads may share it."""

    def __init__(self, home: Home, clock: Clock = SystemClock()) -> None:  # noqa: B008 - it holds no state
        self._home = home
        self._clock = clock
        self._lock = Lock()
        self._seen: tuple[Any, ...] = ()
        self._ids: Sequence[AssetId] = ()
        self._names: list[tuple[str, str]] = []
        self._words: Any = None

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
        """The names that differ in no more than ``distance`` bits of 256, the nearest first, each once."""
        import numpy as np

        with self._lock:
            self._refresh()
            words, names = self._words, self._names
        if words is None or not fingerprints:
            return []
        asked = np.frombuffer(fingerprints, np.uint64).reshape(-1, 1, 4)
        differing = np.full(len(words), 256, np.uint16)
        for one in asked:
            bits = np.bitwise_count(words ^ one).sum(axis=1, dtype=np.uint16)
            np.minimum(differing, bits, out=differing)
        comparisons = differing.size * len(asked)
        found: dict[tuple[str, str], Near] = {}
        for at in np.argsort(differing, kind="stable")[: 8 * at_most]:
            kind, name = names[at]
            if differing[at] <= distance:
                near = Near("asset" if kind == "asset" else "work", name, int(differing[at]), comparisons)
                found.setdefault((kind, name), near)
        return list(found.values())[:at_most]

    def _refresh(self) -> None:
        """Read the home again if it has decided or registered anything since."""
        import numpy as np

        from rectoverso.verso.screen.fingerprint import NUM_BYTES

        today = self._clock.now().date()
        seen = (self._home.assets.extent(), self._home.works.marks(), today)
        if seen == self._seen:
            return
        prints = [("asset", str(asset), hashes) for asset, hashes in self._home.assets.prints()]
        compared = [work for work in self._works() if work.is_compared(today)]
        prints += [("work", work.title, work.fingerprint) for work in compared]
        parts = [
            (kind, name, hashes[at : at + NUM_BYTES])
            for kind, name, hashes in prints
            for at in range(0, len(hashes) - NUM_BYTES + 1, NUM_BYTES)
        ]
        self._names = [(kind, name) for kind, name, _ in parts]
        joined = np.frombuffer(b"".join(hashed for _, _, hashed in parts), np.uint64)
        self._words = joined.reshape(-1, 4) if parts else None
        self._ids = self._home.assets.released_ids()
        self._seen = seen

    def _works(self) -> list[Work]:
        try:
            return self._home.works.all()
        except (KeysMissing, KeysDamaged):  # what was released is looked up all the same
            return []
