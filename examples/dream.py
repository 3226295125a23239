"""What a network looks for: dream on the critic of a run, from noise and from a picture.

    python examples/dream.py [--run runs/first --picture mine.jpg]

Without arguments a generator of scenes is trained for a short while; its critic then dreams of its middle layer, once
from noise and once from a scene.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from PIL import Image

import rectoverso
from rectoverso.recto.data.shapes import scene
from rectoverso.workflow.dream import layers_of


def main() -> None:
    asked = arguments()
    home, run, picture = asked.out / "home", asked.run or asked.out / "run", asked.picture
    if asked.run is None:
        rectoverso.train("default", data="shapes", out=run, size=asked.size, images=asked.images, home=home)
    if picture is None:
        picture = asked.out / "picture.png"
        Image.fromarray(scene(20_000, 96).image).save(picture)
    layers = layers_of(run)
    middle = layers[len(layers) // 2].name
    for image in (None, picture):
        dreamed = rectoverso.dream(
            run, image=image, layer=middle, octaves=2, steps=asked.steps, out=asked.out / "dreams", home=home
        )
        print(f"{middle}: from {dreamed.before:.2f} to {dreamed.after:.2f}, in {asked.out}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="dream-")))
    return parser.parse_args()


if __name__ == "__main__":
    main()
