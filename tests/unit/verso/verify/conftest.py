"""A home's records for verifications, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
import pytest

from rectoverso.types import AssetId, Digest, LedgerReading, Origin, Pixels
from rectoverso.verso.mark.order import Marked
from rectoverso.verso.screen.fingerprint import distances, fingerprint
from rectoverso.verso.verify.records import Known, Near
from unit.verso.conftest import ASSET


@dataclass
class Shelf:
    """A home's records, in memory: what was released, and the hashes of registered works."""

    released: list[Known] = field(default_factory=list)
    works: dict[str, bytes] = field(default_factory=dict)
    retired_by: int | None = None

    def put(self, asset: AssetId, marked: Marked, origin: Origin = Origin.AI) -> None:
        digest = Digest(sha256(marked.data).hexdigest())
        ledger = LedgerReading(found=True, index=len(self.released), size=9, event="released")
        print_ = fingerprint(marked.pixels)
        known = Known(asset, digest, None, print_, marked.data, marked.pixels, origin, ledger)
        self.released.append(known)

    def asset(self, id_or_prefix: str) -> Known | None:
        return next((known for known in self.released if known.id.startswith(id_or_prefix)), None)

    def by_digest(self, file_digest: Digest) -> Known | None:
        return next((known for known in self.released if known.file_digest == file_digest), None)

    def nearest(self, fingerprints: bytes) -> Near | None:
        prints = [("asset", str(known.id), known.fingerprint) for known in self.released if known.fingerprint]
        prints += [("work", name, other) for name, other in self.works.items()]
        asked = np.frombuffer(fingerprints, np.uint8).reshape(-1, 32)
        found = [
            Near(kind, name, int(distances(other, asked).min()), len(asked) * len(prints))
            for kind, name, other in prints
        ]
        return min(found, key=lambda row: row.distance, default=None)

    def watermark_ids(self) -> Sequence[AssetId]:
        return [known.id for known in self.released]

    def retired(self, _serial: str) -> int | None:
        return self.retired_by

    def recognised(self, _picture: Pixels) -> None:
        return None


@pytest.fixture
def shelf(marked: Marked) -> Shelf:
    """The home that released what the test module calls ``marked``."""
    shelf = Shelf()
    shelf.put(ASSET, marked)
    return shelf
