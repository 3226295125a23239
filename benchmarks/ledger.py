"""How fast the ledger appends, proves and is checked, and how large its proofs are.

    python benchmarks/ledger.py [--entries 1000000] [--place DIR]

Appends go through `Ledger` into SQLite as a home uses it (WAL, `synchronous = FULL`): when a call returns, its entries,
tree nodes and signed checkpoint are on the disk. The entries are those of released images, about 570 bytes each. Then
a ledger of ``--entries`` is made, proofs of entries in it are measured, it is exported as tiles, and a monitor that saw
it at an earlier size asks the files whether history is as it was. Writes results/ledger-DATE.json and the table in
README.md; `--dry` only prints.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from report import fill, row

from rectoverso.protocols import SystemClock
from rectoverso.store.home import Home
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.checkpoint import Checkpoint
from rectoverso.verso.ledger.export import export_tiles
from rectoverso.verso.ledger.ledger import BATCH, Fact, Ledger
from rectoverso.verso.ledger.monitor import Seen, watch
from rectoverso.verso.ledger.note import KeyKind
from rectoverso.verso.ledger.proof import verify_proof
from rectoverso.verso.ledger.recount import recount
from rectoverso.verso.ledger.signing import SigningKeys, sign_checkpoint
from rectoverso.verso.ledger.tiles import TileFolder
from rectoverso.workflow.keys import init_keys, open_keys
from rectoverso.workflow.ledgers import open_ledger, signing_keys

HERE = Path(__file__).parent
ROUNDS = 5
BATCHES = (1, 10, 100, 1000, BATCH)
KINDS = {"Ed25519": (KeyKind.ED25519,), "Ed25519 and ML-DSA-44": tuple(KeyKind)}


def main() -> int:
    asked = arguments()
    load = os.getloadavg()[0]
    with TemporaryDirectory(dir=asked.place) as place:
        facts = {"appends": [appends(Path(place) / f"of-{size}", size) for size in BATCHES]}
        facts |= large(Path(place), asked.entries)
    facts = about(load) | facts
    print(table(facts))
    if not asked.dry:
        file = HERE / "results" / f"ledger-{facts['date']}.json"
        file.write_text(json.dumps(facts, indent=1) + "\n")
        fill(HERE / "README.md", "ledger", table(facts))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the large ledger")
    parser.add_argument("--place", type=Path, help="a folder on the disk to measure; else the temporary one")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    return parser.parse_args()


def opened(place: Path) -> tuple[Home, Ledger, SigningKeys]:
    init_keys(place)
    home = Home.open(place)
    keys = open_keys(home)
    return home, open_ledger(home, keys, SystemClock()), signing_keys(keys, keys.ledger[0])


def released() -> Fact:
    """What `verso seal` writes of a released image, with other digests."""
    facts: dict[str, Any] = {
        "asset": secrets.token_hex(6),
        "request": secrets.token_hex(32),
        "maker": {"name": "stylegan2/default", "version": "0.1.0", "digest": secrets.token_hex(32)},
        "origin": "ai",
        "use": "general",
        "policy": "general@1#a1f3f58f",
        "file_digest": secrets.token_hex(32),
        "pixels_digest": secrets.token_hex(32),
        "findings": [{"check": name, "outcome": "pass"} for name in ("similarity", "memorisation")],
    }
    return "released", facts


def appends(place: Path, batch: int) -> dict[str, Any]:
    """Entries a second, when ``batch`` of them share a transaction and a checkpoint: the median of the rounds."""
    home, ledger, _ = opened(place)
    calls = max(2, min(100, 8192 // batch))
    rates = []
    for _ in range(ROUNDS):
        groups = [[released() for _ in range(batch)] for _ in range(calls)]
        began = time.perf_counter()
        for group in groups:
            with home.database.transaction() as tx:
                ledger.append_many(tx, group)
        rates.append(batch * calls / (time.perf_counter() - began))
    home.close()
    return {
        "batch": batch,
        "per_s": round(median(rates)),
        "lowest": round(min(rates)),
        "highest": round(max(rates)),
    }


def large(place: Path, entries: int) -> dict[str, Any]:
    """Proofs, tiles and a monitor, on a ledger of so many entries."""
    home, ledger, signer = opened(place / "large")
    began = time.perf_counter()
    while (size := ledger.size()) < entries:
        with home.database.transaction() as tx:
            ledger.append_many(tx, [released() for _ in range(min(BATCH * 8, entries - size))])
    facts: dict[str, Any] = {"entries": entries, "made_in_s": round(time.perf_counter() - began, 1)}
    facts["proofs"] = [proofs(ledger, kinds, entries) for kinds in KINDS]
    facts["sealed"] = sealed(ledger, entries)
    facts["consistency"] = tiles(home, ledger, signer, place / "tiles", facts)
    home.close()
    return facts


def proofs(ledger: Ledger, kinds: str, entries: int) -> dict[str, Any]:
    """Size of proofs against the latest checkpoint, and what they take to verify."""
    draw, ring = Random(0), ledger.ring
    texts = [ledger.prove(draw.randrange(1, entries), kinds=KINDS[kinds]) for _ in range(200)]
    times = [timed(lambda text=text: verify_proof(text, ring)) for text in texts]
    assert not any(verify_proof(text, ring).problems for text in texts)
    return {
        "signatures": kinds,
        "largest_bytes": max(len(text.encode()) for text in texts),
        "verify_ms": round(1e3 * median(times), 3),
        "verify_ms_slowest": round(1e3 * max(times), 3),
    }


def sealed(ledger: Ledger, entries: int) -> dict[str, Any]:
    """The proofs that lie beside released files: against the first checkpoint over the entry."""
    draw = Random(1)
    indexes = [draw.randrange(1, entries) for _ in range(200)]
    texts = [ledger.prove(index, sealed=True) for index in indexes]
    times = [timed(lambda index=index: ledger.prove(index, sealed=True)) for index in indexes]
    return {
        "largest_bytes": max(len(text.encode()) for text in texts),
        "prove_ms": round(1e3 * median(times), 2),
    }


def tiles(
    home: Home, ledger: Ledger, signer: SigningKeys, folder: Path, facts: dict[str, Any]
) -> list[dict[str, Any]]:
    """Export, check by the files alone, and the question of a monitor that saw the ledger at an earlier size."""
    ring, size = ledger.ring, ledger.size()
    with home.database.read() as tx:
        facts["export_s"] = round(timed(lambda: export_tiles(home.log, tx, ring, folder)), 1)
        facts["export_again_s"] = round(timed(lambda: export_tiles(home.log, tx, ring, folder)), 2)
    facts["recount_s"] = round(timed(lambda: recount(TileFolder(folder), ring)), 1)
    rows = []
    for old in (1, size // 3, size // 2, size - 1):
        head = Checkpoint(ledger.origin, old, ledger.root_at(old) or merkle.EMPTY_ROOT)
        seen = Seen(sign_checkpoint(head, [signer], 0).encode(), ring)
        times = [timed(lambda seen=seen: watch(TileFolder(folder), ring, seen)) for _ in range(ROUNDS)]
        assert not watch(TileFolder(folder), ring, seen).problems
        rows.append(
            {"seen": old, "ms": round(1e3 * median(times), 2), "slowest_ms": round(1e3 * max(times), 2)}
        )
    return rows


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def table(facts: dict[str, Any]) -> str:
    proof_rows = [
        row(one["signatures"], f"{one['largest_bytes']:,}", one["verify_ms"], one["verify_ms_slowest"])
        for one in facts["proofs"]
    ]
    return "\n".join(
        [
            row("entries under one checkpoint", "durable appends/s: median", "lowest", "highest"),
            row("--:", "--:", "--:", "--:"),
            *(
                row(f"{one['batch']:,}", f"{one['per_s']:,}", f"{one['lowest']:,}", f"{one['highest']:,}")
                for one in facts["appends"]
            ),
            "",
            row(
                f"proof in {facts['entries']:,} entries, signed with",
                "bytes, largest",
                "verify: ms",
                "slowest",
            ),
            row("---", "--:", "--:", "--:"),
            *proof_rows,
            "",
            row(f"a monitor asks the tiles of {facts['entries']:,} entries; seen last", "ms", "slowest"),
            row("--:", "--:", "--:"),
            *(row(f"{one['seen']:,}", one["ms"], one["slowest_ms"]) for one in facts["consistency"]),
            "",
            others(facts),
            "",
            machine(facts),
        ]
    )


def others(facts: dict[str, Any]) -> str:
    return (
        f"The proof beside a released file has at most {facts['sealed']['largest_bytes']:,} bytes in this ledger"
        f" and is made in {facts['sealed']['prove_ms']} ms. Export of all entries {facts['export_s']} s, again"
        f" with nothing new {facts['export_again_s']} s; every hash recomputed from the files alone in"
        f" {facts['recount_s']} s."
    )


def machine(facts: dict[str, Any]) -> str:
    return (
        f"{facts['date']}; {facts['machine']}; load {facts['load_before']} before. python {facts['python']},"
        f" SQLite {facts['sqlite']}, cryptography {facts['cryptography']}. {ROUNDS} rounds."
    )


def about(load: float) -> dict[str, Any]:
    import sqlite3

    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{processor()}, {os.cpu_count()} cores, {platform.system()}",
        "load_before": round(load, 2),
        "python": platform.python_version(),
        "rectoverso": version("rectoverso"),
        "sqlite": sqlite3.sqlite_version,
        "cryptography": version("cryptography"),
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )


if __name__ == "__main__":
    sys.exit(main())
