"""How much of a training step goes into loading its pictures, and how much memory that takes.

    python benchmarks/data_loading.py --data cifar10/train.parquet --data emoji/noto.parquet --size 64

For each DATA, once from memory and once mapped from a file: the processor time of `Feed.turn` (which picks, copies and
converts a batch) beside that of the players' turns, alternately and on one thread, as `verso train dcgan` runs them.
Processor seconds are counted, so that a busy machine matters little. Writes results/data_loading-DATE.json; `--dry`
only prints. Exits 1 when loading takes a tenth of a step or more.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.source import open_source
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.machine import autocast, describe, keep_freed_memory, resolve
from rectoverso.recto.train.streams import Streams

HERE = Path(__file__).parent
MOST = 0.1
WARM_UP = 3


def main() -> int:
    asked = arguments()
    torch.set_num_threads(1)
    keep_freed_memory()
    rows = []
    for data in asked.data:
        for place, ram_bytes in (("memory", 2**62), ("file", 0)):
            began = time.process_time()
            dataset = open_source(
                data, size=asked.size, channels="auto", take=asked.take, ram_bytes=ram_bytes
            )
            decoding = time.process_time() - began
            rows.append(about(dataset, place, decoding) | measure(dataset, asked.preset, asked.turns))
            print(line(rows[-1]), flush=True)
            del dataset
    if not asked.dry:
        write(rows, asked)
    return int(any(row["share"] >= MOST for row in rows))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", action="append", required=True, help="as `verso train` takes it; may be repeated"
    )
    parser.add_argument("--size", help="pixels a side, or WIDTHxHEIGHT")
    parser.add_argument("--take", type=int, help="only so many pictures")
    parser.add_argument("--preset", default="default", help="of dcgan")
    parser.add_argument("--turns", type=int, default=30)
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    return parser.parse_args()


def measure(dataset: Dataset, preset: str, turns: int) -> dict[str, Any]:
    """Median processor milliseconds of loading and of the rest of a turn, and how far the process grew."""
    settled = with_settings(recipe("dcgan", preset), ("threads=1",))
    streams = Streams(0)
    feed = Feed(dataset, settled, streams)
    torch.manual_seed(0)
    cast = settled.cast(feed.shape, streams)
    precision = resolve(settled.precision)
    loading, rest = [], []
    for number in range(WARM_UP + turns):
        began = time.process_time()
        turn = feed.turn(number * settled.batch, 0.0)
        loaded = time.process_time()
        for phase in cast.phases:
            if number % phase.every:
                continue
            moving = [player for player in cast.players if player.name in phase.players]
            for player in cast.players:
                player.module.requires_grad_(player in moving)
                player.optimiser.zero_grad()
            with autocast(precision):
                losses = phase.losses(turn)
            torch.autograd.backward(torch.stack(list(losses.values())).sum())
            for player in moving:
                player.step(0.0)
        for player in cast.players:
            player.follow(turn.first + turn.count, turn.count)
        loading.append(loaded - began)
        rest.append(time.process_time() - loaded)
    ours, others = (1000 * median(times[WARM_UP:]) for times in (loading, rest))
    return {
        "batch": settled.batch,
        "loading_ms": round(ours, 3),
        "step_ms": round(ours + others, 2),
        "share": round(ours / (ours + others), 4),
        "loading_images_per_cpu_s": round(1000 * settled.batch / ours),
        "grown_mb_by_a_pass_of_loading": grown_mb(feed, len(dataset)),
        "precision": precision,
    }


def grown_mb(feed: Feed, count: int) -> float:
    """How much more memory the process has after all pictures were shown once than before."""
    before = resident_mb()
    for first in range(0, count, feed.recipe.batch):
        feed.turn(first, 0.0)
    return round(resident_mb() - before, 1)


def resident_mb() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return pages * resource.getpagesize() / 2**20


def about(dataset: Dataset, place: str, decoding: float) -> dict[str, Any]:
    return {
        "data": dataset.name,
        "images": len(dataset),
        "width": dataset.width,
        "height": dataset.height,
        "channels": dataset.channels,
        "pixels_mb": round(dataset.images.nbytes / 2**20, 1),
        "from": place,
        "decoded_images_per_cpu_s": round(len(dataset) / max(decoding, 1e-9)),
    }


def line(row: dict[str, Any]) -> str:
    shape = f"{row['width']}x{row['height']}x{row['channels']}"
    return (
        f"{row['data']} {shape} from {row['from']}:"
        f" loading {row['loading_ms']:.2f} of {row['step_ms']:.1f} ms CPU a step"
        f" ({row['share']:.1%}), {row['loading_images_per_cpu_s']:,} images/s;"
        f" grown {row['grown_mb_by_a_pass_of_loading']} of {row['pixels_mb']} MB"
    )


def write(rows: list[dict[str, Any]], asked: argparse.Namespace) -> None:
    today = datetime.now(UTC).date().isoformat()
    facts = {
        "date": today,
        "machine": describe(),
        "threads": 1,
        "turns": asked.turns,
        "versions": {
            "python": platform.python_version(),
            "rectoverso": version("rectoverso"),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "rows": rows,
    }
    file = HERE / "results" / f"data_loading-{today}.json"
    before = json.loads(file.read_text())["rows"] if file.exists() else []
    known = {(row["data"], row["width"], row["height"], row["from"]) for row in rows}
    kept = [row for row in before if (row["data"], row["width"], row["height"], row["from"]) not in known]
    file.write_text(json.dumps(facts | {"rows": kept + rows}, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
