"""The watermark under attack, beside those of other projects: the same pictures, the same attacks, geometry unknown.

    python benchmarks/watermark.py --peers 12                  # all of it; about an hour on two quiet cores
    python benchmarks/watermark.py --peers 12 --estimate       # how long it would take here

Ours is read as `verso verify` reads it: found at p <= 1e-6 with all looks paid for, and the id the one that was put in.
The reader knows neither original nor geometry. Beside each geometric attack stands what an oracle's alignment would
give. Peers (`marks/requirements.txt`, which `make bench-watermark` installs) are read blind as well, at the same error
rate, on the first ``--peers`` pictures, as some are slow. `marks/pictures.py` says which pictures, `marks/trials.py`
what is tried with them.

Without a mark: ``--null`` pictures (100,000) are read as they lie, with the reader as it is, each under a key that no
picture was marked with; a fiftieth as many also anyhow, which takes ten times as long and whose answer rests on the
same bound. Of every tenth trial each single reading is held against one id drawn beforehand: how often those fit as
well as each level allows shows the bound at work where whole trials, which pay for 2^48 ids, are nearly always 1.

One process a core, each with one thread. What is done is kept in ``results/watermark.json`` at once, and a run that was
interrupted goes on from there, unless the code has changed; ``--again`` begins anew. At the end the sums alone are
kept, speed is measured alone, and the tables are written into ``README.md``. ``--look FILE`` writes a few originals
beside the marked pictures and 20 times their difference: to be looked at, for photographs of the data may not be
passed on.
"""

from __future__ import annotations

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial, reduce
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from marks.attacks import ALL, SMALL
from marks.peers import peers
from marks.pictures import SMALL_SETS, Sources, pictures, there
from marks.tables import added, tables
from marks.trials import an_id, forensic, ladder, marked_as, null, ours, speed, theirs, unmarked
from PIL import Image
from report import code, fill

from rectoverso.recto.train.machine import describe
from rectoverso.verso.mark import watermark

HERE = Path(__file__).parent
FILE = HERE / "results" / "watermark.json"
FIRST = "photographs, 512 px"
ANYHOW_SHARE = 1 / 50
SHOWN = 6


@dataclass(frozen=True)
class Job:
    """``part`` of the work, and the numbers of its pictures or trials."""

    part: str
    of: str
    begin: int
    end: int

    @property
    def name(self) -> str:
        return f"{self.part}/{self.of}/{self.begin}-{self.end}"


def main() -> None:
    asked = arguments()
    beside = asked.data.parent.parent
    others = beside if all((beside / name).exists() for name in ("camvid", "bccd")) else None
    sources = Sources(asked.data, others, asked.generated, asked.count)
    with_one_thread()
    todo = list(jobs(asked, sources))
    if asked.estimate:
        estimate(asked, sources, todo)
        return
    facts = {
        "code": code(Path(watermark.__file__).parent, HERE / "marks"),
        "count": asked.count,
        "null": asked.null,
        "peers": asked.peers,
        "generated": str(asked.generated),
    }
    kept = {} if asked.again or not FILE.exists() else json.loads(FILE.read_text())
    parts = kept.get("parts", {}) if kept.get("asked") == facts else {}
    result: dict[str, Any] = {"asked": facts, "machine": describe(), "parts": parts}
    for done in worked(todo, parts, sources, asked):
        result["date"] = f"{datetime.now(UTC):%Y-%m-%d}"
        if not asked.dry:
            write(result)
        print(f"{len(parts)} of {len(todo)}: {done}", flush=True)
    result |= summed(parts)
    del result["parts"]
    result["speed"] = speed(list(enumerate(pictures(FIRST, sources)))[:20])
    body = tables(result, FIRST, list(SMALL_SETS))
    print(body)
    if not asked.dry:
        write(result)
        fill(HERE / "README.md", "watermark", f"{body}\n\nAll counts: [{FILE.name}](results/{FILE.name}).")
    if asked.look:
        show(pictures(FIRST, sources), asked.look)


def jobs(asked: argparse.Namespace, sources: Sources) -> Iterator[Job]:
    """Each of some seconds to a minute, so that little is lost by an interruption."""
    large, small = there(sources)
    for name in large:
        yield from split("ours", name, len(pictures(name, sources)), 4)
    for name in small:
        yield from split("ours", name, len(pictures(name, sources)), 20)
    yield from split("ladder", "", asked.count, 4)
    yield from split("forensic", "", asked.count, 8)
    for peer in peers() if asked.peers else []:
        yield from split("peers", peer.name, min(asked.peers, asked.count), 1)
    yield from split("null", "", asked.null, 1000)
    yield from split("null, anyhow", "", max(1, round(asked.null * ANYHOW_SHARE)), 50)


