"""How soon the gallery of a home with 100,000 images is painted: python benchmarks/studio_gallery.py [--images N]

The rows are as the door writes them, sealed, with keys of their own, but without entries in the ledger: so each picture
that is asked for is one of four that were released, fetched as any is. The time is Chromium's own (first contentful
paint, and the largest), over an empty cache. Beside it stands the processor time that the page alone takes of the
server, which does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import sys
import tempfile
import time
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from report import keep, row

from rectoverso.service.api import assets
from rectoverso.service.work.turns import take
from rectoverso.store.assets import Asset
from rectoverso.store.data_keys import draw
from rectoverso.store.home import Home
from rectoverso.store.tables import assets as asset_rows
from rectoverso.store.tables import data_keys
from rectoverso.store.vault import Cipher
from rectoverso.types import AssetId, Decision, Digest
from rectoverso.workflow.jobs.asked import GenerateAsked
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.keys import open_keys
from walking import Studio, a_browser, walking

WHOLE = 100_000
_BATCH = 2000
_USES = ("general", "art", "advertising", "game")
_PAINTS = """() => new Promise((done) => new PerformanceObserver((list) => done({
  first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  largest: list.getEntries().at(-1).startTime})).observe({type: "largest-contentful-paint", buffered: true}))"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=WHOLE)
    parser.add_argument("--home", type=Path, help="a home to keep and use again")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder) / "home"
        if not (home / "filled").exists():
            fill(home, asked.images)
        before = os.getloadavg()[0]
        told = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": f"{platform.machine()}, {platform.system()}",
            "images": asked.images,
            "ms": painted(home),
            "load": [round(before, 1), round(os.getloadavg()[0], 1)],
        }
    print(json.dumps(told, indent=2))
    if asked.images >= WHOLE:
        keep("studio_gallery", told, table(told))


def table(told: dict[str, Any]) -> str:
    """As it stands in the README."""
    rows = [
        row("page", "first paint, ms", "largest, ms", "the server's processor, ms"),
        "| --- | --: | --: | --: |",
    ]
    rows += [row(name, ms["first"], ms["largest"], ms["server"]) for name, ms in told["ms"].items()]
    load = " to ".join(map(str, told["load"]))
    return "\n".join(
        [*rows, "", f"{told['images']:,} images, {told['date']}, {told['machine']}, load {load}."]
    )


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
        numbers = range(start, min(start + _BATCH, images))
        write(home, [_like(originals[n % len(originals)], n, last, begun, images) for n in numbers])
    (path / "filled").touch()


def write(home: Home, decided: list[Asset]) -> None:
    """What `Assets.record` writes for each, in two statements for all of them."""
    keys = [draw() for _ in decided]
    with home.database.transaction() as tx:
        home.data_keys.keep(tx, f"assets/{decided[0].id}", keys[0])  # which opens the wrapping key
        number, wrapping = home.data_keys._newest  # noqa: SLF001
        wrapper = home.data_keys._opened[wrapping]  # noqa: SLF001
        rows = [home.assets._row(one, Cipher(key)) for one, key in zip(decided, keys, strict=True)]  # noqa: SLF001
        kept = [
            {
                "kind": "assets",
                "name": one.id,
                "wrapping": number,
                "wrapped": wrapper.seal(key, f"data_keys/assets/{one.id}"),
            }
            for one, key in zip(decided[1:], keys[1:], strict=True)
        ]
        tx.connection.execute(asset_rows.insert(), rows)
        tx.connection.execute(data_keys.insert(), kept)


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
    """Milliseconds to the first and the largest paint, and of the server's processor, the median of five, for the first
    page and some others.
    """
    found: dict[str, dict[str, float]] = {}
    today = datetime.now(UTC).date()
    long_ago, month = today - timedelta(days=95), today - timedelta(days=60)
    addresses = {
        "the newest": "/gallery",
        "the 50,000th": "/gallery?before=50000",
        "the last": "/gallery?before=50",
        "held": "/gallery?decision=hold",
        "refused, for a use that has none": "/gallery?decision=refuse&use=general",
        "of a run": f"/gallery?maker={Home.open(home).assets.makers()[0][1]}",
        "of a use, a month": f"/gallery?use=art&since={month}&until={month + timedelta(days=30)}",
        "of a run, until long ago": f"/gallery?maker={Home.open(home).assets.makers()[0][1]}&until={long_ago}",
        "until long ago": f"/gallery?until={long_ago}",
    }
    originals = [one.id for one in _originals(Home.open(home))]
    one_of_them = partial(_fetched, originals, assets.fetch)
    with patch.object(assets, "fetch", one_of_them), Studio(home) as studio, a_browser() as browser:
        for name, address in addresses.items():
            times = []
            for _ in range(5):
                with walking(browser, studio) as walker:
                    walker.page.goto(studio.url + address, wait_until="load")
                    paints = walker.page.evaluate(_PAINTS)
                times.append(paints | {"server": _served(studio.url + address)})
            found[name] = {part: round(median(one[part] for one in times)) for part in times[0]}
    return found


def _served(url: str) -> float:
    """The processor time of one page, of the server and of who asks: both are this process."""
    began = time.process_time()
    urllib.request.urlopen(url).close()
    return 1000 * (time.process_time() - began)


def _fetched(originals: list[AssetId], fetch: Any, home: Home, keys: Any, asset: AssetId) -> Any:
    return fetch(home, keys, originals[int(asset[-1], 16) % len(originals)])


if __name__ == "__main__":
    main()
