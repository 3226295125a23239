"""The pictures that marks are tried on: photographs of several sets, and what our own systems drew.

| set | what |
| --- | --- |
| photographs | BSDS500: middles at 512 pixels (enlarged from 321), as they are, and pieces of 128, 64 and 32 |
| road scenes, micrographs | CamVid at 256x192 and BCCD at 640x480, where they lie beside it |
| generated | the sheets of docs/gallery cut apart, 32, 64 and 192 pixels; a folder that is named |

The mark was neither chosen nor tried on any but photographs: of these `TUNED_ON` is left out, but some two thirds of
the others were looked at when its strength was chosen (ADR 0009). A sheet left by the door and has a mark of its own,
whose grid is not that of its pieces. Photographs may not be passed on; figures may.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from marks.attacks import Pixels
from PIL import Image

GALLERY = Path(__file__).resolve().parents[2] / "docs" / "gallery"
TUNED_ON = {*range(0, 300, 18), *range(0, 300, 25)}
"""The rows of BSDS500 that the watermark was tried on while it was made."""
_GAP = 4
"""Pixels between the pictures of a sheet, and around them."""
_SHEETS = {
    32: ("dcgan", "progressive", "stylegan", "stylegan2", "biggan", "default"),
    64: ("emoji", "blobs", "blood-cells", "dalle-emoji", "spade", "pix2pixhd"),
    192: ("edgeconnect",),
}


@dataclass(frozen=True)
class Sources:
    """Where pictures lie. ``count`` photographs of a set, three times as many pieces of them."""

    bsds: Path
    others: Path | None
    generated: Path | None
    count: int


Set = Callable[[Sources], list[Pixels]]


@lru_cache(maxsize=32)
def pictures(name: str, sources: Sources) -> list[Pixels]:
    return LARGE[name](sources) if name in LARGE else SMALL_SETS[name](sources)


def there(sources: Sources) -> tuple[list[str], list[str]]:
    """The names of the large and of the small sets that can be had."""
    without = set() if sources.others else {"road scenes, 256x192 px", "micrographs, 640x480 px"}
    without |= set() if sources.generated else {"generated, as given"}
    large, small = ([name for name in sets if name not in without] for sets in (LARGE, SMALL_SETS))
    return large, small


def squares(side: int) -> Set:
    """The middle of each photograph, as large as it is: from 321 pixels on it is enlarged, below it is a piece."""

    def made(sources: Sources) -> list[Pixels]:
        return [_square(one, side) for one in _photographs(sources, sources.count)]

    return made


def pieces(side: int) -> Set:
    def made(sources: Sources) -> list[Pixels]:
        return [_square(one, side) for one in _photographs(sources, 3 * sources.count)]

    return made


def cut_sheets(side: int) -> Set:
    """A few pictures of each sheet, evenly taken."""

    def made(sources: Sources) -> list[Pixels]:
        cut = [
            _cut(np.asarray(Image.open(GALLERY / f"{name}.png").convert("RGB")), side)
            for name in _SHEETS[side]
        ]
        each = -(-sources.count // len(cut))
        return [one for sheet in cut for one in sheet[:: max(1, len(sheet) // each)][:each]]

    return made


def of_set(folder: str, share: float = 1 / 4) -> Set:
    """Some of another set's pictures, evenly taken."""

    def made(sources: Sources) -> list[Pixels]:
        assert sources.others is not None
        file = sources.others / folder / "train.parquet"
        return [np.asarray(one) for one in _opened(file, frozenset(), max(1, round(share * sources.count)))]

    return made


def _given(sources: Sources) -> list[Pixels]:
    assert sources.generated is not None
    return [np.asarray(Image.open(file).convert("RGB")) for file in sorted(sources.generated.glob("*.png"))]


LARGE: dict[str, Set] = {
    "photographs, 512 px": squares(512),
    "photographs, 481x321 px": lambda sources: [
        np.asarray(one) for one in _photographs(sources, sources.count)
    ],
    "micrographs, 640x480 px": of_set("bccd"),
    "generated, as given": _given,
}
SMALL_SETS: dict[str, Set] = {
    "photographs, 128 px": pieces(128),
    "photographs, 64 px": pieces(64),
    "photographs, 32 px": pieces(32),
    "road scenes, 256x192 px": of_set("camvid"),
    "generated, 192 px": cut_sheets(192),
    "generated, 64 px": cut_sheets(64),
    "generated, 32 px": cut_sheets(32),
}


def _photographs(sources: Sources, count: int) -> list[Image.Image]:
    return _opened(sources.bsds, frozenset(TUNED_ON), count)


def _opened(file: Path, without: frozenset[int], count: int) -> list[Image.Image]:
    rows = [one for number, one in enumerate(_rows(file)) if number not in without]
    chosen = rows[:: max(1, len(rows) // count)][:count]
    return [Image.open(io.BytesIO(one)).convert("RGB") for one in chosen]


@lru_cache(maxsize=4)
def _rows(file: Path) -> list[bytes]:
    return [one["bytes"] for one in pq.read_table(file, columns=["image"])["image"].to_pylist()]


def _square(image: Image.Image, side: int) -> Pixels:
    cut = min(*image.size) if side >= min(image.size) else side
    left, top = (image.width - cut) // 2, (image.height - cut) // 2
    piece = image.crop((left, top, left + cut, top + cut))
    return np.asarray(piece.resize((side, side), Image.Resampling.LANCZOS))


def _cut(sheet: Pixels, side: int) -> list[Pixels]:
    rows, columns = ((length - _GAP) // (side + _GAP) for length in sheet.shape[:2])
    corners = [
        (_GAP + row * (side + _GAP), _GAP + column * (side + _GAP))
        for row in range(rows)
        for column in range(columns)
    ]
    return [np.ascontiguousarray(sheet[top : top + side, left : left + side]) for top, left in corners]
