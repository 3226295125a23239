"""What envelopes cost a release, beside the same release without them.

    python benchmarks/envelopes.py [--rounds 12] [--pictures 4] [--size 512] [--place DIR]

Each round takes the same pictures through the door of two homes, in turns and beginning with another each time: one as
it is, and one in which nothing is encrypted and no data key is drawn, wrapped or kept, everything else being the same
(`bare`). The share is formed inside a round; the median of the rounds is stated, with a bootstrapped interval. Beside
that, what is spent inside sealing and keeping keys is added up by itself: it has less noise, and misses what is not a
call. Then how long keys and rows of a large home take to be opened, and to be wrapped anew. All of it is processor
time, which says the same on a machine that is busy; both homes wait for the disk equally often, since a key is kept in
the transaction that there is anyway. Writes results/envelopes-DATE.json and the table in README.md; `--dry` only
prints.
"""

from __future__ import annotations

import argparse
import os
import platform
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
from report import keep, row

from rectoverso.store.data_keys import DataKeys
from rectoverso.store.home import Home
from rectoverso.store.openings import Opening
from rectoverso.store.vault import HEAD_BYTES, Cipher
from rectoverso.types import Draft, Finding, Maker, Message, Outcome, Pixels
from rectoverso.verso.policy import Shelf
from rectoverso.workflow import digests
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.master_key import change_master_key
from rectoverso.workflow.release import Door, release


@dataclass(frozen=True)
class Passes:
    name: str = "similarity"

    def examine(self, draft: Draft) -> Finding:
        del draft
        return Finding(self.name, Outcome.PASS, Message("release.parts_passed", {"count": 1}))


@dataclass
class Spent:
    """Seconds of processor time inside the calls that envelopes are made by."""

    seconds: float = 0.0
    inside: list[bool] = field(default_factory=list)

    def timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*given: Any, **named: Any) -> Any:
            if self.inside:
                return call(*given, **named)
            self.inside.append(True)
            began = time.process_time()
            try:
                return call(*given, **named)
            finally:
                self.seconds += time.process_time() - began
                self.inside.pop()

        return measured


def main() -> int:
    asked = arguments()
    load = os.getloadavg()[0]
    with TemporaryDirectory(dir=asked.place) as place:
        facts = about(load, asked) | releases(Path(place), asked) | many(Path(place), asked.keys)
    print(table(facts))
    if not asked.dry:
        keep("envelopes", facts, table(facts))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--pictures", type=int, default=4, help="a round")
    parser.add_argument("--size", type=int, default=512, help="pixels a side")
    parser.add_argument("--keys", type=int, default=10_000, help="of the large home")
    parser.add_argument("--place", type=Path, help="a folder on the disk to measure; else the temporary one")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    return parser.parse_args()


def releases(place: Path, asked: argparse.Namespace) -> dict[str, Any]:
    doors = {name: door(place / name) for name in ("sealed", "bare")}
    for name, opened in doors.items():  # what loads at the first release
        took(opened, place, [picture(0, asked.size)], "warm", bare=name == "bare")
    spent, shares, inside, sealed_ms = Spent(), [], [], []
    for number in range(asked.rounds):
        pictures = [picture(number * asked.pictures + at + 1, asked.size) for at in range(asked.pictures)]
        seconds = {}
        for name in ("sealed", "bare") if number % 2 else ("bare", "sealed"):
            spent.seconds = 0.0
            with counted(spent) if name == "sealed" else unchanged():
                seconds[name] = took(doors[name], place, pictures, str(number), bare=name == "bare")
            if name == "sealed":
                inside.append(spent.seconds / seconds[name])
        shares.append(1 - seconds["bare"] / seconds["sealed"])
        sealed_ms.append(1e3 * seconds["sealed"] / asked.pictures)
    low, high = interval(shares)
    return {
        "release_ms": round(median(sealed_ms), 1),
        "share": round(median(shares), 4),
        "share_low": round(low, 4),
        "share_high": round(high, 4),
        "inside": round(median(inside), 4),
        "inside_highest": round(max(inside), 4),
    }


def door(place: Path) -> Door:
    home = Home.open(place)
    keys = open_keys(home)
    assert home.vault  # with its real key
    return Door(home, keys, lambda _works: (Passes(),), Shelf().policy("general"))


