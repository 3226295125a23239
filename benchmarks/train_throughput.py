"""Images a second in training: the article's networks here and in Keras on TensorFlow, side by side.

    python benchmarks/train_throughput.py --data cifar10/train.parquet [--quality]

Both sides take turns, round after round, so that a machine that grows slower or faster does so for both. Keras
gets every advantage: data in memory, tf.function, with and without XLA, float32 and its own bfloat16 policy, and
the cheaper of two ways to write the step; the ratio is against its best variant of each round. Our side is the
package's own loop.

Writes ``results/train_throughput-DATE.json`` and the table in ``README.md``; ``--dry`` writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pictures import known_cifar
from report import fill
from throughput import multiply_adds, quality, same_mathematics
from throughput.keras_side import VARIANTS, Worker
from throughput.own_side import PRECISIONS, OwnTraining, article, executed
from throughput.table import NOT_QUIET, QUIET_LOAD, ratios, tables

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.source import open_source
from rectoverso.recto.nets.dcgan import ArticleCritic, ArticleGenerator
from rectoverso.recto.train.machine import describe

HERE = Path(__file__).parent


def main() -> None:
    asked = arguments()
    load = os.getloadavg()[0]
    if load > QUIET_LOAD:
        say(f"{NOT_QUIET} (load {load:.1f})")
    say(f"Reading {asked.data}")
    dataset = open_source(asked.data, size=32)
    with (
        tempfile.TemporaryDirectory() as scratch,
        Worker(asked.venv, Path(scratch) / "keras.log") as worker,
    ):
        folder = Path(scratch)
        checked = same_mathematics.check(worker, folder)
        say(f"Same weights, same inputs: {checked['differences']}")
        if not checked["same"]:
            sys.exit("The two frameworks do not compute the same; no speed is compared.")
        if asked.check:
            return
        result = about(worker, asked, load) | {"check": checked}
        result["multiply_adds"] = counted(dataset, folder)
        result["peak"] = {"torch": multiply_adds.peak(), "tensorflow": worker.ask("peak")}
        result["rounds"], result["failed"] = measure(
            worker, dataset, asked.data, folder, asked.rounds, asked.seconds
        )
        if asked.quality:
            say("Comparing the samples of both precisions")
            result["quality"] = quality.compare(dataset, folder, asked.quality_images, asked.quality_seeds)
        result["load"]["after"] = round(os.getloadavg()[0], 2)
    result["ratios"] = ratios(result["rounds"])
    print(tables(result))
    if not asked.dry:
        file = HERE / "results" / f"train_throughput-{result['date']}.json"
        file.write_text(json.dumps(result, indent=1) + "\n")
        body = f"{tables(result)}\n\nAll figures: [results/{file.name}](results/{file.name})."
        fill(HERE / "README.md", "train_throughput", body)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = known_cifar()
    parser.add_argument("--data", type=Path, default=known, help="CIFAR-10, as `verso train --data` takes it")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each variant in each round")
    parser.add_argument(
        "--venv", type=Path, default=HERE / "keras" / ".venv", help="where Keras is installed"
    )
    parser.add_argument("--check", action="store_true", help="only compare the mathematics")
    parser.add_argument("--quality", action="store_true", help="also compare samples of float32 and bfloat16")
    parser.add_argument("--quality-images", type=int, default=20_000)
    parser.add_argument("--quality-seeds", type=int, default=2)
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    asked = parser.parse_args()
    if asked.data is None:
        parser.error("say where CIFAR-10 is: --data FILE, or RECTOVERSO_TEST_DATA=FOLDER")
    return asked


def measure(
    worker: Worker, dataset: Dataset, data: Path, folder: Path, rounds: int, seconds: float
) -> tuple[list[dict[str, float]], dict[str, str]]:
    """Images a second of every variant in every round, and why a variant could not run."""
    pictures = folder / "pictures.npy"
    np.save(pictures, dataset.images)
    failed: dict[str, str] = {}
    for variant in VARIANTS:
        try:
            built = worker.ask("build", variant=variant, images=str(pictures))
            say(f"Keras {variant}: built in {built['seconds']:.0f} s")
        except RuntimeError as error:
            failed[variant] = str(error)
            say(f"Keras {variant}: {error}")
    own = {precision: OwnTraining(article(precision), data, folder) for precision in PRECISIONS}
    for training in own.values():
        training.train(1.0)
    runnable = [f"keras-{variant}" for variant in VARIANTS if variant not in failed]
    order = interleaved([f"ours-{precision}" for precision in PRECISIONS], runnable)
    measured = []
    for number in range(rounds):
        # Each round begins elsewhere, so that nobody always follows the same neighbour.
        turned = order[number % len(order) :] + order[: number % len(order)]
        measured.append({name: rate(name, own, worker, seconds) for name in turned})
        say(f"Round {number + 1} of {rounds}: " + best_of(measured[-1]))
    for training in own.values():
        training.stop()
    return measured, failed


def interleaved(few: list[str], many: list[str]) -> list[str]:
    """The few spread evenly among the many."""
    step = -(-len(many) // len(few))
    return [name for place, one in enumerate(few) for name in (one, *many[place * step : (place + 1) * step])]


def rate(name: str, own: dict[str, OwnTraining], worker: Worker, seconds: float) -> float:
    """Images a second of one variant for some seconds, everybody else asleep."""
    side, _, variant = name.partition("-")
    time.sleep(0.2)  # until the other side's threads have stopped spinning
    train = own[variant].train if side == "ours" else partial(worker.ask, "train", variant=variant)
    done = train(seconds=seconds)
    return float(done["images"] / done["seconds"])


def counted(dataset: Dataset, folder: Path) -> dict[str, Any]:
    generator = multiply_adds.forward(ArticleGenerator(32, 3), torch.zeros(1, 100))
    critic = multiply_adds.forward(ArticleCritic(32, 3), torch.zeros(1, 3, 32, 32))
    return {
        "generator": generator.total,
        "critic": critic.total,
        "step": multiply_adds.step(generator, critic),
        "executed_by_ours": executed(dataset, folder),
    }


def about(worker: Worker, asked: argparse.Namespace, load: float) -> dict[str, Any]:
    keras = worker.ask("about")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "threads": {"torch": torch.get_num_threads(), "tensorflow": keras["threads"]},
        "load": {"before": round(load, 2)},
        "versions": {
            "python": platform.python_version(),
            "rectoverso": version("rectoverso"),
            "torch": torch.__version__,
            "tensorflow": keras["tensorflow"],
            "keras": keras["keras"],
        },
        "batch": 64,
        "seconds_each": asked.seconds,
    }


def best_of(rates: dict[str, float]) -> str:
    ours = max(rate for name, rate in rates.items() if name.startswith("ours"))
    keras = max(rate for name, rate in rates.items() if name.startswith("keras"))
    return f"ours {ours:.0f} images/s, Keras {keras:.0f}, ratio {ours / keras:.2f}"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
