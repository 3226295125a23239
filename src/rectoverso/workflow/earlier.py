"""What was decided before about the same picture beside the same work, for whoever decides now."""

from __future__ import annotations

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


def earlier_decisions(home: Home, pixels: Pixels, work_id: str) -> list[Earlier]:
    """The decisions on this picture (uint8 HWC), or a version of it, because of this work; the latest first."""
    digest, prints = digests.of_pixels(pixels), fingerprint(pixels)
    found = []
    for asset in home.assets.all():
        for work in similar_works(asset):
            same = asset.pixels_digest == digest
            distance = None if same else _distance(prints, asset)
            if work["id"] == work_id and (same or (distance is not None and distance <= SAME_WITHIN)):
                found.append(_decision(asset, work, distance))
    return sorted(found, key=lambda one: one.ledger_index, reverse=True)


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


def _distance(prints: bytes, asset: Asset) -> int | None:
    if not prints or not asset.fingerprint:
        return None
    theirs = np.frombuffer(asset.fingerprint, np.uint8).reshape(-1, NUM_BYTES)
    return int(distances(prints, theirs).min())
