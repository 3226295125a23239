"""What was decided before about the same picture beside the same work, for whoever decides now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rectoverso.store.assets import Asset
from rectoverso.store.home import Home
from rectoverso.types import Pixels
from rectoverso.verso.registry.refusals import similar_works
from rectoverso.verso.screen.fingerprint import NUM_BYTES, distances, fingerprint
from rectoverso.workflow import digests

SAME_WITHIN = 31
"""Bits of 256 in which two versions of a picture differ at most, as PDQ's makers advise."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """One earlier decision on a pair. ``distance``: bits of 256 between the two pictures, None for the very pixels."""

    work: str
    asset: str
    decided_at: str
    decision: str
    policy: str
    ruling: str
    claim: str
    doubt: str | None
    distance: int | None
    ledger_index: int

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def earlier_decisions(home: Home, pixels: Pixels, work_ids: Sequence[str]) -> list[Earlier]:
    """The decisions on this picture (uint8 HWC), or a version of it, because of these works: of one work after the
    other, the latest first.
    """
    if not work_ids:
        return []
    digest, prints = digests.of_pixels(pixels), fingerprint(pixels)
    found = []
    for asset in home.assets.all():
        same = asset.pixels_digest == digest
        distance = None if same else bits_apart(prints, asset.fingerprint)
        if same or (distance is not None and distance <= SAME_WITHIN):
            wanted = (work for work in similar_works(asset) if work["id"] in work_ids)
            found += [_decision(asset, work, distance) for work in wanted]
    return sorted(found, key=lambda one: (work_ids.index(one.work), -one.ledger_index))


def _decision(asset: Asset, work: dict[str, Any], distance: int | None) -> Earlier:
    return Earlier(
        work=work["id"],
        asset=asset.id,
        decided_at=asset.decided_at,
        decision=asset.decision.value,
        policy=asset.policy,
        ruling=work.get("ruling", work["outcome"]),
        claim=work.get("claim", "asserted"),
        doubt=work.get("doubt"),
        distance=distance,
        ledger_index=asset.ledger_index,
    )


def bits_apart(prints: bytes, theirs: bytes) -> int | None:
    """Bits between a hash and the nearest of an image's own, None where there is none."""
    whole = len(theirs) // NUM_BYTES * NUM_BYTES
    if not prints or not whole:
        return None
    rows = np.frombuffer(theirs[:whole], np.uint8).reshape(-1, NUM_BYTES)
    return int(distances(prints, rows).min())