def picture(number: int, side: int) -> Pixels:
    """Grain on waves, which compresses about as photographs do."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0:side, 0:side]
    waves = np.stack(
        [120 + 60 * np.sin(x / 31 + number), 110 + 50 * np.cos(y / 23), 90 + (x + y) % 64], axis=-1
    )
    return np.clip(waves + rng.normal(0, 6, waves.shape), 0, 255).astype(np.uint8)


def took(to: Door, place: Path, pictures: list[Pixels], name: str, *, bare: bool) -> float:
    drafts = [
        Draft(pixels, digests.of_facts(name=name, at=at), Maker("bench", "1"), seed=at)
        for at, pixels in enumerate(pictures)
    ]
    with unsealed() if bare else unchanged():
        began = time.process_time()
        passages = list(release(drafts, to, place / "out"))
        seconds = time.process_time() - began
    assert all(passage.path for passage in passages)
    return seconds


@contextmanager
def unchanged() -> Iterator[None]:
    yield


@contextmanager
def unsealed() -> Iterator[None]:
    """Nothing is encrypted, and no key is drawn, wrapped, kept or opened."""

    def seal(self: Cipher, plain: bytes, place: str) -> bytes:
        del self, place
        return bytes(HEAD_BYTES) + plain

    def opened(self: Cipher, sealed: bytes, place: str) -> bytes:
        del self, place
        return sealed[HEAD_BYTES:]

    nothing = Cipher(bytes(32))
    with (
        patch.object(Cipher, "seal", seal),
        patch.object(Cipher, "open", opened),
        patch.object(DataKeys, "keep", lambda *_: None),
        patch.object(DataKeys, "of", lambda *_: nothing),
    ):
        yield


@contextmanager
def counted(spent: Spent) -> Iterator[None]:
    with (
        patch.object(Cipher, "seal", spent.timed(Cipher.seal)),
        patch.object(Cipher, "open", spent.timed(Cipher.open)),
        patch.object(DataKeys, "keep", spent.timed(DataKeys.keep)),
        patch.object(DataKeys, "of", spent.timed(DataKeys.of)),
    ):
        yield


def interval(values: list[float], share: float = 0.95) -> tuple[float, float]:
    """Of the median, by drawing the rounds again."""
    rng = np.random.default_rng(0)
    medians = np.median(rng.choice(values, (2000, len(values))), axis=1)
    low, high = np.quantile(medians, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)


def many(place: Path, count: int) -> dict[str, Any]:
    """A home with so many sealed rows: all of them opened, and their keys wrapped anew."""
    home = Home.open(place / "many")
    open_keys(home)
    names = [secrets.token_hex(32) for _ in range(count)]
    with home.database.transaction() as tx:
        for name in names:
            home.openings.keep(tx, Opening(name, bytes(32), "a name of some length"))
    with home.database.read() as tx:
        began = time.process_time()
        keys = home.data_keys.of_table(tx, "openings")
        opened = [keys[f"openings/{name}"] for name in names]
        open_s = time.process_time() - began
    assert len(opened) == count
    began = time.process_time()
    change_master_key(home.path)
    wrap_s = time.process_time() - began
    home.close()
    return {
        "keys": count,
        "open_us": round(1e6 * open_s / count, 1),
        "wrap_us": round(1e6 * wrap_s / count, 1),
        "wrap_s": round(wrap_s, 2),
    }


def about(load: float, asked: argparse.Namespace) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load_before": round(load, 2),
        "rounds": asked.rounds,
        "pictures": asked.pictures,
        "side_px": asked.size,
    }


def table(facts: dict[str, Any]) -> str:
    size = f"{facts['side_px']} x {facts['side_px']}"
    rounds = f"{facts['rounds']} rounds of {facts['pictures']}"
    low, high = f"{facts['share_low']:.1%}", f"{facts['share_high']:.1%}"
    return "\n".join(
        [
            row("what", "measured"),
            row("---", "--:"),
            row(
                f"a release of {size}, with envelopes, {rounds}",
                f"{facts['release_ms']} ms of processor time",
            ),
            row(
                "share of it that goes, beside none (95% interval)", f"{facts['share']:.1%} ({low} to {high})"
            ),
            row("share spent inside sealing, opening, drawing and keeping keys", f"{facts['inside']:.2%}"),
            row("the same, in the round with the largest share", f"{facts['inside_highest']:.2%}"),
            row(f"opening one of {facts['keys']:,} data keys", f"{facts['open_us']} µs"),
            row(f"changing the master key over {facts['keys']:,} data keys", f"{facts['wrap_s']} s"),
            "",
            f"{facts['date']}, {facts['machine']}, load before {facts['load_before']}.",
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
