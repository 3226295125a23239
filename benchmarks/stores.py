"""Whether a home answers the same from a SQLite file and from a PostgreSQL server, and how fast.

    python benchmarks/stores.py [--works 50000] [--images 5000] [--queries 150] [--server URL] [--hnsw]

The same synthetic works, images and ledger entries go into both: hashes as PDQ makes them (signs of 16 x 16
frequencies in eight symmetries), one work in twenty a near copy of another, one in fifty withdrawn. Then every
question that a home is asked is asked of both, and of a server that searches the veiled hashes by itself (pgvector):
what is registered, what was decided, the root of the ledger, and for each query the ten nearest by hash with their
distances. Queries are copies of works and of images from 0 to 80 bits apart, and pictures that are neither. Every
answer that differs is counted; the exit code is 1 if any does.

``--server`` is the address of an empty database (`postgresql://...`); without it a server is started for the while,
as the tests do. ``--hnsw`` measures also how often an approximate index of pgvector would miss the nearest work.
Writes results/stores-DATE.json and the table in README.md; `--dry` only prints.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from report import fill, row

from rectoverso.protocols import SystemClock
from rectoverso.store import master
from rectoverso.store.address import FILE
from rectoverso.store.assets import Asset
from rectoverso.store.data_keys import HOME
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.rights import State
from rectoverso.store.works import Work
from rectoverso.types import AssetId, Decision, Digest, Maker, Origin
from rectoverso.verso.screen.symmetry import SYMMETRIES
from rectoverso.workflow.guard import Guard
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.prints import PrintIndex

HERE = Path(__file__).parent
DRAW = np.random.default_rng(18)
GROUP = 1000
AT_MOST = 10


class StillClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 27, 12, tzinfo=UTC)


def main() -> int:
    asked = arguments()
    load = os.getloadavg()[0]
    with TemporaryDirectory(dir=asked.place) as place, server(asked.server) as address:
        facts = about(load, asked) | compared(Path(place), address, asked)
    print(table(facts))
    if not asked.dry:
        (HERE / "results" / f"stores-{facts['date']}.json").write_text(json.dumps(facts, indent=1) + "\n")
        fill(HERE / "README.md", "stores", table(facts))
    return 1 if any(facts["different"].values()) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--works", type=int, default=50_000)
    parser.add_argument("--images", type=int, default=5_000, help="released images, each with a ledger entry")
    parser.add_argument("--queries", type=int, default=150)
    parser.add_argument("--server", help="an empty database; else a server is started")
    parser.add_argument("--place", type=Path, help="a folder on the disk to measure; else the temporary one")
    parser.add_argument("--hnsw", action="store_true", help="measure what an approximate index would miss")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    return parser.parse_args()


@contextmanager
def server(address: str | None) -> Iterator[str]:
    if address:
        yield address
        return
    sys.path.insert(0, str(HERE.parent / "tests"))
    from stores import running

    with running("fsync=on", "shared_buffers=128MB") as started:
        yield started.url(started.database())


def compared(place: Path, address: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Fill both, ask both."""
    file, server_ = homes(place, address)
    works, images = made_works(asked.works), made_images(asked.images)
    filled = {name: fill_home(home, works, images) for name, home in (("file", file), ("server", server_))}
    queries = made_queries(works, images, asked.queries)
    plain = {"file": PrintIndex(file), "server": PrintIndex(server_)}
    answers = {f"{name}, in memory": answered(index, queries) for name, index in plain.items()}
    began = time.perf_counter()
    with server_.database.transaction() as tx:
        server_.hashes.begin(tx, ((work.id, work.fingerprint) for work in server_.works.all()))
    veiled_in_s = time.perf_counter() - began
    answers["server, in the database"] = answered(PrintIndex(server_), queries)
    facts = {
        "filled": filled,
        "veiled_in_s": round(veiled_in_s, 1),
        "different": differing(file, server_, answers, queries, asked.works),
        "search": {name: one["times"] for name, one in answers.items()},
        "bytes": sizes(file, server_),
    }
    if asked.hnsw:
        facts["hnsw"] = missed(server_, works, asked.queries)
    file.close()
    server_.close()
    return facts


def homes(place: Path, address: str) -> tuple[Home, Home]:
    """Two homes with the same keys, so that they name works alike."""
    file = Home.open(place / "file")
    Keys.create(file.keys_path, owner="Benchmark", clock=SystemClock())
    file.begin_data_keys()
    (place / "server").mkdir()
    (place / "server" / FILE).write_text(address)
    server_ = Home.open(place / "server")
    shutil.copytree(file.keys_path, server_.keys_path, dirs_exist_ok=True)
    with file.database.read() as tx:
        key = file.data_keys.raw(tx, HOME)
    with server_.database.transaction() as tx:
        server_.data_keys.begin(tx, master.in_folder(server_.keys_path)[0], key)
    return file, server_


