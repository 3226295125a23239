"""One training on whatever device there is, packed to be brought back: the runs of ``queue.md``.

    python benchmarks/gpu/train.py default --data cifar10/train.parquet --seconds 480 [--size 32] [--preset gpu]

Leaves in ``$OUT`` (or ``--out``) one archive, cut into parts that are small enough to travel: the run without its
state and its critic, and ``result.json`` with images a second and the most memory held. At home:

    cat NAME.tar.* | tar x && verso evaluate NAME --data ...
"""

from __future__ import annotations

import argparse
import io
import json
import os
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from rectoverso.recto.data.source import open_source
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.train.loop import TrainResult, train
from rectoverso.recto.train.machine import cuda_memory_mb, describe

PART_BYTES = 15 * 2**20
LEFT_BEHIND = ("state", "weights/critic.safetensors")


def main() -> None:
    asked = arguments()
    dataset = open_source(asked.data, size=asked.size, channels=asked.channels)
    if asked.data_b:
        other = open_source(asked.data_b, size=asked.size, channels=dataset.channels)
        dataset = replace(dataset, other=other)
    made = with_settings(recipe(asked.system, asked.preset), asked.set or ())
    name = asked.name or f"{asked.system}-{dataset.name}"
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch) / "run"
        torch.backends.cudnn.benchmark = True
        result = train(made, dataset, run, max_seconds=asked.seconds)
        told = outcome(asked, result)
        print(name, json.dumps(told), flush=True)
        (run / "result.json").write_text(json.dumps(told, indent=1))
        asked.out.mkdir(parents=True, exist_ok=True)
        if not asked.only_told:
            in_parts(packed(run, name), asked.out / f"{name}.tar")


def outcome(asked: argparse.Namespace, result: TrainResult) -> dict[str, object]:
    return {
        "system": asked.system,
        "preset": asked.preset,
        "settings": asked.set or [],
        "size": asked.size,
        "seconds": round(result.seconds, 1),
        "images": result.images,
        "images_per_s": round(result.images_per_s, 1),
        "device": describe(),
        "torch": torch.__version__,
        "device_memory_mb": cuda_memory_mb(),
    }


def packed(run: Path, name: str) -> bytes:
    """The run as an archive, without what only its training needs."""

    def kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        inside = entry.name.removeprefix(f"{name}/")
        return None if inside.startswith(LEFT_BEHIND) else entry

    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(run, arcname=name, filter=kept)
    return archive.getvalue()


def in_parts(data: bytes, path: Path) -> None:
    for number, first in enumerate(range(0, len(data), PART_BYTES)):
        path.with_name(f"{path.name}.{number}").write_bytes(data[first : first + PART_BYTES])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("system")
    parser.add_argument("--preset", default="gpu")
    parser.add_argument("--data", required=True)
    parser.add_argument("--data-b")
    parser.add_argument("--size", default="32", help="pixels a side, or 256x192")
    parser.add_argument("--channels", type=int, help="3: transparent pictures on white")
    parser.add_argument("--seconds", type=float, default=480.0)
    parser.add_argument("--set", action="append")
    parser.add_argument("--name")
    parser.add_argument("--only-told", action="store_true", help="how fast it goes, and nothing else")
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", "out")))
    return parser.parse_args()


if __name__ == "__main__":
    main()
