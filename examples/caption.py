"""Pictures from words: train `dalle` on captioned pictures, then ask for some.

    python examples/caption.py [--data captioned.parquet] [--seconds 600] "a red circle left of a blue square"

The built-in scenes have captions of this kind. Of eight pictures made for each caption a scorer, taught on the same
data, picks the one that fits best.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import rectoverso

CAPTIONS = (
    "a red circle",
    "a blue star",
    "a green ring left of a yellow square",
    "a pink cross above a brown circle",
)


def main() -> None:
    asked = arguments()
    run, home = asked.out / "run", asked.out / "home"
    rectoverso.train(
        "dalle",
        data=asked.data,
        out=run,
        size=asked.size,
        max_seconds=asked.seconds,
        images=asked.images,
        home=home,
    )
    batch = rectoverso.generate(
        run, prompts=asked.captions or CAPTIONS, count=2, out=asked.out / "pictures", home=home
    )
    print(f"{len(batch.released)} released, {len(batch.held)} held, in {asked.out}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("captions", nargs="*")
    parser.add_argument("--data", default="shapes")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--images", type=int)
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="caption-")))
    return parser.parse_args()


if __name__ == "__main__":
    main()
