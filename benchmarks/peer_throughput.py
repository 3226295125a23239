"""Images a second in training: the DCGAN paper's networks at 64 pixels here and in PyTorch's own example.

    git clone https://github.com/pytorch/examples
    python benchmarks/peer_throughput.py --example examples/dcgan/main.py --data emoji/noto.parquet

Same networks, same batch, same objective and Adam; the example runs as it stands (float32), ours as `verso train` runs
(bfloat16 by default, and float32 beside it). One difference: our critic sees real and generated pictures in one batch,
the example's in two, so its batch norm has other statistics. They take turns within each round, the others asleep.

Writes ``results/peer_throughput-DATE.json`` and the table in ``README.md``; ``--dry`` writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from report import fill, row
from throughput.example_side import Example
from throughput.own_side import PRECISIONS, OwnTraining
from throughput.paper_nets import PaperNets
from throughput.table import NOT_QUIET, QUIET_LOAD

from rectoverso.recto.systems import Recipe, recipe
from rectoverso.recto.systems.recipe import Adam
from rectoverso.recto.train.machine import describe, physical_cores

HERE = Path(__file__).parent
SIZE_PX = 64
BATCH = 64
EXAMPLE = "the example, float32"


def main() -> None:
    asked = arguments()
    load = os.getloadavg()[0]
    if load > QUIET_LOAD:
        say(f"{NOT_QUIET} (load {load:.1f})")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sides: dict[str, OwnTraining | Example] = {
            f"ours, {precision}": OwnTraining(ours(precision), asked.data, folder, size=SIZE_PX)
            for precision in PRECISIONS
        }
        for side in sides.values():
            side.train(1.0)
        sides[EXAMPLE] = Example(asked.example, folder / "example", BATCH, physical_cores())
        names = list(sides)
        rounds = []
        for number in range(asked.rounds):
            turned = names[number % len(names) :] + names[: number % len(names)]
            rounds.append({name: rate(sides[name], asked.seconds) for name in turned})
            say(f"Round {number + 1}: " + ", ".join(f"{name} {rounds[-1][name]:.0f}" for name in names))
        for side in sides.values():
            side.stop()
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "torch": torch.__version__,
        "batch": BATCH,
        "size": SIZE_PX,
        "seconds": asked.seconds,
        "rounds": rounds,
    }
    print(table(result))
    if not asked.dry:
        file = HERE / "results" / f"peer_throughput-{result['date']}.json"
        file.write_text(json.dumps(result, indent=1) + "\n")
        body = table(result) + f"\n\nAll figures: [{file.name}](results/{file.name})."
        fill(HERE / "README.md", "peer_throughput", body)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--example", type=Path, required=True, help="dcgan/main.py of PyTorch's examples")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each side in each round")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    return parser.parse_args()


def ours(precision: str) -> Recipe:
    """The example's training as a recipe: its networks and numbers, one phase for each player."""
    adam = Adam(2e-4, 2e-4, beta1=0.5, beta2=0.999)
    made: Any = recipe("dcgan", "article")
    return replace(  # type: ignore[no-any-return]
        made,
        batch=BATCH,
        nets=PaperNets(),
        generator_adam=adam,
        critic_adam=adam,
        one_pass=False,
        precision=precision,
    )


def rate(side: OwnTraining | Example, seconds: float) -> float:
    """Images a second of one side for some seconds, everybody else asleep."""
    time.sleep(0.2)  # until the other side's threads have stopped spinning
    done = side.train(seconds)
    return done["images"] / done["seconds"]


def table(result: dict[str, Any]) -> str:
    rounds = result["rounds"]
    lines = ["| side | images/s: min | median | max | of the example's, median | lowest | highest |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|")
    for name in sorted(rounds[0]):
        rates = [one[name] for one in rounds]
        ratios = [one[name] / one[EXAMPLE] for one in rounds]
        spread = [f"{pick(rates):.0f}" for pick in (min, statistics.median, max)]
        lines.append(row(name, *spread, *(f"{pick(ratios):.2f}x" for pick in (statistics.median, min, max))))
    facts = (
        f"{result['date']}; {result['machine']}; torch {result['torch']}; {result['size']}x{result['size']}"
    )
    return "\n".join(
        [*lines, "", f"{facts}, batch {result['batch']}, {len(rounds)} rounds of {result['seconds']:.0f} s."]
    )


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
