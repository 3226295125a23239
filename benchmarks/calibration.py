"""Do a register's calibrated rates hold on fresh pictures, and does `block` stay silent?

    python benchmarks/calibration.py [--only photographs drawings] [--works 60] [--negatives 1600]
        [--rates 0.005 0.01 0.02 0.05] [--splits 40] [--longest 400] [--dry]

Photographs: the first of bsds500 are the works; the others, road scenes and micrographs are strangers. Drawings: works
and strangers are those of copy_detection.py, drawings of the same things in two hands. Strangers are compared whole and
cut to four fifths of each side, so that there are twice as many. All are compared once by the door's own cascade. Then,
many times, half of the strangers calibrate (`screen/calibration.py`) and the other half, which it has not seen, is
counted: how often is it called alike, beside what was asked and what was stated? Versions of one stranger stay in one
half. Where fewer than asked are alike by any limit there is, the lowest is taken, and less is stated. Writes the table
of README.md and results/calibration-DATE.json; `--dry` only prints.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import report
from copying.splits import pictures, split
from PIL import Image

from rectoverso.store.works import Work
from rectoverso.types import Digest, Pixels
from rectoverso.verso.screen.calibration import Null, is_supported, settled
from rectoverso.verso.screen.cascade import Cascade
from rectoverso.verso.screen.fingerprint import fingerprints
from rectoverso.verso.screen.points import LEAST_SIDE_PX
from rectoverso.verso.screen.scores import Reached, Score, shipped
from rectoverso.verso.screen.sketch import Sketch
from rectoverso.verso.screen.trace import Trace


def main() -> None:
    asked = arguments()
    result: dict[str, Any] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "registers": {name: calibrated(name, *MATERIAL[name](asked), asked) for name in asked.only},
    }
    print(json.dumps(result, indent=2))
    print(table(result))
    if not asked.dry:
        report.keep("calibration", result, table(result))


def calibrated(
    name: str, works: list[Pixels], strangers: list[Pixels], asked: argparse.Namespace
) -> dict[str, Any]:
    order = np.random.default_rng(0).permutation(len(strangers))[: asked.negatives // 2]
    cascade = registered([smaller(pixels, asked.longest) for pixels in works])
    reached = []
    for number, index in enumerate(order, 1):
        pixels = smaller(strangers[index], asked.longest)
        reached.append([look(cascade, version) for version in (pixels, cut(pixels))])
        if number % 100 == 0:
            print(name, number, "of", len(order), flush=True)
    return {
        "works": len(works),
        "negatives": 2 * len(reached),
        "rates": [held(reached, rate, asked.splits) for rate in asked.rates],
        "shipped": shipped_rates(reached),
    }


def photographs(asked: argparse.Namespace) -> tuple[list[Pixels], list[Pixels]]:
    """The first, and all others that are not among them."""
    files = [asked.data / name / "train.parquet" for name in ("bsds500", "camvid", "bccd")]
    works = pictures(files[0], at_most=asked.works)
    known = {pixels.tobytes() for pixels in works}
    return works, [row for path in files for row in pictures(path) if row.tobytes() not in known]


def drawings(asked: argparse.Namespace) -> tuple[list[Pixels], list[Pixels]]:
    made = split("emoji", asked.data, works=5 * asked.works, sources=1)
    return made.works, made.others


MATERIAL = {"photographs": photographs, "drawings": drawings}


def arguments() -> argparse.Namespace:
    folder = Path(os.environ.get("RECTOVERSO_TEST_DATA", "."))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=folder)
    parser.add_argument("--only", nargs="+", default=list(MATERIAL), choices=MATERIAL)
    parser.add_argument("--works", type=int, default=60, help="photographs; of drawings five times as many")
    parser.add_argument("--negatives", type=int, default=1600)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.005, 0.01, 0.02, 0.05])
    parser.add_argument("--splits", type=int, default=40)
    parser.add_argument("--longest", type=int, default=400, help="longest side of all pictures, in pixels")
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser.parse_args()


def smaller(pixels: Pixels, longest: int) -> Pixels:
    image = Image.fromarray(pixels)
    image.thumbnail((longest, longest))
    return np.asarray(image)


def cut(pixels: Pixels) -> Pixels:
    """The lower left two thirds."""
    height, width = (side * 4 // 5 for side in pixels.shape[:2])
    return np.ascontiguousarray(pixels[-height:, :width])


def registered(drawn: list[Pixels]) -> Cascade:
    works = [as_work(pixels) for pixels in drawn]
    traces = {work.id: Trace.of(pixels).to_bytes() for work, pixels in zip(works, drawn, strict=True)}
    return Cascade(works, traces)


def as_work(pixels: Pixels) -> Work:
    digest = Digest(hashlib.sha256(pixels.tobytes()).hexdigest())
    sketch = Sketch.of(pixels).to_bytes()
    return Work(digest[:8], digest[:8], "", digest, fingerprints(pixels), sketch, "2026-11-27T12:00:00+00:00")


def look(cascade: Cascade, pixels: Pixels) -> Reached:
    return Reached.of(cascade.look(pixels).measured, has_points=min(pixels.shape[:2]) >= LEAST_SIDE_PX)


def held(reached: list[list[Reached]], rate: float, splits: int) -> dict[str, Any]:
    """Over many halves: what was stated, what the other half did, and how far apart they are."""
    rows: list[dict[str, Any]] = []
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(len(reached))
        ours, theirs = (
            [one for index in half for one in reached[index]] for half in np.array_split(order, 2)
        )
        nulls = {score: Null.of(ours, score) for score in Score}
        if not is_supported(rate, max(null.able for null in nulls.values())):
            return {"asked": rate, "refused": True}
        steps = settled(nulls, rate)
        limits = shipped() | steps
        stated = sum(nulls[score].tail.rate(steps[score].review) for score in steps)
        rows.append(
            {
                "stated": stated,
                "fresh": float(np.mean([one.is_review(limits) for one in theirs])),
                "block": int(sum(one.is_block(limits) for one in theirs)),
                "fits": [nulls[score].tail.fit.value for score in steps],
                "limits": {score.value: [of.review, of.block] for score, of in steps.items()},
            }
        )
    stated, fresh = (np.array([row[name] for row in rows]) for name in ("stated", "fresh"))
    return {
        "asked": rate,
        "halves_of": len(reached),
        "stated": float(stated.mean()),
        "fresh": float(fresh.mean()),
        "fresh_over_asked": float(fresh.mean() / rate),
        "fresh_over_stated": float(fresh.mean() / stated.mean()),
        "within_a_factor_of_two_of_stated": float(np.mean((fresh <= 2 * stated) & (fresh >= stated / 2))),
        "false_at_block": int(sum(row["block"] for row in rows)),
        "limits": rows[0]["limits"],
        "fits": sorted({fit for row in rows for fit in row["fits"]}),
    }


def shipped_rates(reached: list[list[Reached]]) -> dict[str, int]:
    every = [one for both in reached for one in both]
    return {
        "review": sum(one.is_review(shipped()) for one in every),
        "block": sum(one.is_block(shipped()) for one in every),
        "of": len(every),
    }


def table(result: dict[str, Any]) -> str:
    columns = (
        "asked",
        "stated",
        "on fresh pictures",
        "fresh / stated",
        "false at `block`",
        "limits of points",
    )
    lines = [report.row("register of", *columns), report.row("---", *["--:"] * len(columns))]
    for name, found in result["registers"].items():
        lines += [report.row(name, *cells(row)) for row in found["rates"]]
    foot = [f"{result['date']}; {result['machine']}."]
    for name, found in result["registers"].items():
        of = found["shipped"]
        foot.append(
            f"{name.capitalize()}: {found['works']} works, {found['negatives']:,} strangers; by the limits as shipped "
            f"{of['review']} of them are for people and {of['block']} copies."
        )
    return "\n".join([*lines, "", " ".join(foot)])


def cells(row: dict[str, Any]) -> list[object]:
    if "refused" in row:
        return [row["asked"], "refused: too few pictures", "", "", "", ""]
    points = row["limits"].get("points", ["-", "-"])
    rates = [f"{row[name]:.4f}" for name in ("stated", "fresh")]
    ratio = f"{row['fresh_over_stated']:.2f}"
    return [row["asked"], *rates, ratio, row["false_at_block"], f"{points[0]} and {points[1]}"]


if __name__ == "__main__":
    main()
