"""Is a copy of a registered work found, whatever was done to it, and is the honest picture spared?

    python benchmarks/copy_detection.py --data bsds500/train.parquet --others camvid/train.parquet bccd/train.parquet \\
        --emoji emoji/noto.parquet --other-emoji emoji/blob.parquet --tiny cifar10/test.parquet
        [--only photographs emoji 64px 32px] [--works 500] [--queries 2000] [--negatives 20000] [--attacks NAME ...]

Each of the first pictures is a work. `queries` of them, one after the other, meet each of 33 attacks; a hit is the
right work in first place. Negatives are other pictures, as they are and attacked. Each method's threshold is the
lowest by which no more than 0.1 % of the negatives (rounded down: with fewer than 1,000 none) are called copies, so
that all methods pay the same price; ours are stated at the limits of the door as well. All methods see the same
pictures. Writes the table of README.md and results/copy_detection-DATE.json; `--dry` only prints. Needs what
copying/requirements.txt names.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import report
from copying.attacks import ATTACKS
from copying.methods import METHODS, Answer, Method
from marks.attacks import Pixels
from PIL import Image

from rectoverso.verso.screen.parts import PartLimits

HERE = Path(__file__).parent
FALSE_RATE = 0.001
SPLITS = ("photographs", "emoji", "64px", "32px")
FULL = "**ours, all stages**"


def main() -> None:
    asked = arguments()
    result: dict[str, Any] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "false_rate": FALSE_RATE,
        "splits": {},
    }
    for name in asked.only:
        works, others = split(name, asked)
        result["splits"][name] = measured(works[: asked.works], others, asked)
        print(json.dumps({name: result["splits"][name]["methods"]}, indent=2), flush=True)
    print(table(result))
    if not asked.dry:
        place = HERE / "results" / f"copy_detection-{result['date']}.json"
        place.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        report.fill(HERE / "README.md", "copy_detection", table(result))


def arguments() -> argparse.Namespace:
    folder = Path(os.environ.get("RECTOVERSO_TEST_DATA", "."))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=folder / "bsds500" / "train.parquet")
    others = [folder / "camvid" / "train.parquet", folder / "bccd" / "train.parquet"]
    parser.add_argument("--others", type=Path, nargs="*", default=others)
    parser.add_argument("--emoji", type=Path, default=folder / "emoji" / "noto.parquet")
    parser.add_argument("--other-emoji", type=Path, default=folder / "emoji" / "blob.parquet")
    parser.add_argument("--tiny", type=Path, default=folder / "cifar10" / "test.parquet")
    parser.add_argument("--only", nargs="+", choices=SPLITS, default=SPLITS)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--attacks", nargs="+", choices=ATTACKS, default=list(ATTACKS))
    parser.add_argument("--works", type=int, default=500)
    parser.add_argument("--queries", type=int, default=2000, help="attacked copies, over all attacks")
    parser.add_argument("--negatives", type=int, default=20_000)
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser.parse_args()


def split(name: str, asked: argparse.Namespace) -> tuple[list[Pixels], list[Pixels]]:
    """The works of a split, and the pictures that are none."""
    if name == "emoji":
        drawn, keys = pictures(asked.emoji), column(asked.emoji, "key")
        theirs, other_keys = pictures(asked.other_emoji), column(asked.other_emoji, "key")
        works = [drawn[index] for index in shuffled(len(drawn))[: asked.works]]
        taken = {keys[index] for index in shuffled(len(drawn))[: asked.works]}
        return works, [pixels for pixels, key in zip(theirs, other_keys, strict=True) if key not in taken]
    if name == "32px":
        tiny = pictures(asked.tiny, at_most=asked.works + 2500)
        return tiny[: asked.works], tiny[asked.works :]
    photographs = pictures(asked.data)
    count = min(asked.works, len(photographs) * 3 // 4)
    others = photographs[count:] + [pixels for path in asked.others for pixels in pictures(path)]
    works = photographs[:count]
    return ([shrunk(p) for p in works], [shrunk(p) for p in others]) if name == "64px" else (works, others)


def pictures(path: Path, at_most: int | None = None) -> list[Pixels]:
    """The pictures of a Parquet file in RGB, on white."""
    return [_on_white(row["bytes"]) for row in column(path, "image")[:at_most]]


def column(path: Path, name: str) -> list[Any]:
    return list(pq.read_table(path, columns=[name])[name].to_pylist())


def _on_white(data: bytes) -> Pixels:
    image = Image.open(io.BytesIO(data)).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))


def shrunk(pixels: Pixels, side_px: int = 64) -> Pixels:
    factor = side_px / min(pixels.shape[:2])
    size = [round(side * factor) for side in pixels.shape[1::-1]]
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def shuffled(count: int) -> list[int]:
    return [int(index) for index in np.random.default_rng(0).permutation(count)]


def measured(works: Sequence[Pixels], others: Sequence[Pixels], asked: argparse.Namespace) -> dict[str, Any]:
    sources = max(1, asked.queries // len(asked.attacks))
    made = {name: METHODS[name](works) for name in asked.methods}
    rows = {name: _Tally() for name in made}
    for number, attack in positives(len(works), sources, asked.attacks):
        query = ATTACKS[attack](works[number], others[(7 * number) % len(others)])
        for name, method in made.items():
            rows[name].ask(method, query, (attack, number))
    for query in islice(negatives(others, asked.attacks), asked.negatives):
        for name, method in made.items():
            rows[name].ask(method, query, None)
    return {
        "works": len(works),
        "queries": sources * len(asked.attacks),
        "negatives": len(next(iter(rows.values())).false),
        "methods": {name: tally.plain(name) for name, tally in rows.items()},
    }


def positives(works: int, sources: int, attacks: Sequence[str]) -> Iterator[tuple[int, str]]:
    for number in shuffled(works)[:sources]:
        for attack in attacks:
            yield number, attack


def negatives(others: Sequence[Pixels], attacks: Sequence[str]) -> Iterator[Pixels]:
    """All pictures as they are, then all under one attack after the other."""
    yield from others
    for attack in attacks:
        for number, pixels in enumerate(others):
            yield ATTACKS[attack](pixels, others[(number + 1) % len(others)])


class _Tally:
    """The answers of one method."""

    def __init__(self) -> None:
        self.hits: dict[str, list[tuple[bool, float]]] = {}
        self.false: list[Answer] = []
        self.seconds = 0.0
        self.asked = 0

    def ask(self, method: Method, query: Pixels, truth: tuple[str, int] | None) -> None:
        start = time.process_time()
        answer = method.nearest(query)
        self.seconds += time.process_time() - start
        self.asked += 1
        if truth is None:
            self.false.append(answer)
        else:
            self.hits.setdefault(truth[0], []).append((answer.work == truth[1], answer.score))

    def plain(self, name: str) -> dict[str, Any]:
        scores = np.sort([answer.score for answer in self.false])[::-1]
        allowed = int(FALSE_RATE * len(scores))
        bar = float(
            scores[allowed]
        )  # a score has to be above that of the first that may not be called a copy
        result: dict[str, Any] = {
            "threshold": bar,
            **self._recall(lambda score: score > bar),
            "ms": round(1000 * self.seconds / self.asked, 1),
        }
        if "ours" in name:
            limits = PartLimits()
            for level, least in (("review", limits.review.points), ("block", limits.block.points)):
                counted = int((scores >= least).sum())
                at_limit = self._recall(lambda score, least=least: score >= least)
                result |= {level: at_limit["recall"], f"{level}_false": counted}
            result["highest_false"] = [float(score) for score in scores[:12]]
        return result

    def _recall(self, is_copy: Any) -> dict[str, Any]:
        found = {
            attack: float(np.mean([right and is_copy(score) for right, score in rows]))
            for attack, rows in self.hits.items()
        }
        return {"recall": round(float(np.mean(list(found.values()))), 4), "attacks": found}


def table(result: dict[str, Any]) -> str:
    return "\n\n".join(
        [_summary(result), *(_by_attack(name, part) for name, part in result["splits"].items())]
    )


def _summary(result: dict[str, Any]) -> str:
    names = list(result["splits"])
    lines = [
        report.row("recall at 0.1 % false", *names, "ms a query"),
        report.row("---", *["--:"] * (len(names) + 1)),
    ]
    parts = list(result["splits"].values())
    for method in parts[0]["methods"]:
        recalls = [f"{part['methods'][method]['recall']:.3f}" for part in parts]
        lines.append(report.row(method, *recalls, parts[0]["methods"][method]["ms"]))
    counts = "; ".join(
        f"{name}: {part['works']} works, {part['queries']} copies, {part['negatives']} negatives"
        for name, part in result["splits"].items()
    )
    ours = [part["methods"].get(FULL) for part in parts]
    limits = "; ".join(
        f"{name}: review {row['review']:.3f} with {row['review_false']} false"
        for name, row in zip(names, ours, strict=True)
        if row
    )
    foot = f"{result['date']}; {result['machine']}. {counts}. At the door's own limits, {limits}."
    return "\n".join([*lines, "", foot])


def _by_attack(name: str, part: dict[str, Any]) -> str:
    methods = part["methods"]
    lines = [f"**{name}**, recall after each attack:", "", report.row("attack", *methods)]
    lines.append(report.row("---", *["--:"] * len(methods)))
    attacks = next(iter(methods.values()))["attacks"]
    lines += [
        report.row(attack, *(f"{row['attacks'][attack]:.2f}" for row in methods.values()))
        for attack in attacks
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
