"""Is a copy of a registered work found, whatever was done to it, and is the honest picture spared?

    python benchmarks/copy_detection.py --data DIR [--only SPLIT ...] [--works 500] [--sources 50]
        [--strangers 20000] [--methods NAME ...] [--attacks NAME ...] [--workers 2] [--dry]

`DIR` has bsds500, camvid, bccd, emoji and cifar10; copying/splits.py says what becomes of them. Sources are works that
meet each of 33 attacks; a hit is the right work in first place. Strangers are pictures that are no work, whole and in
pieces, as they are and attacked. Each method's threshold is the lowest by which no more than 0.1 % of them (rounded
down: with fewer than 1,000 none) are called copies, so that all methods pay the same price; ours is stated at the
limits of the door as well. All methods see the same pictures.

Writes the table of README.md, results/copy_detection-DATE.json, and for each split a sheet of the hardest copies that
were found and one of everything that was found and is no copy; `--dry` only prints, and draws where `--sheets DIR`
says. Needs what copying/requirements.txt names.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# Before NumPy is there: its two threads wait for each other by turning, and each query took twice as long.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import cv2
import faiss
import report
from copying import sheets
from copying.attacks import ATTACKS
from copying.methods import METHODS, Answer, Contestant
from copying.splits import SPLITS, Query, Split, split
from copying.tally import TOGETHER, Tally

from rectoverso.verso import screen

HERE = Path(__file__).parent
FALSE_RATE = 0.001
PROGRESS_EVERY = 1_000
LARGE = "10,000 works"
SHARES = {"photographs": 1, LARGE: 4}
"""By what the number of strangers is divided; elsewhere by two."""

COMPARED_WHEN_LARGE = ("pHash 64", "PDQ, 8 symmetries", "ours")


def main() -> None:
    asked = arguments()
    cv2.setNumThreads(1)
    faiss.omp_set_num_threads(1)
    result: dict[str, Any] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "false_rate": FALSE_RATE,
        "counts": [asked.works, asked.sources, asked.strangers],
    }
    result["splits"] = measured_before(result)
    code = report.code(Path(screen.__file__).parent, HERE / "copying")
    folder = asked.sheets or (None if asked.dry else HERE / "results" / "copying")
    for name in asked.only:
        start = time.monotonic()
        print(name, flush=True)
        tally = measured(split(name, asked.data, works=asked.works, sources=asked.sources), asked)
        measured_now = {"seconds": round(time.monotonic() - start), "date": result["date"], "code": code}
        result["splits"][name] = tally.plain(FALSE_RATE) | measured_now
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            result["splits"][name]["sheets"] = sheets.draw(tally, FALSE_RATE, folder)
        print(json.dumps({name: result["splits"][name]}, indent=2), flush=True)
        keep(result, asked)
    print(table(result))


def keep(result: dict[str, Any], asked: argparse.Namespace) -> None:
    """After each split, so that what was measured is not lost."""
    if not asked.dry:
        report.keep("copy_detection", result, table(result))


def measured_before(result: dict[str, Any]) -> dict[str, Any]:
    """The splits that were measured last, each with its day and code: they take hours, and need not be one run's."""
    for file in sorted((HERE / "results").glob("copy_detection-*.json"), reverse=True):
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["counts"] == result["counts"]:
            return dict(kept["splits"])
    return {}


def arguments() -> argparse.Namespace:
    folder = Path(os.environ.get("RECTOVERSO_TEST_DATA", "."))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=folder)
    parser.add_argument("--only", nargs="+", choices=SPLITS, default=list(SPLITS))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--attacks", nargs="+", choices=ATTACKS, default=list(ATTACKS))
    parser.add_argument("--works", type=int, default=500)
    parser.add_argument("--sources", type=int, default=50, help="works that meet each attack")
    parser.add_argument("--strangers", type=int, default=20_000, help="of photographs; of others half")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--sheets", type=Path, help="where to draw")
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser.parse_args()


def measured(pictures: Split, asked: argparse.Namespace) -> Tally:
    """All queries of a split put to all methods, by several processes that share the works."""
    names = [name for name in asked.methods if pictures.name != LARGE or name in COMPARED_WHEN_LARGE]
    strangers = asked.strangers // SHARES.get(pictures.name, 2)
    queries = pictures.copies(asked.attacks) + pictures.strangers(asked.attacks, strangers)
    fork = multiprocessing.get_context("fork")
    with fork.Pool(asked.workers) as pool:
        contestants = [METHODS[name](pictures.works, pool) for name in names]
    told = [name for contestant in contestants for name in contestant.names]
    tally = Tally(pictures, told, queries)
    _Job.split, _Job.contestants = pictures, contestants
    with fork.Pool(asked.workers) as pool:  # forked anew: these know the works
        for number, (answers, seconds) in enumerate(pool.imap(_answered, queries, chunksize=16)):
            if number % PROGRESS_EVERY == 0:
                print(number, "of", len(queries), flush=True)
            tally.answers.append(answers)
            for name, spent in zip(names, seconds, strict=True):
                tally.seconds[name] = tally.seconds.get(name, 0.0) + spent
    for contestant, name in zip(contestants, names, strict=True):
        tally.seconds[TOGETHER if name == "ours" else contestant.names[0]] = tally.seconds[name]
    return tally


class _Job:
    """What the processes are forked with."""

    split: Split
    contestants: Sequence[Contestant]


def _answered(query: Query) -> tuple[list[Answer], list[float]]:
    pixels = _Job.split.made(query)
    answers: list[Answer] = []
    seconds = []
    for contestant in _Job.contestants:
        start = time.process_time()
        answers += contestant.answers(pixels)
        seconds.append(time.process_time() - start)
    return answers, seconds


def table(result: dict[str, Any]) -> str:
    parts = result["splits"]
    return "\n\n".join([_summary(result), *(_by_attack(name, part) for name, part in parts.items())])


def _summary(result: dict[str, Any]) -> str:
    parts = result["splits"]
    methods = list(dict.fromkeys(method for part in parts.values() for method in part["methods"]))
    lines = [
        report.row("recall at 0.1 % false", *parts, "ms a query"),
        report.row("---", *["--:"] * (len(parts) + 1)),
    ]
    for method in methods:
        rows = [part["methods"].get(method) for part in parts.values()]
        cost = next((row["ms"] for row in rows if row and "ms" in row), "")
        lines.append(report.row(method, *(f"{row['recall']:.3f}" if row else "" for row in rows), cost))
    counts = "; ".join(
        f"{name}: {part['works']} works, {part['copies']} copies, {part['strangers']} strangers of "
        f"{part['stranger_pictures']} pictures, {part['left_out']} left out as the same picture as a work"
        for name, part in parts.items()
    )
    door = "; ".join(
        f"{name}: {level} {row['recall']:.3f}, false {row['false']}"
        for name, part in parts.items()
        for level, row in part["door"].items()
    )
    errors = "; ".join(
        f"{name} {part['methods'][TOGETHER]['recall']:.3f} ± {part['methods'][TOGETHER]['standard_error']:.3f}"
        f" ({', '.join(f'{origin} {value:.2f}' for origin, value in part['methods'][TOGETHER]['origins'].items())})"
        for name, part in parts.items()
        if TOGETHER in part["methods"]
    )
    measured_on = "; ".join(f"{name}: {part['date']}, code {part['code']}" for name, part in parts.items())
    foot = f"{result['machine']}. {counts}. {measured_on}."
    return "\n".join(
        [
            *lines,
            "",
            foot,
            "",
            f"Ours, with its standard error over pictures: {errors}.",
            "",
            f"Door: {door}.",
        ]
    )


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