def split(part: str, of: str, count: int, size: int) -> Iterator[Job]:
    for begin in range(0, count, size):
        yield Job(part, of, begin, min(count, begin + size))


def worked(
    todo: list[Job], parts: dict[str, Any], sources: Sources, asked: argparse.Namespace
) -> Iterator[str]:
    """What is not there yet is done and put there; the name of each job that was."""
    left = [job for job in todo if job.name not in parts]
    with get_context("spawn").Pool(asked.processes, with_one_thread) as pool:
        for name, counts in pool.imap_unordered(
            partial(done, sources=sources, with_peers=asked.peers > 0), left
        ):
            parts[name] = counts
            yield name


def with_one_thread() -> None:
    cv2.setNumThreads(1)


def done(job: Job, *, sources: Sources, with_peers: bool) -> tuple[str, Any]:
    if job.part.startswith("null"):
        is_anyhow = job.part == "null, anyhow"
        return job.name, null(unmarked(sources, with_peers), range(job.begin, job.end), anyhow=is_anyhow)
    of = job.of if job.part == "ours" else FIRST
    chosen = list(enumerate(pictures(of, sources)))[job.begin : job.end]
    match job.part:
        case "ours":
            return job.name, ours(chosen, SMALL if of in SMALL_SETS else ALL)
        case "ladder":
            return job.name, ladder(chosen)
        case "forensic":
            return job.name, forensic(chosen)
        case _:
            (peer,) = (one for one in peers() if one.name == job.of)
            return job.name, theirs(peer, chosen, ALL)


def summed(parts: dict[str, Any]) -> dict[str, Any]:
    """All counts, by part, and for ours by set and for peers by name; in the order in which they were asked for."""
    grouped = dict[tuple[str, str], list[Any]]()
    for name in sorted(parts, key=lambda name: int(name.rsplit("/", 1)[1].split("-")[0])):
        part, of, _ = name.split("/")
        grouped.setdefault((part, of), []).append(parts[name])
    result: dict[str, Any] = {"ours": {}, "peers": {}}
    for (part, of), found in grouped.items():
        total = reduce(added, found)
        if of:
            result[part][of] = total
        else:
            result[part] = total
    return result


def estimate(asked: argparse.Namespace, sources: Sources, todo: list[Job]) -> None:
    """Does a little of each part and says how many minutes of one core the whole of it takes, and of all processes."""
    minutes = dict[str, float]()
    for part, of in dict.fromkeys((job.part, job.of) for job in todo):
        whole = [job for job in todo if (job.part, job.of) == (part, of)]
        few = {"null": 40, "null, anyhow": 4}.get(part, 1)
        unmarked(sources, with_peers=False)  # what is loaded and made once
        began = time.process_time()
        done(Job(part, of, 0, few), sources=sources, with_peers=False)
        minutes[f"{part} {of}".strip()] = (time.process_time() - began) / few * whole[-1].end / 60
        print(f"{part} {of}: {minutes[f'{part} {of}'.strip()]:.1f}", flush=True)
    total = sum(minutes.values())
    print(
        f"{total:.0f} minutes of one core, {total / asked.processes:.0f} on {asked.processes}; {describe()}"
    )


def write(result: dict[str, Any]) -> None:
    half = FILE.with_suffix(".part")
    half.write_text(json.dumps(result, indent=1) + "\n")
    half.replace(FILE)


def show(originals: list[np.ndarray], file: Path) -> None:
    """Original, marked, and 20 times the difference around grey, side by side."""
    rows = []
    for number, picture in enumerate(originals[:SHOWN]):
        marked = marked_as(picture, an_id(number))
        difference = np.clip(128 + 20.0 * (marked.astype(float) - picture), 0, 255).astype(np.uint8)
        rows.append(np.concatenate([picture, marked, difference], axis=1))
    Image.fromarray(np.concatenate(rows)).save(file)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    folder = os.environ.get("RECTOVERSO_TEST_DATA")
    known = Path(folder) / "bsds500" / "train.parquet" if folder else None
    parser.add_argument("--data", type=Path, default=known, required=known is None)
    parser.add_argument("--count", type=int, default=100, help="photographs of a set")
    parser.add_argument("--generated", type=Path, help="a folder of pictures that a run of ours made")
    parser.add_argument("--peers", type=int, default=0, help="pictures for each peer that is installed")
    parser.add_argument("--null", type=int, default=100_000, help="readings without a mark")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--look", type=Path, help="where pictures to look at are written")
    parser.add_argument(
        "--estimate", action="store_true", help="print how long the whole run takes, and stop"
    )
    parser.add_argument("--again", action="store_true", help="keep nothing of a run before")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    asked = parser.parse_args()
    if asked.peers and not peers():
        parser.error("no peer is installed: pip install --no-deps -r benchmarks/marks/requirements.txt")
    return asked


if __name__ == "__main__":
    main()
