"""Does the door keep back a generator that learnt its pictures by heart, and let one go that did not?

    python benchmarks/learnt_by_heart.py [--place out/heart] [--count 200] [--dry]
    python benchmarks/learnt_by_heart.py --seconds 60 --many-seconds 60 --count 60 --dry

1. `by heart`: a run on 200 emoji, long enough to draw them again: of `dalle`, asked for them by their captions.
2. `many`: a run on 40,000 pictures of CIFAR-10.

Of each so many pictures are asked for at the door, for the use `general`. Whether a picture is a replica is said by
its pixels alone, seen on white, which the door does not compare by: it differs from one training picture, mirrored or a
pixel aside, by less than half (root of the mean square) of what this one differs from the next of them. Then it is
counted how many replicas were held or refused, whether the door named that very picture, and how many of all were
released.

What is done lies in ``--place`` and is not done again. Sheets to look at are drawn there, for pictures of the data may
not be passed on: each picture, the training picture that the door named, the one that pixels name, and the verdict.
Writes results/learnt_by_heart-DATE.json and the table of README.md, unless --dry.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import report
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import rectoverso
from rectoverso.recto.data.source import open_source
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.sample.material import Material

CHECK = "memorisation"
BY_HEART = {"dalle": ("shift=0", "stage=0.7")}
"""Settings by which a system learns by heart sooner: pictures as they lie, and most of the time for their codes."""

REPLICA = 0.5
RGBA = 4
SHEET_ROWS, SHEET_COLUMNS, CELL_PX, LINE_PX = 10, 4, 64, 14
Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Trained:
    """What is trained, on which pictures, for how long."""

    name: str
    system: str
    data: Path
    take: int
    size: int
    seconds: float
    settings: tuple[str, ...] = ()


def main() -> None:
    asked = arguments()
    folder = Path(os.environ["RECTOVERSO_TEST_DATA"])
    emoji, cifar = folder / "emoji" / "noto.parquet", folder / "cifar10" / "train.parquet"
    settings = (*BY_HEART.get(asked.system, ()), *asked.settings)
    trained = (
        Trained("by heart", asked.system, emoji, 200, asked.size, asked.seconds, settings),
        Trained("many", "default", cifar, 40_000, 32, asked.many_seconds),
    )
    asked.place.mkdir(parents=True, exist_ok=True)
    result = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "rows": [row(one, asked) for one in trained if one.name in asked.only],
    }
    print(table(result))
    if not asked.dry:
        report.keep("learnt_by_heart", result, table(result))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--place", type=Path, default=Path("out/heart"))
    parser.add_argument("--only", nargs="+", default=["by heart", "many"])
    parser.add_argument("--system", default="dalle", help="that learns by heart")
    parser.add_argument("--size", type=int, default=32, help="of the emoji")
    parser.add_argument("--seconds", type=float, default=600, help="of the training by heart")
    parser.add_argument("--many-seconds", type=float, default=600)
    parser.add_argument(
        "--set", action="append", default=[], dest="settings", help="by heart, as in verso train"
    )
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser.parse_args()


def row(one: Trained, asked: argparse.Namespace) -> dict[str, Any]:
    """Train, ask at the door, and count."""
    run, home = asked.place / one.name.replace(" ", "-"), asked.place / "home"
    begun = (run / "config.toml").exists()
    if not (run / "card.md").exists():
        rectoverso.train(
            one.system, data=one.data, out=run, take=one.take, size=one.size, max_seconds=one.seconds,
            settings=one.settings, home=home, resume=begun,
        )  # fmt: skip
    generator = RunGenerator(run)
    data = open_source(str(one.data), size=one.size, channels=generator.shape.channels, take=one.take)
    prompts = (data.captions or ())[: asked.count] if "caption" in generator.recipe.asks else ()
    count = asked.count // max(1, len(prompts))
    began = time.monotonic()
    batch = rectoverso.generate(run, out=run / "drawn", count=count, prompts=prompts, home=home)
    seconds = time.monotonic() - began
    known = data.images
    drawn = drawn_again(generator, [passage.asset.seed or 0 for passage in batch.passages], prompts)
    on_white = seen(known)
    nearest, far = nearest_by_pixels(seen(drawn), on_white)
    replica = far < REPLICA * apart(on_white)[nearest]
    decided = np.array([passage.asset.decision.value for passage in batch.passages])
    named = np.array([named_by(passage) for passage in batch.passages])
    sheet(run / "sheet.png", drawn, known, named, nearest, decided, replica)
    stopped = decided != "release"
    right = named == nearest
    status = [json.loads(line) for line in (run / "status.jsonl").read_text(encoding="utf-8").splitlines()]
    return {
        "run": one.name,
        "system": one.system,
        "pictures": len(known),
        "seen": max(line.get("images", 0) for line in status),
        "drawn": len(drawn),
        "replicas": int(replica.sum()),
        "replicas_stopped": int((replica & stopped).sum()),
        "replicas_named": int((replica & right).sum()),
        "others": int((~replica).sum()),
        "others_stopped": int((~replica & stopped).sum()),
        "released": int((~stopped).sum()),
        "door_ms": round(1000 * seconds / len(drawn), 1),
    }


def drawn_again(generator: RunGenerator, seeds: list[int], prompts: Sequence[str]) -> Images:
    """What the door was shown; all seeds of the first prompt first."""
    if not prompts:
        return np.stack(list(generator.sample(seeds)))
    each = len(seeds) // len(prompts)
    materials = [Material(prompt=prompt) for prompt in prompts for _ in range(each)]
    return np.stack(list(map(generator.making.picture, seeds, materials)))


def named_by(passage: Any) -> int:
    """The training picture that the door named, -1 for none."""
    found = [one.evidence.get("training_image", -1) for one in passage.findings if one.check == CHECK]
    return int(found[0]) if found else -1


def seen(pictures: Images) -> Images:
    """As they look on white: what nobody sees is anything in a drawn picture."""
    if pictures.shape[-1] != RGBA:
        return pictures
    alpha = pictures[..., 3:] / np.float32(255)
    return np.rint(pictures[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def nearest_by_pixels(drawn: Images, known: Images) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each picture the training picture that it differs from least, as it is, mirrored, or a pixel aside, and by
    how much (root of the mean square, of 255).
    """
    flat = known.reshape(len(known), -1).astype(np.float32)
    squares = np.einsum("nd,nd->n", flat, flat)
    nearest, far = [], []
    for picture in drawn:
        seen = np.stack(views(picture)).reshape(18, -1).astype(np.float32)
        distances = (np.einsum("vd,vd->v", seen, seen)[:, None] + squares - 2 * seen @ flat.T).min(axis=0)
        nearest.append(int(distances.argmin()))
        far.append(float(np.sqrt(max(distances.min(), 0) / flat.shape[1])))
    return np.array(nearest), np.array(far, np.float32)


