"""What `conditional.py` shows its systems, as files to carry to another machine: the held-out data stays here.

python benchmarks/gpu/pack.py --data ../shared/data --out .gpu
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

sys.path.append(str(Path(__file__).parents[1]))
from given.data import STYLES, drawn_scenes, held_emoji, held_photographs
from given.streets import streets

from rectoverso.recto.data.dataset import Dataset

SIDE = 64
STREETS = "256x192"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for style, held_N in zip(STYLES, held_emoji(asked.data), strict=True):
        table = pq.read_table(asked.data / "emoji" / f"{style}.parquet")
        pq.write_table(table.filter(pa.array(~held_N)), asked.out / f"{style}.parquet")
    table = pq.read_table(asked.data / "bsds500" / "train.parquet")
    pq.write_table(table.filter(pa.array(~held_photographs(len(table)))), asked.out / "bsds500.parquet")
    pq.write_table(pq.read_table(asked.data / "camvid" / "train.parquet"), asked.out / "camvid.parquet")
    shown = streets(asked.data, STREETS).shown
    assert shown.other is not None
    for one in (shown, shown.other):
        pq.write_table(pa.table({"image": _files(one)}), asked.out / f"{one.name}.parquet")
    scenes = drawn_scenes(SIDE)
    pq.write_table(
        pa.table({"image": _files(scenes), "caption": scenes.captions}), asked.out / "shapes.parquet"
    )


def _files(dataset: Dataset) -> list[dict[str, bytes]]:
    return [{"bytes": _png(image)} for image in dataset.images]


def _png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
