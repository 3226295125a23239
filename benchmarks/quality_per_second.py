"""Quality for each CPU second: the small presets side by side, scored through features that are trained once.

    python benchmarks/quality_per_second.py --data cifar10/train.parquet [--seconds 600] [--seeds 1] [--only NAME ...]
        [--keep RUNS]

Every contestant trains in a process of its own, one after the other, for the same processor time: ``--seconds`` on all
cores, counted by the process's own clock, so that neighbours on the machine cost nobody images. Then 10,000 pictures of
each, drawn from the same latents, are compared with all pictures of the data, also where a contestant saw only a part
of them. The score is proxy-FID: it compares with nothing but the other rows of this table.

The proxy learns the names of the classes, and so does the critic of `default`, which might please it for that alone. A
second judge therefore learns from the same pictures without their names: by how many quarters a picture was turned.

Runs under ``--keep`` of the same recipe, data, seed and seconds are only scored again.

Writes ``results/quality_per_second-DATE.json``, the table in ``README.md`` and a sheet of each contestant; ``--dry``
writes nothing.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from pictures import known_cifar
from report import fill, row

from rectoverso.recto.data.source import open_source
from rectoverso.recto.metrics.proxy_training import proxy_features
from rectoverso.recto.metrics.score import Reference, score_run
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.machine import describe, physical_cores
from rectoverso.version import __version__

HERE = Path(__file__).parent
JUDGES = ("scores", "nameless")
METRICS = ("proxy-FID", "proxy-KID", "proxy-precision", "proxy-recall", "proxy-coverage")


@dataclass(frozen=True)
class Contestant:
    """A preset of a system, with what is changed in it; ``take``: the pictures of the data that it may see."""

    name: str
    system: str
    preset: str
    settings: tuple[str, ...] = ()
    take: int | None = None

    @property
    def folder(self) -> str:
        return "-".join(map(str, filter(None, (self.system, self.preset, self.take))))


CONTESTANTS = (
    Contestant("the article's DCGAN", "dcgan", "article"),
    Contestant("plain dcgan", "dcgan", "default"),
    Contestant("default", "default", "default"),
    Contestant("default, 5,000 of the pictures", "default", "default", ("augment.per_pass=0.01",), take=5000),
)


def main() -> None:
    asked = arguments()
    dataset = open_source(asked.data, size=asked.size)
    nameless = replace(dataset, labels=None, classes=())
    judges = [Reference(data, proxy_features(data, asked.cache)) for data in (dataset, nameless)]
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for contestant in CONTESTANTS:
            for seed in range(asked.seeds):
                if asked.only and contestant.name not in asked.only:
                    continue
                run = (asked.keep or Path(scratch)) / f"{contestant.folder}-{seed}"
                facts = trained(contestant, asked.data, asked.size, run, seed, asked.seconds)
                named, unnamed = (score_run(run, r.dataset, r.features, reference=r) for r in judges)
                facts["scores"], facts["protocol"] = named.plain()["scores"], named.protocol
                facts["nameless"] = unnamed.plain()["scores"]
                rows.append(facts)
                fids = [scores.value("proxy-FID") for scores in (named, unnamed)]
                say(f"{contestant.name}, seed {seed}: proxy-FID {fids[0]:.2f}, without names {fids[1]:.2f}")
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "torch": torch.__version__,
        "seconds": asked.seconds,
        "cores": physical_cores(),
        "rows": rows,
    }
    print(table(result))
    if not asked.dry:
        file = HERE / "results" / f"quality_per_second-{result['date']}.json"
        file.write_text(json.dumps(result, indent=1) + "\n")
        fill(
            HERE / "README.md",
            "quality_per_second",
            table(result) + f"\n\nAll figures: [{file.name}](results/{file.name}).",
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = known_cifar()
    parser.add_argument("--data", type=Path, default=known, required=known is None)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=600.0, help="of all cores, for each contestant")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", action="append", help="one contestant's name; may be repeated")
    parser.add_argument("--cache", type=Path, help="where trained features are kept")
    parser.add_argument("--keep", type=Path, help="where the runs are kept")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    return parser.parse_args()


def trained(
    contestant: Contestant, data: Path, size: int, run: Path, seed: int, seconds: float
) -> dict[str, Any]:
    """Train in a process of its own; what came of it, now or before."""
    kept = run / "contest.json"
    made = with_settings(recipe(contestant.system, contestant.preset), contestant.settings)
    asked = {"recipe": repr(made), "data": str(data), "take": contestant.take, "size": size, "seed": seed}
    asked |= {"seconds": seconds, "torch": torch.__version__, "rectoverso": __version__}
    if kept.exists() and (before := json.loads(kept.read_text()))["asked"] == asked:
        return dict(before["facts"])
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_train, args=(contestant, data, size, run, seed, seconds, answers))
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{contestant.name} failed")
    facts: dict[str, Any] = answers.get()
    kept.write_text(json.dumps({"asked": asked, "facts": facts}))
    return facts


def _train(
    contestant: Contestant,
    data: Path,
    size: int,
    run: Path,
    seed: int,
    seconds: float,
    answers: multiprocessing.Queue[dict[str, Any]],
) -> None:
    cores = physical_cores()
    made = with_settings(recipe(contestant.system, contestant.preset), contestant.settings)
    dataset = open_source(data, size=size, take=contestant.take)
    began = time.perf_counter()
    result = train(
        made, dataset, run, seed=seed, max_seconds=seconds, clock=lambda: time.process_time() / cores
    )
    answers.put(
        {
            "name": contestant.name,
            "recipe": f"{contestant.system}/{contestant.preset}",
            "settings": contestant.settings,
            "take": contestant.take,
            "seed": seed,
            "images": result.images,
            "cpu_seconds": round(result.seconds * cores, 1),
            "wall_seconds": round(time.perf_counter() - began, 1),
        }
    )


def table(result: dict[str, Any]) -> str:
    """The rows as Markdown, each with its ratio to the first contestant of its seed."""
    lines = [
        row(
            *("contestant", "seed", "images", "proxy-FID", "of the article's"),
            *("by the nameless judge", "of the article's", "precision", "recall", "coverage"),
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    article = {r["seed"]: r for r in result["rows"] if r["recipe"] == "dcgan/article"}
    for r in result["rows"]:
        shares = [f"{r['scores'][name]['value']:.2f}" for name in METRICS[2:]]
        fids = [text for judge in JUDGES for text in compared(r, article.get(r["seed"]), judge)]
        lines.append(row(r["name"], r["seed"], f"{r['images']:,}", *fids, *shares))
    lines.append("")
    lines.append(
        f"{result['date']}; {result['machine']}; torch {result['torch']}; {result['seconds']:.0f} seconds of "
        f"{result['cores']} cores each. {result['rows'][0]['protocol']}. The nameless judge knows turns, not names."
    )
    return "\n".join(lines)


def compared(contestant: dict[str, Any], article: dict[str, Any] | None, judge: str) -> tuple[str, str]:
    """A judge's proxy-FID, and its ratio to that of the article's nets with the same seed."""
    fid = contestant[judge]["proxy-FID"]["value"]
    return f"{fid:.2f}", f"{fid / article[judge]['proxy-FID']['value']:.2f}x" if article else ""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
