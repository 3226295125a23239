"""Whom does `verso credit` name? Of copies the right picture, of new pictures nobody, of blends the ones blended.

    python benchmarks/credit.py [--data cifar10] [--training 5000] [--asked 200] [--dry]

Fingerprints of so many CIFAR-10 pictures stand for a run's. Asked about are: unseen pictures, of which at most 5 % may
get a list even alone (`one by one`), and hardly any in a batch; copies (JPEG 60, a pixel aside, a little noise); and
even blends of two training pictures. Writes the table of README.md and results/credit-DATE.json; `--dry` only
prints.
"""

from __future__ import annotations

import argparse
import io
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import report
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.screen.credit import credits_of
from rectoverso.verso.screen.memorisation import Fingerprints

HERE = Path(__file__).parent


def pictures_of(path: Path, count: int) -> np.ndarray:
    """The first so many; their order is by turns of the classes."""
    rows = pq.ParquetFile(path).read(columns=["image"]).slice(0, count).column("image").to_pylist()
    return np.stack([np.asarray(Image.open(io.BytesIO(row["bytes"])).convert("RGB")) for row in rows])


def copied(pixels: Pixels, seed: int) -> Pixels:
    noise = np.random.default_rng(seed).normal(0, 4, pixels.shape)
    moved = np.pad(pixels, ((1, 0), (0, 0), (0, 0)), mode="edge")[:-1]
    file = io.BytesIO()
    Image.fromarray(np.clip(moved + noise, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=60)
    return np.asarray(Image.open(file))


def share(values: Sequence[bool]) -> float:
    return round(float(np.mean(values)), 4)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("RECTOVERSO_TEST_DATA", "")) / "cifar10"
    )
    parser.add_argument("--training", type=int, default=5000)
    parser.add_argument("--asked", type=int, default=200)
    parser.add_argument("--dry", action="store_true")
    said = parser.parse_args()
    training = pictures_of(said.data / "train.parquet", said.training)
    new = list(pictures_of(said.data / "test.parquet", said.asked))
    prints = Fingerprints.of(training)
    draw = np.random.default_rng(0)
    places = draw.permutation(len(training))
    copies = [copied(training[at], at) for at in places[: said.asked]]
    pairs = places[: 2 * said.asked].reshape(-1, 2)
    blends = [((training[a].astype(int) + training[b]) // 2).astype(np.uint8) for a, b in pairs]
    alone = [bool(credits_of([pixels], prints)[0].near) for pixels in new]
    named = [[near.training_image for near in one.near] for one in credits_of(blends, prints)]
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "training": len(training),
        "strangers": len(prints.strangers),
        "asked": said.asked,
        "new, one by one: a list": share(alone),
        "new, as a batch: a list": share([bool(one.near) for one in credits_of(new, prints)]),
        "copies: the right one first": share(
            [
                one.near[:1] != () and one.near[0].training_image == at
                for one, at in zip(credits_of(copies, prints), places, strict=False)
            ]
        ),
        "blends: one of the two": share(
            [bool({a, b} & set(row)) for row, (a, b) in zip(named, pairs, strict=True)]
        ),
        "blends: both": share([{a, b} <= set(row) for row, (a, b) in zip(named, pairs, strict=True)]),
        "blends: somebody else named": share(
            [bool(set(row) - {a, b}) for row, (a, b) in zip(named, pairs, strict=True)]
        ),
    }
    print(json.dumps(result, indent=2))
    if not said.dry:
        rows = [report.row(name, f"{value:.1%}") for name, value in result.items() if ":" in name]
        text = "\n".join([report.row("asked about", "share"), report.row("---", "--:"), *rows])
        report.fill(HERE / "README.md", "credit", text)
        (HERE / "results" / f"credit-{result['date']}.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