def made_works(count: int) -> list[Work]:
    works: list[Work] = []
    for at in range(count):
        near_copy = works and at % 20 == 0
        fingerprint = apart(works[int(DRAW.integers(len(works)))].fingerprint) if near_copy else symmetries()
        digest = Digest(hashlib.sha256(b"work %d" % at).hexdigest())
        state = State.WITHDRAWN if at % 50 == 1 else State.ASSERTED
        day = f"2026-{at % 12 + 1:02}-{at % 28 + 1:02}"
        works.append(
            Work(
                digest[:8],
                f"Work {at}",
                f"Owner {at % 97}",
                digest,
                fingerprint,
                DRAW.bytes(250),
                day,
                state=state,
            )
        )
    return works


def symmetries() -> bytes:
    """Hashes as of a picture: the signs of its frequencies about their median, turned and mirrored."""
    frequencies = DRAW.standard_normal((16, 16))
    signs = np.where(np.arange(16) % 2, -1.0, 1.0)
    turned = [(frequencies if one % 2 else frequencies.T) for one in range(len(SYMMETRIES))]
    flips = [
        (signs[:, None] if one & 2 else 1.0) * (signs[None, :] if one & 4 else 1.0)
        for one in range(len(SYMMETRIES))
    ]
    coefficients = [one * flip for one, flip in zip(turned, flips, strict=True)]
    return b"".join(np.packbits(one > np.median(one)).tobytes() for one in coefficients)


def apart(hashes: bytes, most: int = 80) -> bytes:
    """Hashes that differ from these in 0 to ``most`` bits, each."""
    parts = np.unpackbits(np.frombuffer(hashes, np.uint8)).reshape(-1, 256)
    count = int(DRAW.integers(most + 1))
    for part in parts:
        part[DRAW.choice(256, count, replace=False)] ^= 1
    return np.packbits(parts).tobytes()


def made_images(count: int) -> list[Asset]:
    return [
        Asset(
            AssetId(hashlib.sha256(b"image %d" % at).hexdigest()[:12]),
            Digest(hashlib.sha256(b"request %d" % at).hexdigest()),
            Decision.RELEASE,
            "2026-11-27T12:00:00+00:00",
            at,
            Maker("dcgan", "1"),
            Origin.AI,
            "general",
            at,
            None,
            "general@1",
            [],
            [],
            f"image-{at}.png",
            "image/png",
            Digest(hashlib.sha256(b"file %d" % at).hexdigest()),
            Digest(hashlib.sha256(b"pixels %d" % at).hexdigest()),
            symmetries()[:32],
        )
        for at in range(count)
    ]


def fill_home(home: Home, works: Sequence[Work], images: Sequence[Asset]) -> dict[str, float]:
    """Works and images a second, in transactions of a thousand; an image with its ledger entry."""
    keys = home.keys
    assert keys is not None
    ledger = open_ledger(home, keys, StillClock())
    began = time.perf_counter()
    for at in range(0, len(works), GROUP):
        with home.database.transaction() as tx:
            for work in works[at : at + GROUP]:
                home.works.add(tx, work)
    with home.database.transaction() as tx:
        Guard(home, ledger).seal(tx)
    entered = time.perf_counter()
    for at in range(0, len(images), GROUP):
        with home.database.transaction() as tx:
            group = images[at : at + GROUP]
            ledger.append_many(tx, [("released", {"asset": image.id}) for image in group])
            for image in group:
                home.assets.record(tx, image)
    decided = time.perf_counter()
    return {
        "works_per_s": round(len(works) / (entered - began)),
        "images_per_s": round(len(images) / (decided - entered)),
    }


def made_queries(works: Sequence[Work], images: Sequence[Asset], count: int) -> list[bytes]:
    """Eight hashes each, as `verso verify` asks: a third copies of works, a third of images, a third of neither."""
    queries = []
    for at in range(count):
        if at % 3 == 0:
            queries.append(apart(works[int(DRAW.integers(len(works)))].fingerprint))
        elif at % 3 == 1:
            queries.append(apart(images[int(DRAW.integers(len(images)))].fingerprint) + symmetries()[32:])
        else:
            queries.append(symmetries())
    return queries


def answered(index: PrintIndex, queries: Sequence[bytes]) -> dict[str, Any]:
    """Every answer, and how long it took; the first query has to read the home."""
    answers, times = [], []
    for query in queries:
        began = time.perf_counter()
        answers.append(
            [
                (near.kind, near.name, near.distance, near.comparisons)
                for near in index.within(query, at_most=AT_MOST)
            ]
        )
        times.append(1e3 * (time.perf_counter() - began))
    later = times[1:]
    return {
        "answers": answers,
        "times": {
            "first_ms": round(times[0], 1),
            "median_ms": round(median(later), 1),
            "p95_ms": round(quantiles(later, n=20)[-1], 1),
        },
    }


def differing(
    file: Home, server_: Home, answers: dict[str, Any], queries: Sequence[bytes], count: int
) -> dict[str, int]:
    """How many answers are not those of the file, for each question."""
    first, *others = answers.values()
    found = {
        f"the {AT_MOST} nearest by hash: {name}": sum(
            a != b for a, b in zip(first["answers"], other["answers"], strict=True)
        )
        for name, other in zip(list(answers)[1:], others, strict=True)
    }
    every = {name: [each(home) for home in (file, server_)] for name, each in questions(count).items()}
    found |= {name: int(one != other) for name, (one, other) in every.items()}
    assert len(queries) == len(first["answers"])
    return found


