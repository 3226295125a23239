"""How the register answers with very many works: memory, start, and how long a picture takes.

    python benchmarks/index_scale.py --data bsds500/train.parquet [--works 1000 10000 100000 1000000] [--pictures 100]
        [--threads 2] [--dry]

The works are made up, but for those of `--data`: a made-up work's points are points of photographs, moved at random by
as much as two views of one corner differ, so that they crowd where real points crowd. Their sketches are random
directions. For each number of works: how long the index takes to write, to put on a shelf and to load from it; how much
memory it takes; and for pictures that hold a half of a real work, pasted into another, the time of each part of a
look, and how often the work is among those that its points vote for. Writes the table of README.md and
results/index_scale-DATE.json. A million works want 16 GB of memory and, on two cores, about half an hour.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import resource
import time
from collections.abc import Iterator
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

from rectoverso.verso.screen import shards
from rectoverso.verso.screen.alignment import aligned
from rectoverso.verso.screen.codebook import LEARNT_FROM, Codebook
from rectoverso.verso.screen.fingerprint import fingerprint
from rectoverso.verso.screen.known import filled, points_of
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.shards import ROW, Written
from rectoverso.verso.screen.sketch import INSIDE_KK, Sketch
from rectoverso.verso.screen.symmetry import INVERSES
from rectoverso.verso.screen.votes import INDEXED_POINTS, candidates, looked_at

MOVED_BY = 0.04
CHUNK = 2_000
VERIFIED = 12


def main() -> None:
    asked = arguments()
    faiss.omp_set_num_threads(asked.threads)
    cv2.setNumThreads(asked.threads)
    photos = pictures(asked.data)[: asked.photos]
    real = [Points.kept(pixels) for pixels in photos]
    result: dict[str, Any] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "threads": asked.threads,
        "pictures": asked.pictures,
        "rows": [],
    }
    for count in asked.works:
        result["rows"].append(measured(count, photos, real, asked.pictures))
        print(json.dumps(result["rows"][-1]), flush=True)
    print(table(result))
    if not asked.dry:
        report.keep("index_scale", result, table(result))


def arguments() -> argparse.Namespace:
    folder = Path(os.environ.get("RECTOVERSO_TEST_DATA", "."))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=folder / "bsds500" / "train.parquet")
    parser.add_argument("--works", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--photos", type=int, default=300, help="real works")
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser.parse_args()


def pictures(path: Path) -> list[NDArray[np.uint8]]:
    rows = pq.read_table(path, columns=["image"])["image"].to_pylist()
    return [np.asarray(Image.open(io.BytesIO(row["bytes"])).convert("RGB")) for row in rows]


def measured(count: int, photos: list[NDArray[np.uint8]], real: list[Points], asked: int) -> dict[str, Any]:
    start = time.perf_counter()
    pool = np.concatenate([points.descriptors for points in real])
    sample = moved(pool, LEARNT_FROM, np.random.default_rng(1))
    book = Codebook.learnt(sample, count * INDEXED_POINTS)
    works = [written(f"{number:08x}", points, book) for number, points in enumerate(real[:count])]
    works += made_up(count - len(works), real, pool, book)
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
    lists = 24 * index.ntotal + 48 * index.nlist
    row |= {
        "index_bytes_a_work": round(lists / count),
        "resident_bytes_a_work": round((resident() - before) / count),
    }
    del rows, names
    row |= looks(index, photos, real, min(asked, len(photos) - 1, count))
    return row | hash_tier(count, photos[: min(asked, len(photos))])


def written(name: str, points: Points, book: Codebook) -> Written:
    first = points.first(INDEXED_POINTS)
    rows = np.zeros(len(first), ROW)
    rows["turn"], rows["octave"] = first.pose()
    rows["address"], rows["code"] = book.written(np.ascontiguousarray(first.descriptors))
    return Written(name, bytes(32), rows)


def made_up(count: int, real: list[Points], pool: Any, book: Codebook) -> Iterator[Written]:
    rng = np.random.default_rng(2)
    for start in range(0, count, CHUNK):
        here = min(CHUNK, count - start)
        rows = np.zeros(here * INDEXED_POINTS, ROW)
        rows["turn"] = rng.integers(0, 256, len(rows))
        rows["octave"] = rng.choice(np.concatenate([points.pose()[1] for points in real]), len(rows))
        rows["address"], rows["code"] = book.written(moved(pool, len(rows), rng))
        for number, of_work in enumerate(rows.reshape(here, INDEXED_POINTS)):
            yield Written(f"{0x80000000 + start + number:08x}", bytes(32), of_work)


def moved(pool: Any, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Points of photographs, each a little beside where it was."""
    rows = pool[rng.integers(0, len(pool), count)]
    rows = np.maximum(rows + rng.standard_normal(rows.shape, np.float32) * np.float32(MOVED_BY), 0)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def looks(index: Any, photos: list[Any], real: list[Points], count: int) -> dict[str, Any]:
    spent: dict[str, list[float]] = {"points": [], "votes": [], "geometry": [], "full": []}
    named = 0
    for number in range(count):
        picture = pasted(photos[number], photos[number + 1])
        start = time.perf_counter()
        points = Points.sought(picture)
        seen = time.perf_counter()
        found = candidates(index, points, among=_All(), at_most=VERIFIED)
        voted = time.perf_counter()
        for candidate in found:
            work = real[candidate.work % len(real)]
            way = {"mirrored": candidate.mirrored, "inverted": candidate.inverted}
            aligned(looked_at(points, **way), Points.from_bytes(work.to_bytes()), **way)
        end = time.perf_counter()
        named += any(candidate.work == number for candidate in found)
        times = (seen - start, voted - seen, end - voted, end - start)
        for name, value in zip(spent, times, strict=True):
            spent[name].append(1000 * value)
    p95 = {f"{name}_p95_ms": round(float(np.percentile(values, 95)), 1) for name, values in spent.items()}
    return p95 | {
        "full_mean_ms": round(float(np.mean(spent["full"])), 1),
        "named": round(named / max(1, count), 3),
    }


