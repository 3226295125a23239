"""Give a picture made elsewhere its proof, then look at it as a stranger would.

Run it: python examples/seal_and_verify.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import rectoverso
from rectoverso.i18n import say


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        picture = place / "waves.png"
        draw_waves().save(picture)

        # Screened, marked, signed and logged: the file that comes out is the one to publish.
        batch = rectoverso.seal(picture, out=place / "sealed", home=place / "home")
        released = batch.released[0].path
        print(f"sealed: {released.name}")

        # Here the signer is known; on any other machine the file is intact, and its signer a stranger.
        for who, home in (("at home", place / "home"), ("elsewhere", place / "another-home")):
            report = rectoverso.verify(released, home=home)
            print(f"{who}: {report.outcome.value}")
            print(f"  {say(report.evidence[0])}")


def draw_waves(side: int = 256) -> Image.Image:
    y, x = np.mgrid[0:side, 0:side] / side
    red = 140 + 60 * np.sin(9 * x + 4 * np.sin(5 * y))
    green = 120 + 50 * np.cos(7 * y)
    blue = 150 + 40 * np.sin(6 * (x + y))
    return Image.fromarray(np.stack([red, green, blue], axis=-1).astype(np.uint8))


if __name__ == "__main__":
    main()
