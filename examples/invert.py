"""A real picture inside a generator: find its code, tune a copy of the generator to it, and draw it anew.

    python examples/invert.py [--run runs/first --picture mine.png] [--steps 200 --tune 100]

Without arguments a generator of scenes is trained for a short while, and a scene that it never saw is looked for.
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
    home, run, picture = asked.out / "home", asked.run or asked.out / "run", asked.picture
    if asked.run is None:
        rectoverso.train("default", data="shapes", out=run, size=asked.size, images=asked.images, home=home)
    if picture is None:
        picture = asked.out / "picture.png"
        Image.fromarray(scene(20_000, asked.size).image).save(picture)
    for tune in (0, asked.tune):
        out = asked.out / f"tuned-{tune}"
        found = rectoverso.invert(run, picture, steps=asked.steps, starts=2, tune=tune, out=out, home=home)
        print(f"tuned for {tune} steps: {found.psnr_db:.1f} dB, SSIM {found.ssim:.3f}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--tune", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="invert-")))
    return parser.parse_args()


if __name__ == "__main__":
    main()
