"""Can the style space tell how pictures are made? Average precision, false alarms, and which of two styles is named.

    python benchmarks/style.py [--data FOLDER] [--dry]

Twelve styles: the collections of FOLDER (else RECTOVERSO_TEST_DATA), and six that programs make of photographs that
nothing else here shows (oil, pencil, flat tones, mosaic, sepia with grain, ink). Of each, 10 and 30 pictures are
registered and others of the same style asked about; the negatives are pictures of the eleven other collections. Of
emoji, no concept that was registered is asked about, in either hand.

`average precision` ranks the style's own unseen pictures against the negatives by their distance; `found` is the share
of its own, `false` of the negatives, that the door would hold. Then two styles are registered, and an unseen picture of
either is asked about: `right` is how often its own ranks first. Writes the table of README.md and
results/style-DATE.json; `--dry` only prints. Seeds are fixed; it takes half a minute of one core.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import report
from numpy.typing import NDArray
from PIL import Image

from rectoverso.store.works import Work
from rectoverso.types import Digest, Pixels
from rectoverso.verso.screen.fingerprint import on_white
from rectoverso.verso.screen.manner import manner_of
from rectoverso.verso.screen.style import TYPICAL, Style

HERE = Path(__file__).parent
REGISTERED = (10, 30)
ASKED = 100
NEGATIVES_EACH = 60
PAIRS = (("noto", "blob"), ("bccd", "bsds500"), ("bsds500", "camvid"))
PAIR_SIZES = (10, 40, 120)
COLLECTIONS = {
    "noto": ("emoji/noto.parquet", 260),
    "blob": ("emoji/blob.parquet", 260),
    "bccd": ("bccd/train.parquet", 80),
    "bsds500": ("bsds500/train.parquet", 150),
    "camvid": ("camvid/train.parquet", 60),
    "cifar10": ("cifar10/train.parquet", 150),
}
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Made:
    """How one picture is made, and what it shows where that is known."""

    manner: Floats
    concept: str | None = None


def oil(pixels: Pixels) -> Pixels:
    for _ in range(3):
        pixels = np.asarray(cv2.medianBlur(pixels, 7))
    return pixels


def pencil(pixels: Pixels) -> Pixels:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    around = cv2.GaussianBlur(255 - grey, (0, 0), 5)
    return np.asarray(cv2.cvtColor(cv2.divide(grey, 255 - around + 1, scale=256), cv2.COLOR_GRAY2RGB))


def flat(pixels: Pixels) -> Pixels:
    return np.asarray((cv2.bilateralFilter(pixels, 9, 60, 9) // 52) * 52 + 26, np.uint8)


def mosaic(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (width // 6, height // 6), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST))


def sepia(pixels: Pixels) -> Pixels:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(float)
    grain = np.random.default_rng(int(grey.sum()) % 9999).normal(0, 14, grey.shape)
    return np.clip((grey + grain)[..., None] * np.array([1.05, 0.92, 0.7]), 0, 255).astype(np.uint8)


def ink(pixels: Pixels) -> Pixels:
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), 1.2)
    lines = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 11, 4)
    return np.asarray(cv2.cvtColor(lines, cv2.COLOR_GRAY2RGB))


PAINTERS: tuple[Callable[[Pixels], Pixels], ...] = (oil, pencil, flat, mosaic, sepia, ink)


def rows_of(path: Path, places: Sequence[int]) -> list[tuple[Pixels, str | None]]:
    columns = [name for name in ("image", "key") if name in pq.read_schema(path).names]
    table = pq.read_table(path, columns=columns).take(list(places))
    found = []
    for row in table.to_pylist():
        with Image.open(io.BytesIO(row["image"]["bytes"])) as image:
            kind = "RGBA" if image.mode in {"P", "LA", "RGBA"} else "RGB"
            found.append((np.asarray(on_white(np.asarray(image.convert(kind)))), row.get("key")))
    return found


def styles_in(folder: Path) -> dict[str, list[Made]]:
    styles = {}
    for name, (file, count) in COLLECTIONS.items():
        path = folder / file
        order = np.random.default_rng(0).permutation(pq.read_metadata(path).num_rows)
        styles[name] = [made(pixels, concept) for pixels, concept in rows_of(path, order[:count])]
        if name == "bsds500":  # the painters have photographs that nobody else shows
            others = [pixels for pixels, _ in rows_of(path, order[count : 2 * count])]
    for number, painter in enumerate(PAINTERS):
        each = others[number * 25 : (number + 1) * 25]
        styles[painter.__name__] = [made(painter(smaller(pixels)), None) for pixels in each]
    return styles


def smaller(pixels: Pixels) -> Pixels:
    factor = 256 / max(pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def made(pixels: Pixels, concept: str | None) -> Made:
    manner = manner_of(pixels)
    assert manner is not None
    return Made(manner, concept)


def style_of(pictures: Sequence[Made]) -> Style:
    work = Work("0" * 8, "", "", Digest("0" * 64), b"", b"", "")
    return Style([work] * len(pictures), np.stack([one.manner for one in pictures]))


def unseen(pictures: Sequence[Made], registered: Sequence[Made]) -> list[Made]:
    seen = {one.concept for one in registered} - {None}
    return [one for one in pictures if one.concept not in seen]


def average_precision(own: Sequence[float], others: Sequence[float]) -> float:
    distances = np.array([*own, *others])
    is_own = np.arange(len(distances)) < len(own)
    ranked = is_own[np.argsort(distances, kind="stable")]
    return float((np.cumsum(ranked) / np.arange(1, len(ranked) + 1))[ranked].mean())


def alone(name: str, count: int, styles: dict[str, list[Made]]) -> dict[str, Any]:
    registered, rest = styles[name][:count], styles[name][count:]
    style = style_of(registered)
    own = [style.match(one.manner) for one in unseen(rest, registered)[:ASKED]]
    others = {
        other: [style.match(one.manner) for one in unseen(pictures, registered)[:NEGATIVES_EACH]]
        for other, pictures in styles.items()
        if other != name
    }
    mixed = [match for matches in others.values() for match in matches]
    false = {other: float(np.mean([match.is_near for match in matches])) for other, matches in others.items()}
    worst = max(false, key=lambda other: false[other])
    return {
        "style": name,
        "registered": count,
        "asked": len(own),
        "negatives": len(mixed),
        "average_precision": average_precision([m.distance for m in own], [m.distance for m in mixed]),
        "found": float(np.mean([match.is_near for match in own])),
        "false": float(np.mean([match.is_near for match in mixed])),
        "worst": worst,
        "worst_false": false[worst],
    }


def beside(one: str, other: str, count: int, styles: dict[str, list[Made]]) -> dict[str, Any] | None:
    """How often the right one of two ranks first, of unseen pictures of both."""
    if count + 10 > min(len(styles[one]), len(styles[other])):
        return None
    known = {name: styles[name][:count] for name in (one, other)}
    both = [picture for pictures in known.values() for picture in pictures]
    made_of = {name: style_of(pictures) for name, pictures in known.items()}
    right = []
    for name in (one, other):
        for picture in unseen(styles[name][count:], both)[:60]:
            found = {each: style.match(picture.manner) for each, style in made_of.items()}
            first = min(found, key=lambda each: (-found[each].typicality, found[each].distance))
            right.append(first == name)
    return {"pair": [one, other], "registered": count, "asked": len(right), "right": float(np.mean(right))}


def table(result: dict[str, Any]) -> str:
    lines = [
        report.row("style", "registered", "average precision", "found", "false", "worst of them"),
        report.row("---", "--:", "--:", "--:", "--:", "---"),
    ]
    for row in result["alone"]:
        worst = f"{row['worst']} {row['worst_false']:.0%}" if row["worst_false"] else "none"
        numbers = (f"{row['average_precision']:.2f}", f"{row['found']:.0%}", f"{row['false']:.1%}")
        lines.append(report.row(row["style"], row["registered"], *numbers, worst))
    lines += ["", report.row("of two styles", "registered of each", "right"), report.row("---", "--:", "--:")]
    for row in result["beside"]:
        lines.append(report.row(" and ".join(row["pair"]), row["registered"], f"{row['right']:.0%}"))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("RECTOVERSO_TEST_DATA"))
    parser.add_argument("--dry", action="store_true")
    said = parser.parse_args()
    styles = styles_in(said.data)
    counts = [(name, count) for count in REGISTERED for name in styles if count + 10 <= len(styles[name])]
    pairs = [beside(*pair, count, styles) for pair in PAIRS for count in PAIR_SIZES]
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": platform.processor() or platform.machine(),
        "held_from": TYPICAL,
        "alone": [alone(name, count, styles) for name, count in counts],
        "beside": [pair for pair in pairs if pair],
    }
    text = table(result)
    print(text)
    if not said.dry:
        report.fill(HERE / "README.md", "style", text)
        target = HERE / "results" / f"style-{result['date']}.json"
        target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
