"""What a service bears, with its records in a file and on a PostgreSQL server: python benchmarks/service_load.py

    python benchmarks/service_load.py [--seconds 60] [--uploads 50] [--makers 10] [--database both|file|server] [--dry]

`verso serve` runs as its own process, with one worker. For so many seconds 50 clients send files to be verified, each
the next as soon as it is answered, and ten makers order pictures of the built-in run, each the next as soon as all of
the last are decided. The files: released ones, the same without their credential, changed ones, and photographs that
nobody knows. All clients are at this machine, and take their share of its cores.

An error is every answer that is none of those that were asked for, 429 included, every order that does not end with as
many decided pictures, and a ledger that does not hold afterwards. Memory is the proportional share (PSS) of the server,
its workers and what they start, once a second; it counts as flat where the median of the last quarter is at most 5 %
above that of the second. The exit code is 1 for an error or memory that grows. Writes results/service_load-DATE.json
and the table in README.md; `--dry` only prints. A server is started for the while, as the tests do.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import os
import platform
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image
from report import keep, row

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from rectoverso.store.address import FILE
from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import check_ledger
from rectoverso.workflow.people import add_person
from served import Served

COUNT = 4
"""Pictures of one order."""
FLAT_PERCENT = 5.0
PAUSE_S = 0.25
"""So often a maker asks how an order gets on."""


def main() -> int:
    asked = arguments()
    facts = about(asked)
    kinds = ("file", "server") if asked.database == "both" else (asked.database,)
    facts["databases"] = {kind: measured(kind, asked) for kind in kinds}
    print(table(facts))
    if not asked.dry:
        keep("service_load", facts, table(facts))
    return 0 if all(one["errors"] == {} and one["is_flat"] for one in facts["databases"].values()) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--uploads", type=int, default=50, help="clients that send files to be verified")
    parser.add_argument("--makers", type=int, default=10, help="clients that order pictures")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--database", choices=("both", "file", "server"), default="both")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    return parser.parse_args()


def measured(kind: str, asked: argparse.Namespace) -> dict[str, Any]:
    """All that is measured with the records in one kind of database."""
    with TemporaryDirectory() as folder, place_of(kind, Path(folder)) as home_path:
        home = Home.open(home_path)
        open_keys(home)
        keys = [add_person(home, f"Maker {number}", Role.MAKER)[2] for number in range(asked.makers)]
        with Served(home_path, workers=asked.workers) as served:
            served.until_it_answers()
            files = files_of(served, keys[0])
            load = Load(served.port, files, keys)
            load.run(asked, served.process.pid)
        checked = check_ledger(home_path)
        home.close()
    if not checked.holds:
        load.errors["the ledger does not hold"] += 1
    return load.told(asked.seconds) | {"ledger_entries": checked.size}


@contextmanager
def place_of(kind: str, folder: Path) -> Iterator[Path]:
    home = folder / "home"
    if kind == "file":
        yield home
        return
    from stores import running

    with running("fsync=on", "shared_buffers=128MB") as server:
        home.mkdir()
        (home / FILE).write_text(server.url(server.database()))
        yield home


def files_of(served: Served, key: str) -> list[tuple[str, bytes]]:
    """What is verified, each with the outcome that it has to have. Drawing it has the worker load what it needs."""
    job = ordered(served, key, 99)
    asset = served.ask("GET", f"/generations/{job}", key)["released"][0]["asset"]
    released = fetched(served.port, f"/api/v1/assets/{asset}/file", key)
    picture = Image.open(io.BytesIO(released)).convert("RGB")
    noise = np.random.default_rng(0).normal(0, 30, (512, 512, 3)).cumsum(0).cumsum(1)
    unknown = Image.fromarray(np.uint8(128 + 100 * np.sin(noise / 2000)))
    changed = bytearray(released)
    changed[len(changed) // 2] ^= 1
    told = {
        "released": released,
        "bare": saved(picture),
        "changed": bytes(changed),
        "unknown": saved(unknown),
    }
    return [(served_outcome(served.port, data), data) for data in told.values()]


def ordered(served: Served, key: str, seed: int) -> str:
    job = served.ask("POST", "/generations", key, {"run": "demo", "count": COUNT, "seed": seed})["id"]
    while served.ask("GET", f"/jobs/{job}", key)["state"] in ("waiting", "running"):
        time.sleep(PAUSE_S)
    return str(job)


def saved(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def fetched(port: int, path: str, key: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    data = answer.read()
    assert answer.status == 200, data
    return data


def served_outcome(port: int, data: bytes) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/api/v1/verify", data, {"Content-Type": "image/png"})
    return str(json.loads(connection.getresponse().read())["outcome"])


@dataclass
class Load:
    """The clients, and what they saw."""

    port: int
    files: list[tuple[str, bytes]]
    keys: list[str]
    verified_s: list[float] = field(default_factory=list)
    decided_s: list[float] = field(default_factory=list)
    images: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    memory_mb: list[float] = field(default_factory=list)
    began: float = 0.0
    until: float = 0.0
    ended: float = 0.0

    def run(self, asked: argparse.Namespace, server: int) -> None:
        self.began = time.monotonic()
        self.until = self.began + asked.seconds
        clients: list[Callable[[], None]] = [lambda n=n: self._uploads(n) for n in range(asked.uploads)]
        clients += [lambda n=n, key=key: self._orders(n, key) for n, key in enumerate(self.keys)]
        threads = [threading.Thread(target=client) for client in clients]
        for thread in threads:
            thread.start()
        while time.monotonic() < self.until:
            self.memory_mb.append(memory_mb(server))
            time.sleep(1)
        for thread in threads:
            thread.join()
        self.ended = time.monotonic()

    def _uploads(self, number: int) -> None:
        draw, connection = random.Random(number), self._connection()
        while time.monotonic() < self.until:
            outcome, data = draw.choice(self.files)
            began = time.monotonic()
            told = self._asked(connection, "POST", "/verify", data, {"Content-Type": "image/png"}, 200)
            if told is not None:
                self.verified_s.append(time.monotonic() - began)
                if told["outcome"] != outcome:
                    self.errors[f"verified as {told['outcome']} instead of {outcome}"] += 1

    def _orders(self, number: int, key: str) -> None:
        connection, seed = self._connection(), 1000 * (number + 1)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        while time.monotonic() < self.until:
            seed += COUNT
            body = json.dumps({"run": "demo", "count": COUNT, "seed": seed}).encode()
            began = time.monotonic()
            job = self._asked(connection, "POST", "/generations", body, headers, 202)
            if job is None:
                continue
            while job is not None and job["state"] in ("waiting", "running"):
                time.sleep(PAUSE_S)
                job = self._asked(connection, "GET", f"/jobs/{job['id']}", None, headers, 200) or job
            rows = self._asked(connection, "GET", f"/generations/{job['id']}", None, headers, 200) or {}
            decided = sum(len(rows.get(kind, ())) for kind in ("released", "held", "refused"))
            if decided != COUNT:
                self.errors[f"{decided} of {COUNT} pictures decided"] += 1
            self.decided_s.append(time.monotonic() - began)
            self.images += decided

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def _asked(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        wanted: int,
    ) -> dict[str, Any] | None:
        """The answer; None for another than was wanted, which is counted."""
        try:
            connection.request(method, f"/api/v1{path}", body, headers)
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self.errors[f"{method} {path.split('/')[1]}: {type(error).__name__}"] += 1
            return None
        if answer.status != wanted:
            self.errors[f"{method} {path.split('/')[1]}: {answer.status}"] += 1
            time.sleep(PAUSE_S)
            return None
        told: dict[str, Any] = json.loads(data)
        return told

    def told(self, seconds: float) -> dict[str, Any]:
        quarter = max(1, len(self.memory_mb) // 4)
        before = median(self.memory_mb[quarter : 2 * quarter] or self.memory_mb)
        after = median(self.memory_mb[-quarter:])
        growth = 100 * (after - before) / before
        return {
            "verified": len(self.verified_s),
            "verified_a_second": round(len(self.verified_s) / seconds, 1),
            "verify_ms": spread(self.verified_s),
            "orders": len(self.decided_s),
            "images": self.images,
            "images_a_second": round(self.images / (self.ended - self.began), 2),
            "order_ms": spread(self.decided_s),
            "memory_mb": [round(one) for one in self.memory_mb],
            "memory_growth_percent": round(growth, 1),
            "is_flat": growth <= FLAT_PERCENT,
            "errors": dict(self.errors),
        }


def spread(seconds: list[float]) -> dict[str, int]:
    """The value that half, 95 and 99 in a hundred are not above, in ms."""
    ordered_ = sorted(seconds) or [0.0]
    at = {name: ordered_[min(len(ordered_) - 1, int(part * len(ordered_)))] for name, part in PARTS.items()}
    return {name: round(1000 * one) for name, one in at.items()}


PARTS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def memory_mb(pid: int) -> float:
    """Of a process and all below it, each page counted once."""
    total = 0.0
    for one in [pid, *below(pid)]:
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024
    return total


def below(pid: int) -> list[int]:
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            named = [int(one) for one in children.read_text().split()]
        except OSError:
            continue
        for one in named:
            found += [one, *below(one)]
    return found


def about(asked: argparse.Namespace) -> dict[str, Any]:
    names = ("rectoverso", "torch", "uvicorn", "dbos", "sqlalchemy", "psycopg")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "load_before": round(os.getloadavg()[0], 2),
        "seconds": asked.seconds,
        "uploads": asked.uploads,
        "makers": asked.makers,
        "workers": asked.workers,
        "versions": {name: version(name) for name in names} | {"python": platform.python_version()},
    }


def table(facts: dict[str, Any]) -> str:
    kinds = facts["databases"]
    names = {"file": "a file (SQLite)", "server": "PostgreSQL"}
    lines = [row("records in", *(names[kind] for kind in kinds)), row("---", *("--:" for _ in kinds))]
    said: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
        ("verified, files a second", lambda one: one["verified_a_second"]),
        ("one file: p50, p95, p99", lambda one: told_ms(one["verify_ms"])),
        ("pictures released, a second", lambda one: one["images_a_second"]),
        (f"an order of {COUNT}: p50, p95, p99", lambda one: told_ms(one["order_ms"])),
        ("errors", lambda one: sum(one["errors"].values())),
        (
            "memory: at first, at last",
            lambda one: f"{one['memory_mb'][0]} MB, {one['memory_mb'][-1]} MB",
        ),
        ("its growth, second to last quarter", lambda one: f"{one['memory_growth_percent']}%"),
    ]
    lines += [row(name, *(tell(one) for one in kinds.values())) for name, tell in said]
    versions = ", ".join(f"{name} {value}" for name, value in facts["versions"].items())
    clients = f"{facts['uploads']} clients that verify and {facts['makers']} that order"
    how = f"{clients} for {facts['seconds']:g} s, {facts['workers']} worker"
    where = f"{facts['date']}; {facts['machine']}; load {facts['load_before']} before"
    lines += ["", f"{where}. {how}. {versions}."]
    return "\n".join(lines)


def told_ms(one: dict[str, int]) -> str:
    return ", ".join(f"{value:,} ms" for value in one.values())


if __name__ == "__main__":
    sys.exit(main())
