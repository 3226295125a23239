"""From one drawing style to another, without pairs: train `cyclegan` on two folders, then translate pictures.

    python examples/translate.py --a noto.parquet --b blob.parquet --pictures my-drawings/ [--seconds 600]

Without arguments it makes two sets of its own: the built-in scenes, and such scenes in the colours of night.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from PIL import Image

import rectoverso
from rectoverso.recto.data.shapes import scene


def main() -> None:
    asked = arguments()
    day, night = (
        asked.a or made(asked.out / "day", 0),
        asked.b or made(asked.out / "night", 10_000, dark=True),
    )
    run = asked.out / "run"
    rectoverso.train(
        "cyclegan", data=day, data_b=night, out=run, size=asked.size, max_seconds=asked.seconds,
        images=asked.images, home=asked.out / "home",
    )  # fmt: skip
    batch = rectoverso.generate(
        run, images=asked.pictures or made(asked.out / "new", 20_000, count=8), out=asked.out / "translated",
        home=asked.out / "home",
    )  # fmt: skip
    print(f"{len(batch.released)} released, {len(batch.held)} held, in {asked.out}")


def made(folder: Path, first: int, count: int = 128, *, dark: bool = False) -> Path:
    """A folder of scenes, no two folders with the same ones; in the dark, blue and at a third of the light."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(first, first + count):
        pixels = scene(index, 64).image.astype(float)
        pixels = pixels * (0.25, 0.3, 0.5) if dark else pixels
        Image.fromarray(pixels.astype("uint8")).save(folder / f"{index}.png")
    return folder


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--a", type=Path)
    parser.add_argument("--b", type=Path)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--images", type=int)
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="translate-")))
    return parser.parse_args()


if __name__ == "__main__":
    main()
