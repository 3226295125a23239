"""How many pictures a second are curated, in how much memory, and are planted copies found and strangers spared?

    python benchmarks/curate.py --data DIR [--pictures 5000] [--planted 100] [--processes 2] [--eyes] [--dry]
        [--sheet FILE] [--place DIR]

`DIR` has bsds500 (photographs) and cifar10 (32 x 32 pixels). Among so many pictures of cifar10, or all of bsds500,
copies are planted: of each of ``planted`` pictures one of every kind, at random places in the order. Where more are
asked for than cifar10 has, the rest are put together of four of its pictures each. A planted copy is found where it
hangs together with the picture that it was made of. What else is called a copy is counted against it, though the data
have copies of their own; `--sheet` draws these pairs, for people to look at.

Faces and printed words are looked for with `--eyes` alone: what finds them takes longer than all the rest.

Writes the table of README.md and results/curate-DATE.json; `--dry` only prints.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import report
from PIL import Image

from rectoverso.workflow.curate import CurateRequest, curate

ALL = 10**9
Picture = Image.Image
Edit = Callable[[Picture, np.random.Generator], bytes]


def saved(image: Picture, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def resized(image: Picture, rng: np.random.Generator) -> bytes:
    scale = rng.uniform(0.5, 0.9)
    size = tuple(max(8, round(side * scale)) for side in image.size)
    return saved(image.resize(size, Image.Resampling.LANCZOS))  # type: ignore[arg-type]


def cut(image: Picture, rng: np.random.Generator, share: float) -> bytes:
    """So much of each side is cut off, at a random place."""
    width, height = (round(side * (1 - share)) for side in image.size)
    left, top = rng.integers(0, image.width - width + 1), rng.integers(0, image.height - height + 1)
    return saved(image.crop((left, top, left + width, top + height)))


EDITS: dict[str, Edit] = {
    "exact": lambda image, _: saved(image, compress_level=1),
    "resized": resized,
    "recompressed": lambda image, rng: saved(image, "JPEG", quality=int(rng.integers(50, 90))),
    "mirrored": lambda image, _: saved(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "cut, 10 % of the area": lambda image, rng: cut(image, rng, 1 - 0.9**0.5),
    "cut, 10 % of each side": lambda image, rng: cut(image, rng, 0.1),
}


def enough(file: Path, most: int) -> Iterator[bytes]:
    """So many pictures; those that the file does not have are put together of four that it has, at random."""
    found = []
    for data in pictures(file, most):
        found.append(data)
        yield data
    rng = np.random.default_rng(11)
    for _ in range(most - len(found) if most < ALL else 0):
        parts = [Image.open(io.BytesIO(found[at])) for at in rng.choice(len(found), 4, replace=False)]
        whole = Image.new("RGB", (64, 64))
        for number, part in enumerate(parts):
            whole.paste(part, (number % 2 * 32, number // 2 * 32))
        yield saved(whole, "JPEG", quality=90)


def pictures(file: Path, most: int) -> Iterator[bytes]:
    count = 0
    for batch in pq.ParquetFile(file).iter_batches(batch_size=64, columns=["image"]):
        for row in batch.column(0).to_pylist():
            if count == most:
                return
            yield row["bytes"]
            count += 1


def source(data: Path, split: str, most: int, planted: int, out: Path) -> int:
    """A Parquet file of pictures with copies among them, each row's ``title`` saying what it is; how many rows."""
    rng = np.random.default_rng(7)
    rows = [(f"{at}", found) for at, found in enumerate(enough(data / split / "train.parquet", most))]
    for at in rng.choice(len(rows), planted, replace=False):
        image = Image.open(io.BytesIO(rows[at][1])).convert("RGB")
        rows += [(f"{at}: {name}", edit(image, rng)) for name, edit in EDITS.items()]
    order = rng.permutation(len(rows))
    schema = pa.schema([("image", pa.struct([("bytes", pa.binary())])), ("title", pa.string())])
    with pq.ParquetWriter(out, schema) as writer:
        for start in range(0, len(order), 1000):
            part = [rows[place] for place in order[start : start + 1000]]
            table = [{"image": {"bytes": data}, "title": title} for title, data in part]
            writer.write_table(pa.Table.from_pylist(table, schema))
    return len(rows)


def measured(file: Path, out: Path, processes: int, *, eyes: bool) -> dict[str, Any]:
    """One curation in this process: what it took."""
    stages: dict[str, float] = {}
    start = last = time.monotonic()

    def hear(told: Any) -> None:
        nonlocal last
        now = time.monotonic()
        stages[told.stage.key.rpartition(".")[2]] = (
            stages.get(told.stage.key.rpartition(".")[2], 0.0) + now - last
        )
        last = now

    curated = curate(
        CurateRequest(file, out, processes=processes, make_eyes=None if eyes else {}),
        out.parent / "home",
        hear,
    )
    seconds = time.monotonic() - start
    mine, theirs = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {
        "pictures": curated.summary.total,
        "seconds": round(seconds, 1),
        "pictures_per_s": round(curated.summary.total / seconds, 1),
        "stages_s": {name: round(value, 1) for name, value in stages.items()},
        "memory_mb": round(mine),
        "memory_of_a_worker_mb": round(theirs),
    }


