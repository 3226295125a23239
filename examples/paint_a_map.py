"""A picture from a map that you paint: train `spade` on pictures with masks, paint classes, see them become a scene.

    python examples/paint_a_map.py [--data scenes.parquet] [--seconds 600]

A map is a grey PNG in which each level is the number of a class. Here one is painted of the built-in classes: a ring
left of a star, on the ground. The same map is drawn in four styles, one a seed.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

import rectoverso
from rectoverso.recto.data.shapes import SHAPES


def main() -> None:
    asked = arguments()
    run, home = asked.out / "run", asked.out / "home"
    rectoverso.train(
        "spade", data=asked.data, out=run, size=asked.size, max_seconds=asked.seconds, images=asked.images,
        home=home,
    )  # fmt: skip
    painted = asked.map or ring_and_star(asked.out / "map.png", asked.size)
    batch = rectoverso.generate(run, images=painted, count=4, out=asked.out / "scenes", home=home)
    print(f"{len(batch.released)} released, {len(batch.held)} held, in {asked.out}")


def ring_and_star(file: Path, side: int) -> Path:
    """Class 0 is the ground; a shape's class is one more than its place among the shapes."""
    canvas = Image.new("L", (side, side), 0)
    brush, unit = ImageDraw.Draw(canvas), side / 32
    brush.ellipse(
        [4 * unit, 10 * unit, 14 * unit, 20 * unit], outline=1 + SHAPES.index("ring"), width=round(2 * unit)
    )
    star = [(23, 8), (25, 13), (30, 13), (26, 17), (28, 22), (23, 19), (18, 22), (20, 17), (16, 13), (21, 13)]
    brush.polygon([(x * unit, y * unit) for x, y in star], fill=1 + SHAPES.index("star"))
    file.parent.mkdir(parents=True, exist_ok=True)
    canvas.save(file)
    return file


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="shapes")
    parser.add_argument("--map", type=Path)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--images", type=int)
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="paint-")))
    return parser.parse_args()


if __name__ == "__main__":
    main()
