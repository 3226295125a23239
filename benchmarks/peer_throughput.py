"""Images a second in training: other projects' trainings on this machine, and ours made equal to each.

    git clone https://github.com/pytorch/examples
    git clone https://github.com/rosinality/stylegan2-pytorch
    git clone https://github.com/kwotsin/mimicry
    python benchmarks/peer_throughput.py --data cifar10/train.parquet --example examples/dcgan/main.py \\
        --stylegan2 stylegan2-pytorch --mimicry mimicry

Each peer that is given is measured. Its training runs as it stands, in float32, with random pictures ready in memory;
ours as `verso train` runs, with real pictures, in float32 and in bfloat16. Networks of the same sizes, the same batch,
the same steps. An image is a real picture that the critic has seen in one of its own steps. The three sides of a
comparison take turns within each round, the others asleep. `README.md` says in what the sides differ.

Writes ``results/peer_throughput-DATE.json`` and the tables in ``README.md``; ``--dry`` writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from report import fill
from throughput.comparisons import Comparison, Side, beside_example, beside_mimicry, beside_stylegan2
from throughput.own_side import PRECISIONS, OwnTraining
from throughput.peer_table import tables
from throughput.sizes import Sizes
from throughput.table import NOT_QUIET, QUIET_LOAD

from rectoverso.recto.train.machine import describe, physical_cores

HERE = Path(__file__).parent


def main() -> None:
    asked = arguments()
    load = os.getloadavg()[0]
    if load > QUIET_LOAD:
        say(f"{NOT_QUIET} (load {load:.1f})")
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "torch": torch.__version__,
        "threads": asked.threads,
        "load": round(load, 2),
        "comparisons": [measured(comparison, asked) for comparison in wanted(asked)],
    }
    print(tables(result))
    if not asked.dry:
        file = HERE / "results" / f"peer_throughput-{result['date']}.json"
        file.write_text(json.dumps(result, indent=1) + "\n")
        body = tables(result) + f"\n\nAll figures: [{file.name}](results/{file.name})."
        fill(HERE / "README.md", "peer_throughput", body)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="real pictures, for our side")
    parser.add_argument("--example", type=Path, help="dcgan/main.py of PyTorch's examples")
    parser.add_argument("--stylegan2", type=Path, help="folder of rosinality/stylegan2-pytorch")
    parser.add_argument("--mimicry", type=Path, help="folder of kwotsin/mimicry")
    parser.add_argument(
        "--mimicry-width", type=int, default=256, help="its generator's channels; its critic has half of them"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each side in each round, at least")
    parser.add_argument("--threads", type=int, default=physical_cores(), help="of each side")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    asked = parser.parse_args()
    if not (asked.example or asked.stylegan2 or asked.mimicry):
        parser.error("name a peer: --example, --stylegan2 or --mimicry")
    return asked


def wanted(asked: argparse.Namespace) -> list[Comparison]:
    """With every peer that was named."""
    comparisons = []
    if asked.example:
        comparisons.append(beside_example(asked.example, asked.threads))
    if asked.stylegan2:
        comparisons.append(beside_stylegan2(asked.stylegan2, asked.threads))
    if asked.mimicry:
        comparisons.append(beside_mimicry(asked.mimicry, asked.threads, asked.mimicry_width))
    return comparisons


def measured(comparison: Comparison, asked: argparse.Namespace) -> dict[str, Any]:
    """All rounds of one comparison, its three sides alive for that long."""
    say(comparison.title)
    with tempfile.TemporaryDirectory() as scratch:
        sides = started(comparison, asked.data, Path(scratch))
        found = {
            "title": comparison.title,
            "peer": comparison.peer,
            "size": comparison.size,
            "batch": comparison.recipe.batch,
            "seconds": asked.seconds,
            "sizes": known_sizes(comparison, sides[comparison.peer]),
            "rounds": [one_round(sides, number, asked.seconds) for number in range(asked.rounds)],
        }
        for side in sides.values():
            side.stop()
    return found


def started(comparison: Comparison, data: Path, folder: Path) -> dict[str, Side]:
    """The sides by name, each after its first turns."""
    sides: dict[str, Side] = {}
    for precision in PRECISIONS:
        made = replace(comparison.recipe, precision=precision)
        sides[f"ours, {precision}"] = OwnTraining(
            made, data, folder, size=comparison.size, cycle=comparison.cycle
        )
    sides[comparison.peer] = comparison.start(folder / "theirs")
    for side in sides.values():
        side.train(1.0)
    return sides


def known_sizes(comparison: Comparison, theirs: Side) -> dict[str, Any]:
    """Both sides' networks in numbers, as far as they are known; a peer that is a program by itself does not say."""
    found: dict[str, Sizes | None] = {
        "ours": comparison.own_sizes(),
        "theirs": getattr(theirs, "sizes", None),
    }
    return {
        whose: {player: asdict(size) for player, size in players.items()}
        for whose, players in found.items()
        if players is not None
    }


def one_round(sides: dict[str, Side], number: int, seconds: float) -> dict[str, float]:
    """Images a second of every side; each round begins with another."""
    names = list(sides)
    start = number % len(names)
    rates = {name: rate(sides[name], seconds) for name in names[start:] + names[:start]}
    say(f"Round {number + 1}: " + ", ".join(f"{name} {rates[name]:.1f}" for name in names))
    return rates


def rate(side: Side, seconds: float) -> float:
    """Images a second of one side for some seconds, everybody else asleep."""
    time.sleep(0.2)  # until the other side's threads have stopped spinning
    done = side.train(seconds)
    return done["images"] / done["seconds"]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
