"""One training on whatever device there is, scored and brought back: the runs of ``queue.md``.

    python benchmarks/gpu/train.py default --data cifar10/train.parquet --seconds 480 [--size 32] [--preset gpu]

Leaves in ``$OUT`` (or ``--out``): the generator's weights, the last sheet of samples, ``status.jsonl`` and
``result.json`` with images a second, the most memory held and the scores through features trained on the data.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

import torch

from rectoverso.recto.data.source import open_source
from rectoverso.recto.metrics.proxy_training import proxy_features
from rectoverso.recto.metrics.score import score_run
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.machine import describe


def main() -> None:
    asked = arguments()
    dataset = open_source(asked.data, size=asked.size)
    made = with_settings(recipe(asked.system, asked.preset), asked.set or ())
    out = asked.out / f"{asked.system}-{dataset.name}"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch) / "run"
        result = train(made, dataset, run, max_seconds=asked.seconds)
        scores = score_run(run, dataset, proxy_features(dataset, asked.out))
        (out / "result.json").write_text(
            json.dumps(
                {
                    "system": asked.system,
                    "preset": asked.preset,
                    "settings": asked.set,
                    "images": result.images,
                    "images_per_s": round(result.images_per_s, 1),
                    "device": torch.cuda.get_device_name() if torch.cuda.is_available() else describe(),
                    "memory_mb": torch.cuda.max_memory_allocated() >> 20
                    if torch.cuda.is_available()
                    else None,
                    **scores.plain(),
                },
                indent=1,
            )
        )
        for part in ("weights", "card.md", "run.json", "config.toml", "status.jsonl"):
            copy = shutil.copytree if (run / part).is_dir() else shutil.copy2
            copy(run / part, out / part)
        shutil.copy2(max((run / "samples").iterdir()), out / "sheet.png")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("system")
    parser.add_argument("--preset", default="gpu")
    parser.add_argument("--data", required=True)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=480.0)
    parser.add_argument("--set", action="append")
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", "out")))
    return parser.parse_args()


if __name__ == "__main__":
    main()
