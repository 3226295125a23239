"""How the register answers with very many works: memory, start, and how long a picture takes.

    python benchmarks/index_scale.py --data bsds500/train.parquet [--works 1000 10000 100000 1000000] [--pictures 100]
        [--probes 16] [--threads 2] [--dry]

The works are made up, but for those of `--data`: a made-up work's points are points of other photographs (`--others`),
moved at random by as much as two views of one corner differ, so that they crowd where real points crowd, and not where
those that are asked lie. Their sketches are those of photographs, lost in noise to between a half and all. For each
number of works: how long the index takes to write, to put on a shelf and to load from it; how much memory it takes, and
what the works' records and sketches take; and for pictures that hold a half of a real work, pasted into another, the
time of each part of a look, and how often the work is among those that its points vote for; with each number of
`--probes`, the addresses searched for a point. Writes the table of README.md and results/index_scale-DATE.json.

Times are of the clock, as the aims are: on a machine that does other things they are too long, and `cpu` says what of
the processor a look took. A million works want 16 GB of memory and, on two quiet cores, one to two hours.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is there: see copy_detection.py

import argparse
import ctypes
import io
import json
import multiprocessing
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import faiss
import numpy as np
import pyarrow.parquet as pq
import report
from numpy.typing import NDArray
from PIL import Image

from rectoverso.store.works import Work
from rectoverso.types import Digest
from rectoverso.verso.screen import shards
from rectoverso.verso.screen.alignment import aligned
from rectoverso.verso.screen.codebook import LEARNT_FROM, PROBES, Codebook
from rectoverso.verso.screen.fingerprint import NUM_BYTES
from rectoverso.verso.screen.gallery import Gallery
from rectoverso.verso.screen.known import filled, points_of
from rectoverso.verso.screen.laid import alike
from rectoverso.verso.screen.parts import CANDIDATES
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.shards import ROW, Written
from rectoverso.verso.screen.sketch import INSIDE_KK, Sketch
from rectoverso.verso.screen.symmetry import SYMMETRIES
from rectoverso.verso.screen.votes import INDEXED_POINTS, Candidate, candidates, looked_at

MOVED_BY = 0.04
CHUNK = 2_000


def main() -> None:
    asked = arguments()
    faiss.omp_set_num_threads(asked.threads)
    cv2.setNumThreads(asked.threads)
    photos = pictures(asked.data)[: asked.photos]
    real = [Points.kept(pixels) for pixels in photos]
    others = [Points.kept(pixels) for path in asked.others for pixels in pictures(path)]
    others += [Points.kept(pixels) for pixels in pictures(asked.data)[asked.photos :]]
    result: dict[str, Any] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "threads": asked.threads,
        "pictures": asked.pictures,
        "rows": [],
    }
    for count in asked.works:
        for row in measured(count, photos, real, others, asked):
            result["rows"].append(row)
            print(json.dumps(row), flush=True)
    print(table(result))
    if not asked.dry:
        report.keep("index_scale", result, table(result))


def arguments() -> argparse.Namespace:
    folder = Path(os.environ.get("RECTOVERSO_TEST_DATA", "."))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=folder / "bsds500" / "train.parquet")
    parser.add_argument("--works", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    others = [folder / name / "train.parquet" for name in ("camvid", "bccd")]
    parser.add_argument(
        "--others", type=Path, nargs="*", default=others, help="what made-up works are made of"
    )
    parser.add_argument(
        "--photos", type=int, default=120, help="real works; the others of --data are made-up ones'"
    )
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument(
        "--probes", type=int, nargs="+", default=[PROBES], help="addresses searched for a point"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser.parse_args()


def pictures(path: Path) -> list[NDArray[np.uint8]]:
    rows = pq.read_table(path, columns=["image"])["image"].to_pylist()
    return [np.asarray(Image.open(io.BytesIO(row["bytes"])).convert("RGB")) for row in rows]


def measured(
    count: int,
    photos: list[NDArray[np.uint8]],
    real: list[Points],
    others: list[Points],
    asked: argparse.Namespace,
) -> Iterator[dict[str, Any]]:
    start = time.perf_counter()
    pool = np.concatenate([points.descriptors for points in others])
    sample = moved(pool, LEARNT_FROM, np.random.default_rng(1))
    book = Codebook.learnt(sample, count * INDEXED_POINTS)
    works = [written(f"{number:08x}", points, book) for number, points in enumerate(real[:count])]
    works += made_up(count - len(works), others, pool, book)
    row: dict[str, Any] = {"works": count, "write_s": since(start)}

    start, part = time.perf_counter(), shards.to_bytes(book.name, works)
    row |= {"shelf_s": since(start), "shelf_bytes_a_work": round(len(part) / count)}
    start = time.perf_counter()
    again = list(shards.from_bytes(part, book.name).values())
    del works, part
    rows, names = points_of(again)
    del again
    before = resident()
    index = filled(book.empty_index(), rows, names)
    row |= {"load_s": since(start)}
    row["index_bytes_a_work"] = round((resident() - before) / count)
    del rows, names
    before = resident()
    records = made_up_records(count, photos)
    row["record_bytes_a_work"] = round((resident() - before) / count)
    before = resident()
    gallery = Gallery(records)
    row["sketch_bytes_a_work"] = round((resident() - before) / count)
    for index.nprobe in asked.probes:
        looked = looks(index, gallery, photos, real, min(asked.pictures, len(photos) - 1, count))
        yield row | {"probes": index.nprobe} | looked


def written(name: str, points: Points, book: Codebook) -> Written:
    first = points.first(INDEXED_POINTS)
    rows = np.zeros(len(first), ROW)
    rows["turn"], rows["octave"] = first.pose()
    rows["address"], rows["code"] = book.written(np.ascontiguousarray(first.descriptors))
    return Written(name, bytes(32), rows)


def made_up(count: int, others: list[Points], pool: Any, book: Codebook) -> Iterator[Written]:
    """By several processes, each some at a time."""
    octaves = np.concatenate([points.pose()[1] for points in others])
    _Given.octaves, _Given.pool, _Given.book = octaves, pool, book
    book.written(pool[:1])  # what they write with is made before there are several
    starts = range(0, count, CHUNK)
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as processes:
        chunks = ((start, min(CHUNK, count - start)) for start in starts)
        for start, rows in zip(starts, processes.imap(_chunk, chunks), strict=True):
            for number, of_work in enumerate(rows.reshape(-1, INDEXED_POINTS)):
                yield Written(f"{0x80000000 + start + number:08x}", bytes(32), of_work)


class _Given:
    """What the processes are forked with."""

    octaves: NDArray[np.uint8]
    pool: NDArray[np.float32]
    book: Codebook


def _chunk(asked: tuple[int, int]) -> NDArray[Any]:
    """The points of so many works from one on."""
    start, count = asked
    faiss.omp_set_num_threads(1)  # its others are not in a process that was forked
    rng = np.random.default_rng((2, start))
    rows = np.zeros(count * INDEXED_POINTS, ROW)
    rows["turn"] = rng.integers(0, 256, len(rows))
    rows["octave"] = rng.choice(_Given.octaves, len(rows))
    rows["address"], rows["code"] = _Given.book.written(moved(_Given.pool, len(rows), rng))
    return rows


def moved(pool: Any, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Points of photographs, each a little beside where it was."""
    rows = pool[rng.integers(0, len(pool), count)]
    rows = np.maximum(rows + rng.standard_normal(rows.shape, np.float32) * np.float32(MOVED_BY), 0)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def looks(index: Any, gallery: Gallery, photos: list[Any], real: list[Points], count: int) -> dict[str, Any]:
    spent: dict[str, list[float]] = {
        "hash": [],
        "points": [],
        "votes": [],
        "geometry": [],
        "full": [],
        "cpu": [],
    }
    named = 0
    for number in range(count):
        picture = pasted(photos[number], photos[number + 1])
        processor, start = time.process_time(), time.perf_counter()
        gallery.compared(picture, at_least=1)
        compared = time.perf_counter()
        points = Points.sought(picture)
        seen = time.perf_counter()
        found = candidates(index, points, at_most=CANDIDATES).candidates
        voted = time.perf_counter()
        for candidate in found:
            verified(points, candidate, real[candidate.work % len(real)], gallery.works[candidate.work])
        end = time.perf_counter()
        named += any(candidate.work == number for candidate in found)
        times = (compared - start, seen - compared, voted - seen, end - voted, end - start)
        for name, value in zip(spent, (*times, time.process_time() - processor), strict=True):
            spent[name].append(1000 * value)
    p95 = {f"{name}_p95_ms": round(float(np.percentile(values, 95)), 1) for name, values in spent.items()}
    means = {f"{name}_mean_ms": round(float(np.mean(values)), 1) for name, values in spent.items()}
    return p95 | means | {"named": round(named / max(1, count), 3)}


