"""What `verso backup` and `verso restore` take of a large home, beside plain copying.

    python benchmarks/backup.py [--images 20000] [--works 2000] [--bytes 4096] [--place DIR] [--file-only] [--dry]

A home in a file gets so many released images (a row, a key, a ledger entry, a sealed picture of so many bytes) and
works (a row, a key, traces of ten times those bytes). It is copied as it lies, backed up, the backup checked and put
back, put back into a server, and backed up from there. Each step is done by a process of its own: its processor time
(that of the server, while it has one, is told beside), and how far its memory grew from the moment that it was loaded.
What was put back has to have the same root of the ledger. The backups have no keys in them: a passphrase costs what it
is made to cost, whatever the home.

``--server`` is the address of an empty database; without it a server is started for the while, as the tests do. Writes
results/backup-DATE.json and the table in README.md; `--dry` only prints.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from report import keep, row

from rectoverso.protocols import SystemClock
from rectoverso.store.address import VARIABLE
from rectoverso.store.assets import Asset
from rectoverso.store.data_keys import draw
from rectoverso.store.home import Home
from rectoverso.store.vault import Cipher
from rectoverso.store.works import Work
from rectoverso.types import AssetId, Decision, Digest, Maker, Origin
from rectoverso.workflow.backup.check import check_backup
from rectoverso.workflow.backup.make import back_up
from rectoverso.workflow.backup.restore import RestoreRequest, restore
from rectoverso.workflow.guard import Guard
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import open_ledger

HERE = Path(__file__).parent
GROUP = 1000


def main() -> None:
    asked = arguments()
    load = os.getloadavg()[0]
    with TemporaryDirectory(dir=asked.place) as place:
        result = about(load, asked) | measured(Path(place), asked)
    print(table(result))
    if not asked.dry:
        keep("backup", result, table(result))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=20_000, help="released images")
    parser.add_argument("--works", type=int, default=2_000, help="registered works")
    parser.add_argument("--bytes", type=int, default=4_096, help="of each stored picture")
    parser.add_argument("--place", type=Path, help="a folder on the disk to measure; else the temporary one")
    parser.add_argument("--server", help="an empty database; else a server is started")
    parser.add_argument("--file-only", action="store_true", help="do without a server")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    return parser.parse_args()


@contextmanager
def server(asked: argparse.Namespace) -> Iterator[tuple[str, int | None]]:
    """The address of an empty database, "" for none, and the server's process where it is ours."""
    if asked.server or asked.file_only:
        yield asked.server or "", None
        return
    sys.path.insert(0, str(HERE.parent / "tests"))
    from stores import running

    with running("fsync=on", "shared_buffers=128MB") as started:
        yield started.url(started.database()), started.process.pid


def measured(place: Path, asked: argparse.Namespace) -> dict[str, Any]:
    home, keys = place / "home", place / "keys"
    filled = step(fill, home, asked)
    shutil.copytree(home / "keys", keys)
    steps = {
        "copied as it lies": step(copy, home, place / "copy"),
        "backed up": step(back, home, place / "one.backup"),
        "the backup checked": step(check, place / "one.backup"),
        "put back": step(put_back, place / "one.backup", place / "again", keys),
    }
    with server(asked) as (address, process):
        if address:
            steps["put back into a server"] = step(
                put_back, place / "one.backup", place / "moved", keys, address, server=process
            )
            steps["backed up from the server"] = step(
                back, place / "moved", place / "two.backup", server=process
            )
            steps["that one put back"] = step(put_back, place / "two.backup", place / "last", keys)
    roots = {told["root"] for told in steps.values() if "root" in told}
    assert len(roots) == 1, "what was put back is another ledger"
    return {
        "filled": filled,
        "bytes": size_of(place / "copy"),
        "backup_bytes": size_of(place / "one.backup"),
        "steps": steps,
    }


# A step, in a process of its own


def step(work: Callable[..., Any], *given: Any, server: int | None = None) -> dict[str, Any]:
    """What ``work`` tells, and what it took."""
    started = multiprocessing.get_context("spawn")
    ours, theirs = started.Pipe()
    before = of_server(server)
    process = started.Process(target=timed, args=(theirs, work, given))
    process.start()
    theirs.close()
    told: dict[str, Any] = ours.recv()
    process.join()
    told["server_s"] = round(of_server(server) - before, 2)
    print(work.__name__, told, flush=True)
    return told