def views(picture: Images) -> list[Images]:
    """As it is and mirrored, each moved by a pixel in eight directions."""
    framed = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = picture.shape[:2]
    moved = [framed[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return [*moved, *(view[:, ::-1] for view in moved)]


def apart(known: Images) -> NDArray[np.float32]:
    """How much each training picture differs from the next of them."""
    flat = known.reshape(len(known), -1).astype(np.float32)
    squares = np.einsum("nd,nd->n", flat, flat)
    far = []
    for start in range(0, len(flat), 500):
        some = flat[start : start + 500]
        distances = squares[start : start + 500, None] + squares - 2 * some @ flat.T
        distances[np.arange(len(some)), np.arange(start, start + len(some))] = np.inf
        far.append(np.sqrt(np.maximum(distances.min(axis=1), 0) / flat.shape[1]))
    return np.concatenate(far)


def sheet(
    path: Path,
    drawn: Images,
    known: Images,
    named: NDArray[np.int64],
    nearest: NDArray[np.int64],
    decided: NDArray[np.str_],
    replica: NDArray[np.bool_],
) -> None:
    """The first pictures: drawn, named by the door, nearest by pixels."""
    cell = 3 * CELL_PX + 12, CELL_PX + LINE_PX + 4
    shown = Image.new("RGB", (SHEET_COLUMNS * cell[0], SHEET_ROWS * cell[1]), "white")
    draw = ImageDraw.Draw(shown)
    for number in range(min(len(drawn), SHEET_ROWS * SHEET_COLUMNS)):
        left, top = number % SHEET_COLUMNS * cell[0], number // SHEET_COLUMNS * cell[1]
        three = drawn[number], known[named[number]] if named[number] >= 0 else None, known[nearest[number]]
        for place, picture in enumerate(three):
            if picture is not None:
                shown.paste(enlarged(picture), (left + place * CELL_PX, top))
        told = f"{decided[number]}{', replica' if replica[number] else ''}"
        draw.text((left, top + CELL_PX), told, fill="black")
    shown.save(path)


def enlarged(picture: Images) -> Image.Image:
    return Image.fromarray(np.squeeze(seen(picture))).resize((CELL_PX, CELL_PX), Image.Resampling.NEAREST)


COLUMNS = (
    "training pictures",
    "seen",
    "drawn",
    "replicas",
    "held or refused",
    "named rightly",
    "others held",
    "released",
)


def table(result: dict[str, Any]) -> str:
    lines = [report.row("run", *COLUMNS), report.row("---", *["--:"] * len(COLUMNS))]
    lines += [report.row(*cells(one)) for one in result["rows"]]
    return "\n".join([*lines, "", f"{result['date']}; {result['machine']}."])


def cells(one: dict[str, Any]) -> list[object]:
    return [
        f"{one['run']}, `{one['system']}`",
        f"{one['pictures']:,}",
        f"{one['seen']:,}",
        one["drawn"],
        one["replicas"],
        of(one["replicas_stopped"], one["replicas"]),
        of(one["replicas_named"], one["replicas"]),
        of(one["others_stopped"], one["others"]),
        of(one["released"], one["drawn"]),
    ]


def of(count: int, whole: int) -> str:
    return f"{count} ({count / whole:.1%})" if whole else "-"


if __name__ == "__main__":
    main()
