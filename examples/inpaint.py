"""Fill a hole in a picture: train `edgeconnect` on photographs, then take something out of one of them.

    python examples/inpaint.py [--data photographs/ --picture one.jpg --mask mask.png] [--seconds 600]

The mask is a picture of the same size, white where to fill. Everything else stays, but for the watermark. Without
arguments the built-in scenes are learnt, and the middle of a new one is taken out.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

import rectoverso
from rectoverso.recto.data.shapes import scene


def main() -> None:
    asked = arguments()
    run, home = asked.out / "run", asked.out / "home"
    rectoverso.train(
        "edgeconnect", data=asked.data, out=run, size=asked.size, max_seconds=asked.seconds,
        images=asked.images, home=home,
    )  # fmt: skip
    picture, mask = asked.picture, asked.mask
    if picture is None:
        picture, mask = new_scene(asked.out, asked.size)
    batch = rectoverso.generate(run, images=picture, masks=mask, out=asked.out / "filled", home=home)
    print(f"{len(batch.released)} released, {len(batch.held)} held, in {asked.out}")


def new_scene(folder: Path, side: int) -> tuple[Path, Path]:
    """A scene that was not learnt, and a stroke through its middle."""
    Image.fromarray(scene(20_000, side).image).save(folder / "picture.png")
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).line([0, side * 0.45, side, side * 0.55], fill=255, width=side // 8)
    mask.save(folder / "mask.png")
    return folder / "picture.png", folder / "mask.png"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="shapes")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--mask", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--images", type=int)
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="inpaint-")))
    return parser.parse_args()


if __name__ == "__main__":
    main()
