"""From a soft binding, or a picture, to the credentials of a home's released images; and the credentials themselves.

Only what was released is found, and nothing that was revoked since. Of a picture only the pixels are asked: a watermark
that was copied onto another picture leads nowhere, because that picture is not the one that the mark names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rectoverso.errors import (
    AlgorithmUnknown,
    BlobDamaged,
    BlobMissing,
    ManifestRevoked,
    ManifestUnknown,
    QueryUnusable,
)
from rectoverso.i18n import Phrase
from rectoverso.store.assets import Asset
from rectoverso.types import AssetId, Decision, Message
from rectoverso.verso.mark import binding, signature
from rectoverso.verso.picture import to_png
from rectoverso.verso.screen.fingerprint import NUM_BYTES, fingerprint
from rectoverso.verso.verify.bounded import shared
from rectoverso.verso.verify.likeness import NEAR_IDENTICAL
from rectoverso.verso.verify.opening import Limits, NotChecked, look
from rectoverso.verso.verify.verifier import verify_bytes
from rectoverso.workflow.ledgers import existing_home
from rectoverso.workflow.verify import HomeRecords

ALGORITHMS = {"watermarks": binding.WATERMARK, "fingerprints": binding.FINGERPRINT}
PICTURE_LIMITS = Limits(max_bytes=20_000_000, max_pixels=16_000_000)
"""Of pictures that strangers send: less than what somebody verifies on their own machine."""


@dataclass(frozen=True, slots=True)
class Match:
    """``score``: 0 to 100, how near it is; 100 for a watermark's id."""

    manifest_id: str
    score: int


class Resolver:
    """The credentials of one home. Reads only, and from several threads at once."""

    def __init__(self, home_path: Path) -> None:
        """Raises HomeMissing, and KeysMissing where nothing was ever released."""
        self._home = existing_home(home_path)
        self._home.begin_data_keys()
        self._blobs = self._home.blobs
        self._records = HomeRecords(self._home)
        self._store = lru_cache(maxsize=256)(self._read_store)

    def by_binding(self, algorithm: str, value: str, at_most: int = 10) -> list[Match]:
        """What carries this value, base64 as the API wants it. Raises AlgorithmUnknown and QueryUnusable."""
        _demand_known(algorithm)
        digits = binding.queried(value, algorithm)
        if digits is None:
            raise unusable("value", algorithm=algorithm)
        if algorithm == binding.WATERMARK:
            named = self._home.assets.named(digits, at_most)
            return self._matches([(asset, 0) for asset in named])
        return self._near(bytes.fromhex(digits), at_most)

    def by_content(self, data: bytes, algorithm: str | None = None, at_most: int = 10) -> list[Match]:
        """What the pixels of a file lead to. Raises AlgorithmUnknown, QueryUnusable and ImageUnreadable."""
        if algorithm is not None:
            _demand_known(algorithm)
        try:
            look(data, PICTURE_LIMITS)
        except NotChecked as answer:
            raise QueryUnusable(reason=Phrase(answer.reason)) from answer
        picture = shared().open(data, name="the picture", limits=PICTURE_LIMITS).pixels
        found = verify_bytes(to_png(picture), records=self._records).recovered
        matches = []
        if found and algorithm in (
            None,
            binding.WATERMARK if found.by == "watermark" else binding.FINGERPRINT,
        ):
            distance = 0 if found.by == "watermark" else found.distance or 0
            asset = self._home.assets.by_id(found.asset)
            matches = self._matches([(asset, distance)] if asset else [])
        if algorithm in (None, binding.FINGERPRINT) and (print_ := fingerprint(picture)):
            matches += self._near(print_, at_most)
        return list({match.manifest_id: match for match in reversed(matches)}.values())[::-1][:at_most]

    def manifest(self, manifest_id: str) -> bytes:
        """The manifest store of that id (`application/c2pa`). Raises ManifestUnknown and ManifestRevoked."""
        named = binding.asset_of(manifest_id)
        asset = self._home.assets.by_id(named) if named else None
        store = self._store_of(asset) if asset else None
        if asset is None or store is None or signature.manifest_id(store) != manifest_id:
            raise ManifestUnknown(manifest=manifest_id)
        if asset.revoked is not None:
            raise ManifestRevoked(manifest=manifest_id, entry=asset.revoked)
        return store

    def _near(self, print_: bytes, at_most: int) -> list[Match]:
        near = self._records.index.within(print_, at_most=at_most, distance=NEAR_IDENTICAL)
        named = [
            (self._home.assets.by_id(AssetId(one.name)), one.distance) for one in near if one.kind == "asset"
        ]
        return self._matches([(asset, distance) for asset, distance in named if asset])

    def _matches(self, found: Sequence[tuple[Asset, int]]) -> list[Match]:
        matches = []
        for asset, distance in found:
            store = self._store_of(asset) if asset.revoked is None else None
            name = signature.manifest_id(store) if store else None
            if name:
                matches.append(Match(name, round(100 * (1 - distance / (4 * NUM_BYTES)))))
        return matches

    def _store_of(self, asset: Asset) -> bytes | None:
        if asset.decision is not Decision.RELEASE or not asset.has_picture:
            return None
        return self._store(asset.id)

    def _read_store(self, asset: AssetId) -> bytes | None:
        try:
            return signature.store_of(self._blobs.get(asset))
        except (BlobDamaged, BlobMissing):
            return None


def _demand_known(algorithm: str) -> None:
    if algorithm not in ALGORITHMS.values():
        raise AlgorithmUnknown(algorithm=algorithm, known=", ".join(ALGORITHMS.values()))


def unusable(problem: str, **facts: object) -> QueryUnusable:
    """The error for a query that says ``problem`` (a name of `resolve.query`), in every language."""
    return QueryUnusable(reason=Phrase(Message(f"resolve.query.{problem}", facts)))
