"""Every system trained the way a user would, with one command and five minutes, and what came of it, side by side.

    python benchmarks/gallery.py --data cifar10/train.parquet [--seconds 300] [--only biggan ...]

For each system: `verso train`, then `verso generate` of 64 pictures, whose contact sheet leaves by the door like every
image (signed by a home made for this program), then `verso evaluate` against the data. The features of the score are
trained once and are the same for all rows.

Writes ``../docs/gallery/NAME.png``, the table in its ``README.md`` and ``results/gallery.json``, which keeps
the rows of systems that were not asked for. Train on a quiet machine: the seconds are those of the clock.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from pictures import known_cifar
from report import fill, row

from rectoverso.recto.train.machine import describe

HERE = Path(__file__).parent
GALLERY = HERE.parent / "docs" / "gallery"
RESULT = HERE / "results" / "gallery.json"
IMAGES = 64


@dataclass(frozen=True)
class Entry:
    """A preset of a system, and what the table calls it."""

    name: str
    title: str
    system: str
    preset: str = "default"


ENTRIES = (
    Entry("article", "the article's DCGAN (`dcgan --preset article`)", "dcgan", "article"),
    Entry("gan", "`gan`", "gan"),
    Entry("dcgan", "`dcgan`", "dcgan"),
    Entry("progressive", "`progressive`", "progressive"),
    Entry("stylegan", "`stylegan`", "stylegan"),
    Entry("stylegan2", "`stylegan2`", "stylegan2"),
    Entry("biggan", "`biggan`", "biggan"),
    Entry("default", "`default`", "default"),
)


def main() -> None:
    asked = arguments()
    rows: dict[str, Any] = json.loads(RESULT.read_text())["rows"] if RESULT.exists() else {}
    GALLERY.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        place = asked.keep or Path(scratch)
        for entry in ENTRIES:
            if not asked.only or entry.name in asked.only:
                rows[entry.name] = measured(entry, asked, place)
                say(f"{entry.name}: proxy-FID {rows[entry.name]['scores']['proxy-FID']['value']:.2f}")
                result = {"torch": torch.__version__, "rows": rows}
                RESULT.write_text(json.dumps(result, indent=1) + "\n")
                fill(GALLERY / "README.md", "gallery", table(rows))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = known_cifar()
    parser.add_argument("--data", type=Path, default=known, required=known is None)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--only", action="append", help="one entry's name; may be repeated")
    parser.add_argument("--keep", type=Path, help="where the runs and the home are kept")
    return parser.parse_args()


def measured(entry: Entry, asked: argparse.Namespace, place: Path) -> dict[str, Any]:
    """Train, draw a sheet into the gallery, score; the facts of the row."""
    run, home = place / entry.name, place / "home"
    trained = verso(
        "train", entry.system, "--preset", entry.preset, "--data", asked.data, "--out", run,
        "--max-seconds", asked.seconds, "--home", home,
    )  # fmt: skip
    made = place / f"{entry.name}-images"
    verso("generate", run, "--out", made, "--count", IMAGES, "--home", home)
    (sheet,) = (made / "contact-sheet").glob("*.png")
    shutil.copy2(sheet, GALLERY / f"{entry.name}.png")
    # In a home of its own: with features at hand, the next training would score itself at every milestone.
    scored = verso("evaluate", run, "--data", asked.data, "--home", place / "scores")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "command": f"verso train {entry.system} --preset {entry.preset} --max-seconds {asked.seconds}",
        "images": trained["images"],
        "images_per_s": trained["images_per_s"],
        "scores": scored["scores"],
        "protocol": scored["protocol"],
    }


def verso(*arguments: object) -> dict[str, Any]:
    """Run the real command and read its answer."""
    done = subprocess.run(
        [sys.executable, "-m", "rectoverso", *map(str, arguments), "--json"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def table(rows: dict[str, Any]) -> str:
    """The rows as Markdown, in the order of the entries, each with its ratio to the article's."""
    names = ("proxy-FID", "proxy-precision", "proxy-recall", "proxy-coverage")
    lines = [
        "| system | images | images/s | proxy-FID (95%) | of the article's | precision | recall | coverage | date |",
        "|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    first = rows["article"]["scores"]["proxy-FID"]["value"] if "article" in rows else None
    for entry in ENTRIES:
        if entry.name not in rows:
            continue
        facts = rows[entry.name]
        fid, *shares = (facts["scores"][name] for name in names)
        value = f"{fid['value']:.1f} ({fid['low']:.1f}-{fid['high']:.1f})"
        ratio = f"{fid['value'] / first:.2f}x" if first else ""
        cells = [f"{share['value']:.2f}" for share in shares]
        lines.append(
            row(
                f"[{entry.title}]({entry.name}.png)",
                f"{facts['images']:,}",
                f"{facts['images_per_s']:.0f}",
                value,
                ratio,
                *cells,
                facts["date"],
            )
        )
    newest = max(rows.values(), key=lambda row: row["date"])
    return "\n".join([*lines, "", f"{newest['machine']}; {newest['protocol']}."])


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