class _All:
    """Every work is looked for."""

    def __contains__(self, work: object) -> bool:
        return True


def pasted(pixels: Any, other: Any) -> NDArray[np.uint8]:
    """Half of a picture, at a fifth of another's area."""
    half = pixels[:, : pixels.shape[1] // 2]
    factor = (0.2 * other[..., 0].size / half[..., 0].size) ** 0.5
    factor = min(factor, other.shape[0] / half.shape[0], other.shape[1] / half.shape[1])
    piece = cv2.resize(half, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    into = other.copy()
    into[: piece.shape[0], : piece.shape[1]] = piece
    return np.asarray(into)


def hash_tier(count: int, photos: list[Any]) -> dict[str, Any]:
    """What gallery.py does for each picture: eight views of its sketch with all works', and its hash."""
    inside = int(INSIDE_KK.sum())
    rng = np.random.default_rng(3)
    shapes_WK = rng.standard_normal((count, inside), np.float32)
    shapes_WK /= np.linalg.norm(shapes_WK, axis=1, keepdims=True)
    spent = []
    for pixels in photos:
        start = time.perf_counter()
        sketch = Sketch.of(pixels)
        views = np.stack([sketch.turned(inverse).shape[INSIDE_KK] for inverse in INVERSES])
        np.abs(shapes_WK @ views.T).max(axis=1).argmax()
        fingerprint(pixels)
        spent.append(1000 * (time.perf_counter() - start))
    return {"hash_p95_ms": round(float(np.percentile(spent, 95)), 1)}


def since(start: float) -> float:
    return round(time.perf_counter() - start, 2)


def resident() -> int:
    """Bytes of memory that the process has now, where the system tells it; else the most that it had."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


COLUMNS = (
    ("works", "works"),
    ("index_bytes_a_work", "index, bytes a work"),
    ("load_s", "load, s"),
    ("write_s", "write anew, s"),
    ("points_p95_ms", "points, ms"),
    ("votes_p95_ms", "votes, ms"),
    ("geometry_p95_ms", "geometry, ms"),
    ("full_p95_ms", "all of it, ms"),
    ("hash_p95_ms", "hash and sketch, ms"),
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