def verified(points: Points, candidate: Candidate, known: Points, work: Work) -> None:
    """What the door does with a candidate (parts.py); the points come from their kept form, as from the database."""
    way = {"mirrored": candidate.mirrored, "inverted": candidate.inverted}
    alignment = aligned(looked_at(points, **way), Points.from_bytes(known.to_bytes()), **way)
    if alignment is not None:
        alike(points.brightness, alignment, Sketch.from_bytes(work.small))


def pasted(pixels: Any, other: Any) -> NDArray[np.uint8]:
    """Half of a picture, at a fifth of another's area."""
    half = pixels[:, : pixels.shape[1] // 2]
    factor = (0.2 * other[..., 0].size / half[..., 0].size) ** 0.5
    factor = min(factor, other.shape[0] / half.shape[0], other.shape[1] / half.shape[1])
    piece = cv2.resize(half, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    into = other.copy()
    into[: piece.shape[0], : piece.shape[1]] = piece
    return np.asarray(into)


def made_up_records(count: int, photos: list[Any]) -> list[Work]:
    """Works as a home's database gives them."""
    rng = np.random.default_rng(3)
    sketches = [Sketch.of(pixels) for pixels in photos]
    records = []
    for number in range(count):
        sketch = sketches[number % len(sketches)]
        if number >= len(sketches):
            share = rng.uniform(0, 0.5)
            noise = rng.standard_normal(sketch.shape.shape, np.float32) * INSIDE_KK / INSIDE_KK.sum() ** 0.5
            shape = share * sketch.shape + (1 - share) * noise
            sketch = replace(sketch, shape=shape / np.linalg.norm(shape))
        digest = Digest(f"{number:064x}")
        day = f"2026-11-28T12:00:00.{number:06}"
        name, prints = f"{number:08x}", rng.bytes(NUM_BYTES * len(SYMMETRIES))
        records.append(
            Work(name, f"Work {number}", f"Owner {number % 97}", digest, prints, sketch.to_bytes(), day)
        )
    return records


def since(start: float) -> float:
    return round(time.perf_counter() - start, 2)


def resident() -> int:
    """Bytes of memory that the process has now, where the system tells it; else the most that it had."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        with suppress(OSError, AttributeError):  # what was freed is nobody's
            ctypes.CDLL(None).malloc_trim(0)
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


COLUMNS = (
    ("works", "works"),
    ("index_bytes_a_work", "index, bytes a work"),
    ("sketch_bytes_a_work", "sketches, bytes"),
    ("record_bytes_a_work", "records, bytes"),
    ("load_s", "load, s"),
    ("write_s", "write anew, s"),
    ("hash_p95_ms", "hash tier, ms"),
    ("points_p95_ms", "points, ms"),
    ("votes_p95_ms", "votes, ms"),
    ("geometry_p95_ms", "geometry, ms"),
    ("full_p95_ms", "all of it, ms"),
    ("cpu_p95_ms", "of the processor, ms"),
    ("probes", "addresses a point"),
    ("named", "named"),
)


def table(result: dict[str, Any]) -> str:
    lines = [report.row(*(title for _, title in COLUMNS)), report.row("--:", *["--:"] * (len(COLUMNS) - 1))]
    lines += [report.row(*(row[name] for name, _ in COLUMNS)) for row in result["rows"]]
    foot = (
        f"95th percentiles of {result['pictures']} pictures, {result['threads']} threads; {result['date']}; "
    )
    return "\n".join([*lines, "", f"{foot}{result['machine']}."])


if __name__ == "__main__":
    main()
