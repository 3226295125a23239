"""Sheets of the systems that make pictures from pictures, maps and words, from the runs that `conditional.py` kept.

    python benchmarks/gallery_given.py --data ../shared/data --keep RUNS [--only spade ...]

What is given was never shown in training. Each sheet leaves by the door like every image (signed by a home made for
this program) and goes to ``../docs/gallery``. Photographs of the data may not be passed on, so holes are filled in
micrographs, which may; for the same reason ``invert`` and ``dream`` begin at drawings and a micrograph, in the run of
`default` that knows nothing but CIFAR-10.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gallery import GALLERY, say, verso
from given.data import captioned_emoji, emoji, scenes, unseen_scenes
from given.streets import coloured
from numpy.typing import NDArray
from PIL import Image

from rectoverso.recto.data.holes import hole
from rectoverso.recto.data.source import open_source

SIZE, PHOTOGRAPH, COUNT = 64, 192, 32
SHARE = (0.2, 0.3)
INVERTED, INVERTED_PX, TUNED_STEPS = slice(40, 280, 60), 32, 100
DREAMT, DREAM_PX, DREAM_LAYERS = 3, 256, ("stages.0", "stages.1")
Given = list[object]
Images = NDArray[np.uint8]


def cyclegan(data: Path, place: Path) -> Given:
    held = emoji(data, SIZE).held_a
    return ["--image", written(held[:: len(held) // COUNT][:COUNT], place / "images")]


def maps(data: Path, place: Path) -> Given:
    return ["--image", written(held_maps(data), place / "maps")]


def maps_in_colours(data: Path, place: Path) -> Given:
    return ["--image", written(coloured(held_maps(data)), place / "maps")]


def held_maps(data: Path) -> Images:
    held = scenes(data, SIZE)[1].masks
    assert held is not None
    return held[:: len(held) // COUNT][:COUNT]


def edgeconnect(data: Path, place: Path) -> Given:
    cells = open_source(data / "bccd" / "train.parquet", size=PHOTOGRAPH).images[: COUNT // 2]
    holes = [hole(np.random.default_rng([9, n]), PHOTOGRAPH, PHOTOGRAPH, SHARE) for n in range(len(cells))]
    masks = np.where(np.stack(holes), 255, 0).astype(np.uint8)
    return ["--image", written(cells, place / "cells"), "--mask", written(masks, place / "masks")]


def of_shapes(data: Path, place: Path) -> Given:
    del data, place
    return prompts([one.caption for one in unseen_scenes(8, COUNT)])


def of_emoji(data: Path, place: Path) -> Given:
    del place
    captions = captioned_emoji(data, SIZE)[1].captions
    assert captions is not None
    return prompts(list(captions[:COUNT]))


def prompts(captions: list[str]) -> Given:
    return [word for caption in captions for word in ("--prompt", caption)]


SHEETS: dict[str, Callable[[Path, Path], Given]] = {
    "cyclegan": cyclegan,
    "cyclegan-streets": maps_in_colours,
    "pix2pixhd": maps,
    "spade": maps,
    "edgeconnect": edgeconnect,
    "dalle-shapes": of_shapes,
    "dalle-emoji": of_emoji,
    "textgan-shapes": of_shapes,
    "textgan-emoji": of_emoji,
}


def main() -> None:
    asked = arguments()
    for name in asked.only:
        with tempfile.TemporaryDirectory() as scratch:
            if name in SHEETS:
                drawn(name, asked.data, asked.keep / name, Path(scratch))
            else:
                SINGLE[name](asked.data, asked.keep / "default", Path(scratch))


def drawn(name: str, data: Path, run: Path, place: Path) -> None:
    """The sheet of what a run makes of what is given."""
    done = verso(
        "generate", run, "--out", place / "made", "--home", place / "home", *SHEETS[name](data, place)
    )
    (sheet,) = (place / "made" / "contact-sheet").glob("*.png")
    shutil.copy2(sheet, GALLERY / f"{name}.png")
    say(f"{name}: {len(done['released'])} released, {len(done['held'])} held")


def invert(data: Path, run: Path, place: Path) -> None:
    """A few drawings found again: drawn from the code, and after tuning."""
    drawings = emoji(data, INVERTED_PX).held_a
    for number, file in enumerate(sorted(written(drawings[INVERTED], place / "given").iterdir())):
        for what, steps in (("code", 0), ("tuned", TUNED_STEPS)):
            asked = ("--out", place / f"{what}{number}", "--home", place / "home", "--tune", steps)
            keep(verso("invert", run, file, *asked), f"invert-{number}-{what}")


def dream(data: Path, run: Path, place: Path) -> None:
    """A micrograph, and what the critic of photographs of things sees in it."""
    micrographs = open_source(data / "bccd" / "train.parquet", size=DREAM_PX).images
    (file,) = written(micrographs[DREAMT : DREAMT + 1], place / "given").iterdir()
    for layer in DREAM_LAYERS:
        asked = ("--image", file, "--layer", layer, "--out", place / layer, "--home", place / "home")
        keep(verso("dream", run, *asked), f"dream-{layer[-1]}")


def keep(done: dict[str, Any], name: str) -> None:
    """The one file that was released; none where it was held."""
    for row in done["released"]:
        shutil.copy2(row["path"], GALLERY / f"{name}.png")
    say(f"{name}: {len(done['released'])} released")


SINGLE: dict[str, Callable[[Path, Path, Path], None]] = {"invert": invert, "dream": dream}


def written(images: Images, folder: Path) -> Path:
    """The folder, with a file for each picture or map."""
    folder.mkdir(parents=True)
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number:03}.png")
    return folder


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = os.environ.get("RECTOVERSO_TEST_DATA")
    parser.add_argument("--data", type=Path, default=known and Path(known), required=known is None)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "conditional")
    parser.add_argument("--only", nargs="+", choices=(*SHEETS, *SINGLE), default=(*SHEETS, *SINGLE))
    return parser.parse_args()


if __name__ == "__main__":
    main()