def questions(count: int) -> dict[str, Callable[[Home], object]]:
    def looked_up(home: Home) -> object:
        digests = [
            Digest(hashlib.sha256(b"work %d" % at).hexdigest())
            for at in range(0, 2 * count, max(1, count // 500))
        ]
        with home.database.read() as tx:
            return [home.works.of_file(tx, digest) for digest in digests]

    def by_id(home: Home) -> object:
        ids = [hashlib.sha256(b"image %d" % at).hexdigest()[:8] for at in range(600)]
        return [home.assets.by_watermark(each) for each in ids]

    def by_request(home: Home) -> object:
        requests = [Digest(hashlib.sha256(b"request %d" % at).hexdigest()) for at in range(600)]
        return [home.assets.by_request(each) for each in requests]

    def ledger(home: Home) -> object:
        keys = home.keys
        assert keys is not None
        state = open_ledger(home, keys, StillClock()).check()
        return state.size, state.root, state.problems

    return {
        "all works, opened": lambda home: home.works.all(),
        "works by their files": looked_up,
        "all decided images": lambda home: home.assets.all(),
        "images by watermark": by_id,
        "images by request": by_request,
        "size and root of the ledger, checked": ledger,
    }


def missed(home: Home, works: Sequence[Work], count: int) -> dict[str, Any]:
    """How often an approximate index, as it comes, does not find the nearest row."""
    veil = home.hashes._veil  # noqa: SLF001 - what a server's administrator might build
    queries = [veil.bits(apart(works[int(DRAW.integers(len(works)))].fingerprint[:32])) for _ in range(count)]
    ask = "SELECT bits <~> '{0}'::bit(256) AS d FROM work_hashes ORDER BY bits <~> '{0}'::bit(256) LIMIT 1"

    def nearest() -> list[Any]:
        with home.database.read() as tx:
            return [tx.connection.exec_driver_sql(ask.format(bits)).scalar() for bits in queries]

    exact = nearest()
    began = time.perf_counter()
    with home.database.transaction() as tx:
        tx.connection.exec_driver_sql("CREATE INDEX ON work_hashes USING hnsw (bits bit_hamming_ops)")
    built = time.perf_counter()
    found = nearest()
    asked = time.perf_counter()
    return {
        "built_in_s": round(built - began, 1),
        "queries": count,
        "missed": sum(one != other for one, other in zip(exact, found, strict=True)),
        "ms": round(1e3 * (asked - built) / count, 2),
    }


def sizes(file: Home, server_: Home) -> dict[str, int]:
    file.database.settle()
    asked = "SELECT pg_total_relation_size('{}')"
    with server_.database.read() as tx:
        on_server = {
            name: int(tx.connection.exec_driver_sql(asked.format(table)).scalar_one())
            for name, table in (("server_works", "works"), ("server_hashes", "work_hashes"))
        }
    return {"file": file.database_path.stat().st_size} | on_server


def about(load: float, asked: argparse.Namespace) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "works": asked.works,
        "images": asked.images,
        "queries": asked.queries,
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "load_before": round(load, 2),
        "versions": {name: version(name) for name in ("rectoverso", "sqlalchemy", "psycopg", "numpy")}
        | {"python": platform.python_version()},
    }


def table(facts: dict[str, Any]) -> str:
    lines = [row("question", "answers that differ from the file's"), row("---", "--:")]
    lines += [row(question, count) for question, count in facts["different"].items()]
    lines += [
        "",
        row("search among the hashes", "first, with reading the home, ms", "median, ms", "p95, ms"),
        row("---", "--:", "--:", "--:"),
    ]
    lines += [
        row(name, one["first_ms"], one["median_ms"], one["p95_ms"]) for name, one in facts["search"].items()
    ]
    filled = "; ".join(
        f"{name}: {one['works_per_s']:,} works/s, {one['images_per_s']:,} images/s with their entries"
        for name, one in facts["filled"].items()
    )
    size = {name: f"{count / 1e6:.0f} MB" for name, count in facts["bytes"].items()}
    counted = (
        f"{facts['works']:,} works, {facts['images']:,} images, {facts['queries']:,} queries of eight hashes."
    )
    entered = f"Entering: {filled}. Veiling all hashes: {facts['veiled_in_s']} s."
    disk = f"On the disk: file {size['file']}; server {size['server_works']} works, {size['server_hashes']} hashes."
    lines += ["", f"{counted} {entered} {disk}"]
    if one := facts.get("hnsw"):
        missing = f"the nearest hash missed in {one['missed']} of {one['queries']} queries"
        lines += [
            "",
            f"An HNSW index as it comes: built in {one['built_in_s']} s, {one['ms']} ms a hash, {missing}.",
        ]
    lines += ["", f"{facts['date']}; {facts['machine']}; load {facts['load_before']} before."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