def timed(answer: Any, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    grown, began, clock = peak_mb(), time.process_time(), time.monotonic()
    told = work(*given) or {}
    took = {
        "cpu_s": round(time.process_time() - began, 2),
        "clock_s": round(time.monotonic() - clock, 1),
        "grown_mb": round(peak_mb() - grown, 1),
        "peak_mb": round(peak_mb(), 1),
    }
    answer.send(took | told)


def peak_mb() -> float:
    """Of this process alone; what `getrusage` says is of whoever started it too."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def of_server(process: int | None) -> float:
    """Seconds of the processor that a server of ours has used, with those of its processes that have ended."""
    if process is None:
        return 0.0
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            ticks += sum(map(int, fields[11:13]))
        elif stat.parent.name == str(process):
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


# What is done


def fill(path: Path, asked: argparse.Namespace) -> None:
    """A home as the door leaves it, in large transactions, and without waiting for the disk at each picture."""
    home = Home.open(path)
    keys = open_keys(home)
    ledger = open_ledger(home, keys, SystemClock())
    with Guard(home, ledger).changing() as tx:
        for number in range(asked.works):
            work = work_of(number)
            home.works.add(tx, work)
            home.traces.put(tx, work.id, secrets.token_bytes(10 * asked.bytes))
        ledger.append_many(tx, [("work_registered", {"number": number}) for number in range(asked.works)])
    begin = ledger.size()
    for start in range(0, asked.images, GROUP):
        images = [
            image_of(number, begin + number) for number in range(start, min(start + GROUP, asked.images))
        ]
        with home.database.transaction() as tx:
            ledger.append_many(
                tx, [("released", {"asset": image.id, "file_digest": image.file_digest}) for image in images]
            )
            for image in images:
                key = draw()
                file = home.blobs_path / image.id[:2] / image.id
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(Cipher(key).seal(secrets.token_bytes(asked.bytes), f"blobs/{image.id}"))
                home.assets.record(tx, image, key)
    Guard(home, ledger).remember()
    home.close()


def work_of(number: int) -> Work:
    digest = Digest(f"{number:064x}")
    return Work(
        f"{number:08x}",
        f"Work {number}",
        f"Owner {number % 97}",
        digest,
        secrets.token_bytes(256),
        secrets.token_bytes(250),
        "2026-11-28T12:00:00+00:00",
    )


def image_of(number: int, entry: int) -> Asset:
    return Asset(
        id=AssetId(secrets.token_hex(6)),
        request=Digest(f"{number:064x}"),
        decision=Decision.RELEASE,
        decided_at="2026-11-28T12:00:00+00:00",
        ledger_index=entry,
        maker=Maker("stylegan2/default", "1", Digest("a" * 64)),
        origin=Origin.AI,
        use="general",
        seed=number,
        source=None,
        policy="general@1",
        findings=[],
        reasons=[],
        file_name=f"image-{number}.png",
        media_type="image/png",
        file_digest=Digest(f"{number:064x}"),
        pixels_digest=Digest(f"{number:064x}"),
        fingerprint=secrets.token_bytes(32),
    )


def copy(home: Path, to: Path) -> None:
    shutil.copytree(home, to)


def back(home: Path, to: Path) -> dict[str, Any]:
    return {"root": back_up(home, to, None).manifest.ledger_root}


def check(backup: Path) -> dict[str, Any]:
    return {"root": check_backup(backup).manifest.ledger_root}


def put_back(backup: Path, home: Path, keys: Path, address: str = "") -> dict[str, Any]:
    with patch.dict(os.environ, {VARIABLE: address}):
        restored = restore(home, RestoreRequest(backup, keys=keys))
    assert not restored.problems
    return {"root": restored.manifest.ledger_root}


# What is told


def size_of(path: Path) -> int:
    return sum(
        file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()
    )


def about(load: float, asked: argparse.Namespace) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {platform.system()}",
        "images": asked.images,
        "works": asked.works,
        "picture_bytes": asked.bytes,
        "load_before": round(load, 1),
    }


def table(result: dict[str, Any]) -> str:
    """As it stands in the README."""
    plain, mb = result["steps"]["copied as it lies"]["cpu_s"], result["bytes"] / 1e6
    lines = [
        row(
            "",
            "processor, s",
            "the server's, s",
            "MB a second of it",
            "of plain copying",
            "memory grows by, MB",
            "to, MB",
        ),
        row("---", *["--:"] * 6),
    ]
    for name, told in result["steps"].items():
        took = told["cpu_s"] + told["server_s"]
        lines.append(
            row(
                name,
                f"{told['cpu_s']:.1f}",
                f"{told['server_s']:.1f}" if told["server_s"] else "",
                f"{mb / max(took, 0.01):,.0f}",
                f"{took / max(plain, 0.01):.1f}x",
                f"{told['grown_mb']:.0f}",
                f"{told['peak_mb']:.0f}",
            )
        )
    about_it = (
        f"{result['images']:,} images of {result['picture_bytes']:,} bytes and {result['works']:,} works: {mb:,.0f} MB."
        f" {result['date']}, {result['machine']}, load {result['load_before']} before."
    )
    return "\n".join([*lines, "", about_it])


if __name__ == "__main__":
    main()
