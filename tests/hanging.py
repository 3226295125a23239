"""Decided images for a gallery: rows alone, without pictures and without entries in the ledger."""

from __future__ import annotations

from rectoverso.store.assets import Asset
from rectoverso.store.home import Home
from rectoverso.types import AssetId, Decision, Digest, Maker, Origin
from rectoverso.workflow.keys import open_keys

OTHER = Digest("b" * 64)
"""The maker of the first twenty."""


def asset(number: int) -> Asset:
    """Each tenth is held; the first twenty are of June, and of another maker."""
    is_old = number < 20
    return Asset(
        id=AssetId(f"{number:012x}"),
        request=f"{number:064x}",
        decision=Decision.HOLD if number % 10 == 5 else Decision.RELEASE,
        decided_at=f"2026-0{6 if is_old else 7}-01T12:00:00+00:00",
        ledger_index=100 + number,
        maker=Maker("dcgan", "1", OTHER if is_old else Digest("a" * 64)),
        origin=Origin.AI,
        use="art" if number % 2 else "general",
        seed=number,
        source=None,
        policy="general@1",
        findings=[],
        reasons=[],
        file_name="",
        media_type="image/png",
        file_digest=Digest(f"{number:064x}"),
        pixels_digest=Digest(f"{number:064x}"),
        fingerprint=b"",
    )


def hang(home: Home, *numbers: int) -> None:
    """Have these be decided."""
    open_keys(home)
    with home.database.transaction() as tx:
        for number in numbers:
            home.assets.record(tx, asset(number))
