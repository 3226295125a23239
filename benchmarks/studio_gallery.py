"""How soon the gallery of a home with 100,000 images is painted: python benchmarks/studio_gallery.py [--images N]

The rows are written as the door writes them, sealed, with keys of their own, but without entries in the ledger: so each
picture that is asked for is one of four that were released, fetched as any is. The time is Chromium's own (first
contentful paint, and the largest), over an empty cache.
"""

from __future__ import annotations

import argparse
import json
import platform
import secrets
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from rectoverso.service.api import assets
from rectoverso.service.work.turns import take
from rectoverso.store.assets import Asset
from rectoverso.store.home import Home
from rectoverso.types import AssetId, Decision, Digest
from rectoverso.workflow.jobs.asked import GenerateAsked
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.keys import open_keys
from walking import Studio, a_browser, walking

_BATCH = 2000
_USES = ("general", "art", "advertising", "game")
_PAINTS = """() => new Promise((done) => new PerformanceObserver((list) => done({
  first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  largest: list.getEntries().at(-1).startTime})).observe({type: "largest-contentful-paint", buffered: true}))"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--home", type=Path, help="a home to keep and use again")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder) / "home"
        if not (home / "filled").exists():
            fill(home, asked.images)
        told = {"date": datetime.now(UTC).date().isoformat(), "machine": platform.processor() or "x86_64"}
        told |= {"images": asked.images, "ms": painted(home)}
    print(json.dumps(told, indent=2))


def fill(path: Path, images: int) -> None:
    """A home in which so many images are decided."""
    home = Home.open(path)
    open_keys(home)
    order(home, "local", GenerateAsked(run="demo", count=4))
    for turn in home.jobs.unsent(10):
        take(home, turn)
    originals = _originals(home)
    last, begun = originals[-1].ledger_index, datetime.now(UTC) - timedelta(days=100)
    for start in range(0, images, _BATCH):
        with home.database.transaction() as tx:
            for number in range(start, min(start + _BATCH, images)):
                home.assets.record(tx, _like(originals[number % len(originals)], number, last, begun, images))
    (path / "filled").touch()


def _originals(home: Home) -> list[Asset]:
    return [one for one in reversed(home.assets.page(10, before=10)) if one.decision is Decision.RELEASE]


def _like(original: Asset, number: int, last: int, begun: datetime, images: int) -> Asset:
    decision = (
        Decision.HOLD if number % 50 == 7 else Decision.REFUSE if number % 200 == 9 else Decision.RELEASE
    )
    at = begun + timedelta(days=100 * number / images)
    return replace(
        original,
        id=AssetId(secrets.token_hex(6)),
        request=secrets.token_hex(32),
        decision=decision,
        decided_at=at.isoformat(timespec="seconds"),
        ledger_index=last + 1 + number,
        use=_USES[number % len(_USES)],
        file_digest=Digest(secrets.token_hex(32)) if decision is Decision.RELEASE else None,
    )


def painted(home: Path) -> dict[str, dict[str, float]]:
    """Milliseconds to the first and the largest paint, the median of five, for the first page and some others."""
    found: dict[str, dict[str, float]] = {}
    addresses = {
        "first": "/gallery",
        "deep": "/gallery?before=50000",
        "held": "/gallery?decision=hold",
        "use and days": "/gallery?use=art&since=2026-09-01&until=2026-10-01",
    }
    originals = [one.id for one in _originals(Home.open(home))]
    one_of_them = partial(_fetched, originals, assets.fetch)
    with patch.object(assets, "fetch", one_of_them), Studio(home) as studio, a_browser() as browser:
        for name, address in addresses.items():
            times = []
            for _ in range(5):
                with walking(browser, studio) as walker:
                    walker.page.goto(studio.url + address, wait_until="load")
                    times.append(walker.page.evaluate(_PAINTS))
            found[name] = {part: round(median(one[part] for one in times)) for part in ("first", "largest")}
    return found


def _fetched(originals: list[AssetId], fetch: Any, home: Home, keys: Any, asset: AssetId) -> Any:
    return fetch(home, keys, originals[int(asset[-1], 16) % len(originals)])


if __name__ == "__main__":
    main()
