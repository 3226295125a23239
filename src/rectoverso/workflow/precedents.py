"""What became of earlier drafts that are the same picture beside the same work, for whoever decides on a held one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice
from threading import Lock
from typing import Any, NamedTuple

from rectoverso.store.assets import Asset
from rectoverso.store.home import Home
from rectoverso.types import AssetId, Decision
from rectoverso.verso.registry.refusals import similar_works
from rectoverso.verso.screen.fingerprint import NUM_BYTES
from rectoverso.workflow.earlier import SAME_WITHIN, bits_apart
from rectoverso.workflow.review import standing_of

MOST = 5
"""So many decisions on a pair are shown to whoever decides now, the latest."""


@dataclass(frozen=True, slots=True)
class Precedent:
    """What became of an earlier draft: ``approved`` or ``refused`` by people, or ``stopped`` at the door."""

    asset: str
    decided_at: str
    outcome: str
    ledger_index: int

    def plain(self) -> dict[str, Any]:
        return asdict(self)


class _Decided(NamedTuple):
    """An image that was stopped because of a work, as far as it takes to find it again."""

    asset: AssetId
    ledger_index: int
    prints: bytes
    pixels_digest: str


class Precedents:
    """What was held or refused in a home, by the works that it was alike to. What was decided since is taken in when it
    is next asked, by whichever thread.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = Lock()
        self._last = {Decision.REFUSE: -1, Decision.HOLD: -1}
        self._of_works: dict[str, list[_Decided]] = {}

    def of(self, asset: Asset, work_id: str) -> list[Precedent]:
        """What was decided before this image of the same picture, or a version of it, beside this work: the latest
        first. What still waits is no decision.
        """
        self._refresh()
        earlier = [one for one in self._of_works.get(work_id, ()) if one.ledger_index < asset.ledger_index]
        earlier.sort(key=lambda one: -one.ledger_index)
        told = (self._told(one) for one in earlier if _is_version(asset, one))
        return list(islice((one for one in told if one is not None), MOST))

    def _told(self, one: _Decided) -> Precedent | None:
        found = self._home.assets.by_id(one.asset)
        if found is None or found.erased is not None:
            return None
        if found.decision is Decision.REFUSE:
            return Precedent(found.id, found.decided_at, "stopped", one.ledger_index)
        standing = standing_of(self._home, found)
        if standing.state not in ("approved", "refused"):
            return None
        at = standing.votes[-1].at if standing.votes else found.decided_at
        return Precedent(found.id, at, standing.state, one.ledger_index)

    def _refresh(self) -> None:
        with self._lock:
            for decision, read in (
                (Decision.REFUSE, self._home.assets.refused),
                (Decision.HOLD, self._home.assets.held),
            ):
                for asset in read(after=self._last[decision]):
                    self._last[decision] = asset.ledger_index
                    one = _Decided(asset.id, asset.ledger_index, asset.fingerprint, asset.pixels_digest)
                    for work in {work["id"] for work in similar_works(asset)}:
                        self._of_works.setdefault(work, []).append(one)


def _is_version(asset: Asset, other: _Decided) -> bool:
    """Whether both are one picture, as the very pixels or as their hashes say."""
    if asset.pixels_digest and asset.pixels_digest == other.pixels_digest:
        return True
    distance = bits_apart(asset.fingerprint[:NUM_BYTES], other.prints)
    return distance is not None and distance <= SAME_WITHIN