def found(out: Path) -> dict[str, Any]:
    """Recall of each kind, and what else was called a copy."""
    _, *rows = [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]
    origin = {row["picture"]: row["rights"]["title"].partition(":")[0] for row in rows}
    edits = {row["picture"]: row["rights"]["title"].partition(": ")[2] for row in rows}
    copies = [(row["picture"], row["copy"]["of"]) for row in rows if "copy" in row]
    # Of a group one is kept: a copy is found where it and its original hang on the same one.
    kept = {row["picture"]: row["copy"]["of"] if "copy" in row else row["picture"] for row in rows}
    originals = {origin[place]: place for place, name in edits.items() if not name}
    recall = {}
    for kind in EDITS:
        planted = [place for place, name in edits.items() if name == kind]
        hit = sum(kept[place] == kept[originals[origin[place]]] for place in planted)
        recall[kind] = {"found": hit, "planted": len(planted), "recall": round(hit / len(planted), 4)}
    wrong = [(one, other) for one, other in copies if origin[one] != origin[other]]
    right = len(copies) - len(wrong)
    return {
        "recall": recall,
        "called_copies": len(copies),
        "of_another_picture": len(wrong),
        "precision": round(right / len(copies), 4) if copies else None,
        "pairs_to_look_at": [
            [rows[place]["source"] for place in pair] + [rows[pair[0]]["copy"]["how"]] for pair in wrong
        ],
    }


def sheet(table: Path, pairs: list[list[str]], file: Path) -> None:
    """The pairs that nobody planted, side by side."""
    wanted = {int(name.partition("[")[2][:-1]) for pair in pairs for name in pair[:2]}
    images = {}
    for at, data in enumerate(pictures(table, ALL)):
        if at in wanted:
            images[at] = Image.open(io.BytesIO(data)).convert("RGB").resize((96, 96))
    shown = pairs[:48]
    page = Image.new("RGB", (8 * 104, -(-max(1, len(shown)) // 4) * 104), "white")
    for number, pair in enumerate(shown):
        for side, name in enumerate(pair[:2]):
            place = ((number % 4) * 208 + side * 100, (number // 4) * 104)
            page.paste(images[int(name.partition("[")[2][:-1])], place)
    page.save(file)


def main() -> None:
    asked = arguments()
    if asked.one:
        print(json.dumps(measured(asked.one, asked.out, asked.processes, eyes=asked.eyes)))
        return
    result: dict[str, Any] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "processes": asked.processes,
        "eyes": asked.eyes,
        "planted_of_each_kind": asked.planted,
        "runs": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        for split, most in [("bsds500", ALL)] * asked.photographs + [
            ("cifar10", count) for count in asked.pictures
        ]:
            name = f"{split}-{most}-{asked.planted}-{asked.processes}{'-eyes' * asked.eyes}"
            result["runs"].append(once(asked, split, most, (asked.place or Path(folder)) / name))
    print(table(result))
    if not asked.dry:
        report.keep("curate", result, table(result))


def once(asked: argparse.Namespace, split: str, most: int, place: Path) -> dict[str, Any]:
    """What this came to before; else it is done now. One that was cut off begins anew, for its seconds are lost."""
    kept = place / "run.json"
    if not kept.exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        half = kept.with_suffix(".half")
        half.write_text(json.dumps(ran(asked, split, most, place)), encoding="utf-8")
        half.replace(kept)
    run: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    print(json.dumps(run, indent=2), flush=True)
    return run


def ran(asked: argparse.Namespace, split: str, most: int, place: Path) -> dict[str, Any]:
    """One curation, in a process of its own, so that its memory is its own."""
    file, out = place / "source.parquet", place / "set"
    source(asked.data, split, most, asked.planted, file)
    command = [sys.executable, __file__, "--one", str(file), "--out", str(out)]
    command += ["--processes", str(asked.processes), *["--eyes"] * asked.eyes]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    run = {"data": split} | json.loads(told.stdout.splitlines()[-1]) | found(out)
    if asked.sheet and run["pairs_to_look_at"]:
        page = asked.sheet.with_stem(f"{asked.sheet.stem}-{split}-{run['pictures']}")
        sheet(file, run["pairs_to_look_at"], page)
    return run


def table(result: dict[str, Any]) -> str:
    lines = [
        report.row("data", "pictures", "pictures/s", "memory (a worker's)", *EDITS, "precision"),
        report.row(*["---"] * (5 + len(EDITS))),
    ]
    for run in result["runs"]:
        recall = [f"{run['recall'][kind]['recall']:.1%}" for kind in EDITS]
        memory = f"{run['memory_mb']} MB ({run['memory_of_a_worker_mb']} MB)"
        lines.append(
            report.row(
                run["data"],
                f"{run['pictures']:,}",
                run["pictures_per_s"],
                memory,
                *recall,
                "-" if run["precision"] is None else f"{run['precision']:.1%}",
            )
        )
    planted = result["planted_of_each_kind"]
    told = (
        f"{planted} copies of each kind were planted; the columns of kinds are recall. Precision counts every copy "
        "that was not planted as wrong, also those that the data have of their own. "
        f"{result['processes']} processes, {result['machine']}, faces and words "
        f"{'looked for' if result['eyes'] else 'not looked for'}."
    )
    return "\n".join(lines) + f"\n\n{told}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("RECTOVERSO_TEST_DATA", ".")))
    parser.add_argument("--pictures", type=int, nargs="*", default=[5000])
    parser.add_argument("--photographs", type=int, default=1, choices=(0, 1))
    parser.add_argument("--planted", type=int, default=100)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--eyes", action="store_true", help="look for faces and words as well")
    parser.add_argument("--dry", action="store_true")
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--place", type=Path, help="what is done lies there, and is not done again")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
