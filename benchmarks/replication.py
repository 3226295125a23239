"""Planted copies: how many are found in a batch, how many of the suspects are ordinary, and how high the bound lies.

    python benchmarks/replication.py                          built-in scenes, small; a minute or two
    python benchmarks/replication.py --data cifar10/train.parquet --training 24000 --batch 2000 --repeats 10

Real pictures are parted at random into training pictures, pictures that were held out, and a batch of unseen ones,
which stands for a perfect generator: any of them that is suspected is a false alarm. A share of the batch is then
exchanged for near-copies of training pictures, as a generator that has learnt by heart would draw them: noise, a blur,
a pixel's shift, a mirror image, one or several at once. Each is judged with the training images left out in turn as
strangers (`left_out`, what a run has as a rule) and with the held-out pictures (`held_out`), and beside ours with the
plain ratio of two distances, log(nearest held-out / nearest training), whose strangers are a third set (`two_sets`).

Real sets hold pictures twice. Of CIFAR-10's, those that were suspected without a copy planted were looked at, and those
that show one photograph are in copying/cifar10_twins.json by their rows: what has a twin among the training pictures is
left out of the batch and of those held out, or what is found there would be counted as found for nothing.

Writes results/replication.json and the table of README.md, unless --dry.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import report
from numpy.typing import NDArray

HERE = Path(__file__).parent
TWINS = HERE / "copying" / "cifar10_twins.json"
SHARES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)
SIZE_PX = 32
Images = NDArray[np.uint8]
Rows = NDArray[np.int64]


def main() -> None:
    asked = arguments()
    began = time.monotonic()
    pictures = load(asked)
    rows: dict[tuple[str, float], list[dict[str, float]]] = {}
    for repeat in range(asked.repeats):
        for method, share, row in trial(pictures, asked, np.random.default_rng(repeat)):
            rows.setdefault((method, share), []).append(row)
        print(
            f"repeat {repeat + 1} of {asked.repeats}, {time.monotonic() - began:.0f} s",
            file=sys.stderr,
            flush=True,
        )
    result = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "data": "/".join(Path(asked.data).parts[-2:]),
        **{name: getattr(asked, name) for name in ("training", "held_out", "batch", "repeats")},
        "seconds": round(time.monotonic() - began, 1),
        "rows": [
            {
                "method": method,
                "share": share,
                **{name: mean(row[name] for row in found) for name in found[0]},
            }
            for (method, share), found in rows.items()
        ],
    }
    print(table(result))
    if not asked.dry:
        place = HERE / "results" / "replication.json"
        place.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        report.fill(HERE / "README.md", "replication", table(result))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="shapes", help="what verso train takes")
    parser.add_argument("--training", type=int, default=1500)
    parser.add_argument("--held-out", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser.parse_args()


def load(asked: argparse.Namespace) -> Images:
    from rectoverso.recto.data.source import open_source

    wanted = asked.training + 2 * asked.held_out + asked.batch
    images: Images = open_source(asked.data, size=SIZE_PX, take=wanted).images
    if len(images) < wanted:
        raise SystemExit(f"{asked.data} has {len(images)} pictures, and {wanted} are asked for")
    return np.asarray(images)


def trial(
    pictures: Images, asked: argparse.Namespace, draw: np.random.Generator
) -> Iterator[tuple[str, float, dict[str, float]]]:
    """One parting of the pictures, and what each method says of a batch with each share of copies."""
    from rectoverso.verso.screen.memorisation import Fingerprints

    order = draw.permutation(len(pictures))
    ends = np.cumsum([asked.training, asked.held_out, asked.held_out, asked.batch])
    first, *others = np.split(order[: ends[-1]], ends[:-1])
    training = pictures[first]
    held_out, third, unseen = (pictures[without_twins(rows, first, asked.data)] for rows in others)
    left_out = Fingerprints.of(training)
    unseen_too = Fingerprints.of(training, held_out=np.concatenate([held_out, third]))
    sources = draw.permutation(asked.training)[: asked.batch]
    for share in SHARES:
        count = round(share * len(unseen))
        batch = unseen.copy()
        for place, source in enumerate(sources[:count]):
            batch[place] = copied(training[source], draw)
        for method, prints in (("left_out", left_out), ("held_out", unseen_too)):
            ratios = prints.neighbourhood.nearest(batch).ratio.astype(np.float64)
            yield method, share, judged(ratios, prints.strangers, count)
        yield "two_sets", share, judged(*two_sets(left_out, training, held_out, third, batch), count)


def without_twins(rows: Rows, training: Rows, data: str) -> Rows:
    """The rows of which no other picture of the same photograph is known to be among the training rows."""
    if not data.endswith("cifar10/train.parquet"):
        return rows
    taken = set(training.tolist())
    pairs = json.loads(TWINS.read_text(encoding="utf-8"))
    known = {one for pair in pairs for one, other in (pair, pair[::-1]) if other in taken}
    return np.array([row for row in rows.tolist() if row not in known], np.int64)


def two_sets(
    prints: Any, training: Images, held_out: Images, third: Images, batch: Images
) -> tuple[Any, Any]:
    """Minus log(nearest held-out / nearest training) of the batch and, sorted, of the third set: small is suspicious.

    Pictures of the third set that are versions of a training picture by our own rule are left out.
    """
    from rectoverso.verso.screen.memorisation import _without_duplicates

    def statistic(images: Images) -> Any:
        distances = [least(prints.whitening, images, others) for others in (training, held_out)]
        return np.log(np.maximum(distances[0], 1e-6) / np.maximum(distances[1], 1e-6))

    ratios = prints.neighbourhood.nearest(third).ratio
    _, duplicate = _without_duplicates(ratios)
    return statistic(batch), np.sort(statistic(third[ratios >= duplicate]))


def least(whitening: Any, images: Images, others: Images) -> Any:
    """The distance from each picture, as it is, mirrored or a pixel aside, to the nearest of the others."""
    from rectoverso.verso.screen.neighbours import _shifted

    theirs = whitening(others)
    squares = np.einsum("nd,nd->n", theirs, theirs)
    nearest = np.full(len(images), np.inf)
    for view in (images, images[:, :, ::-1]):
        for moved in _shifted(view):
            ours = whitening(moved)
            far = squares - 2 * ours @ theirs.T + np.einsum("nd,nd->n", ours, ours)[:, None]
            nearest = np.minimum(nearest, np.sqrt(np.maximum(far.min(axis=1), 0)))
    return nearest


def judged(scores: Any, strangers: Any, planted: int) -> dict[str, float]:
    """What a method makes of a batch whose first ``planted`` pictures are copies."""
    from rectoverso.verso.screen.replication import Replication, p_values

    told = Replication.of(p_values(scores, strangers).tolist(), len(strangers))
    found = sum(place < planted for place in told.suspects)
    return {
        "recall": found / planted if planted else float("nan"),
        "suspects": len(told.suspects),
        "false_share": 1 - found / len(told.suspects) if told.suspects else 0.0,
        "at_most": told.at_most,
        "bound_holds": float(told.at_most >= planted / len(scores)),
        "replicates": float(told.replicates),
        "strangers": len(strangers),
    }


def copied(picture: Images, draw: np.random.Generator) -> Images:
    """A near-copy, as a generator would draw it that has learnt the picture by heart."""
    made = picture.astype(np.float64)
    if draw.random() < 0.5:
        made = made[:, ::-1]
    if draw.random() < 0.5:
        made = np.roll(made, int(draw.integers(-1, 2)), axis=int(draw.integers(0, 2)))
    if draw.random() < 0.5:
        made = (made + np.roll(made, 1, axis=0) + np.roll(made, 1, axis=1)) / 3
    made = made + draw.normal(0, 6, made.shape)
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


def mean(values: Iterator[float]) -> float:
    found = [value for value in values if not np.isnan(value)]
    return round(float(np.mean(found)), 4) if found else 0.0


def table(result: dict[str, Any]) -> str:
    told = (
        f"{result['date']}, {result['machine']}; {result['data']}: {result['training']:,} training pictures, "
        f"{result['held_out']:,} held out, batches of {result['batch']:,}, means of {result['repeats']}."
    )
    head = (
        "strangers",
        "copies",
        "recall",
        "suspects",
        "ordinary among them",
        "bound",
        "bound holds",
        "replicates",
    )
    lines = [told, "", report.row(*head), report.row("---", *["--:"] * 7)]
    return "\n".join([*lines, *(line(row) for row in result["rows"])])


def line(row: dict[str, Any]) -> str:
    return report.row(
        f"`{row['method']}` ({row['strangers']:.0f})",
        f"{row['share']:.1%}",
        f"{row['recall']:.2f}" if row["share"] else "",
        f"{row['suspects']:.1f}",
        f"{row['false_share']:.2f}",
        f"{row['at_most']:.2%}",
        f"{row['bound_holds']:.0%}",
        f"{row['replicates']:.0%}",
    )


if __name__ == "__main__":
    main()
