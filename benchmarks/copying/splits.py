"""The pictures of each split: works, what is made of them, and pictures that are none of them.

    photographs     250 photographs, 11 road scenes and 239 micrographs. No copies: 50 other photographs, road scenes
                    of other drives, mosaics; no micrographs, for fields of one smear overlap.
    10,000 works    The same, and 9,500 mosaics and drawings beside them.
    emoji           Drawings in one hand that a register takes, none twice in other colours. No copies: drawings in
                    another, of the same things and others; but letters that are a work's in another type are none.
    64px            The photographs, small. No copies: as above, and small pictures in place of mosaics.
    32px            Small pictures. No copies: others.

Copies in `photographs` are made of photographs; of road scenes and micrographs some more, which are told apart. A
mosaic is six small pictures beside one another, each of them in one mosaic only. One of the others that is the same
picture as a work (``same_pictures``) is left out, and works that are one picture are each other's twins: either is the
right answer. CIFAR-10 has many photographs twice, cut or toned otherwise: where mosaics are works, a mosaic with a
picture much like one of theirs is not among the others.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pdqhash
import pyarrow.parquet as pq
from copying import drawings
from copying.attacks import ATTACKS
from marks.attacks import Pixels
from numpy.typing import NDArray
from PIL import Image

from rectoverso.verso.registry.gate import has_nothing_of_its_own
from rectoverso.verso.screen.sketch import Sketch

TWIN_BITS = 31
TWIN_TONES = 4.0
MOSAIC = (2, 3)
TILE_PX = 96
STRANGE_MOSAICS, ALL_MOSAICS = 320, 8320
SMALL_PX = 64
TILE_TWINS = 0.75
"""From this correlation on, mirrored or not, small pictures may be one photograph: above 0.85 a half of them are."""


@dataclass(frozen=True)
class Query:
    """A picture that is made when it is asked: of a work, or of what is none. ``beside`` is what an attack pastes it
    into; ``window`` seeds the piece that is cut out first, 0 for none.
    """

    picture: int
    beside: int
    attack: str | None
    is_copy: bool
    window: int = 0


@dataclass
class Split:
    """``origins`` say of each work what it is; copies are made of the works ``sources``, and counted if their origin is
    ``counted``.
    """

    name: str
    works: list[Pixels]
    origins: list[str]
    others: list[Pixels]
    counted: str
    sources: list[int]
    left_out: int = 0
    twins: dict[int, set[int]] = field(default_factory=dict)

    def copies(self, attacks: Sequence[str]) -> list[Query]:
        """Each source after each attack."""
        sources = enumerate(self.sources)
        return [
            Query(source, (7 * number) % len(self.others), attack, is_copy=True)
            for number, source in sources
            for attack in attacks
        ]

    def strangers(self, attacks: Sequence[str], at_most: int) -> list[Query]:
        """All others as they are, then pieces of them after one attack after the other, and other pieces again, until
        there are so many.
        """
        count = len(self.others)
        asked = [Query(number, (number + 1) % count, None, is_copy=False) for number in range(count)]
        first = 0
        while attacks and len(asked) < at_most:
            changed = [
                Query(number, (number + 1 + turn) % count, attack, is_copy=False, window=first + 1 + turn)
                for turn, attack in enumerate(attacks)
                for number in range(count)
            ]
            asked += [changed[index] for index in shuffled(len(changed))]
            first += len(attacks)
        return asked[:at_most]

    def made(self, query: Query) -> Pixels:
        """The picture that is asked."""
        pixels = (self.works if query.is_copy else self.others)[query.picture]
        if query.window:
            pixels = piece(pixels, query.window * 100_003 + query.picture)
        return ATTACKS[query.attack](pixels, self.others[query.beside]) if query.attack else pixels

    def is_right(self, query: Query, work: int) -> bool:
        return query.is_copy and (work == query.picture or work in self.twins.get(query.picture, ()))


def split(name: str, data: Path, *, works: int, sources: int) -> Split:
    """The split of that name, of the pictures in the folder ``data``."""
    made = SPLITS[name](data, works, sources)
    keep, made.twins = same_pictures(made.works, made.others)
    made.left_out = len(made.others) - len(keep)
    made.others = [made.others[index] for index in keep]
    return made


def photographs(data: Path, works: int, sources: int) -> Split:
    half, scenes, cells = works // 2, max(1, works // 45), works - works // 2 - max(1, works // 45)
    photos, micrographs = pictures(data / "bsds500/train.parquet"), pictures(data / "bccd/train.parquet")
    drives = by_drive(data)
    half = min(half, len(photos) - 50)
    known = [
        *((pixels, "photograph") for pixels in photos[:half]),
        *((pixels, "road scene") for pixels in drives["0006R0"][::9][:scenes]),
        *((pixels, "micrograph") for pixels in micrographs[:cells]),
    ]
    others = [*photos[half : half + 50], *drives["0001TP"], *drives["0016E5"][::2]]
    others += mosaics(data / "cifar10/train.parquet", STRANGE_MOSAICS)
    kinds = [origin for _, origin in known]
    return Split(
        "photographs",
        [pixels for pixels, _ in known],
        kinds,
        others,
        "photograph",
        _sources(kinds, {"photograph": sources, "road scene": sources // 10, "micrograph": sources // 6}),
    )


def many(data: Path, works: int, sources: int) -> Split:
    made = photographs(data, works, sources)
    beside = mosaics(data / "cifar10/train.parquet", ALL_MOSAICS)[STRANGE_MOSAICS:]
    shared = has_twins(pictures(data / "cifar10/train.parquet"), STRANGE_MOSAICS)
    strange = made.others[-STRANGE_MOSAICS:]
    made.others[-STRANGE_MOSAICS:] = [one for one, has in zip(strange, shared, strict=True) if not has]
    drawn = pictures(data / "emoji/noto.parquet")[: 19 * works - len(beside)]
    made.works += [*beside, *drawn]
    made.origins += ["mosaic"] * len(beside) + ["drawing"] * len(drawn)
    made.name = "10,000 works"
    return made


def emoji(data: Path, works: int, sources: int) -> Split:
    drawn, keys = pictures(data / "emoji/noto.parquet"), column(data / "emoji/noto.parquet", "key")
    families = drawings.first_of_families(keys)
    order = [families[place] for place in shuffled(len(families))]
    taken = [place for place in order if not has_nothing_of_its_own(drawn[place], Sketch.of(drawn[place]))][
        :works
    ]
    kinds = ["drawing"] * len(taken)
    strangers = drawings.in_another_hand({drawings.family(keys[place]) for place in taken})
    pixels, others = [drawn[place] for place in taken], [on_white(png) for png in strangers]
    return Split("emoji", pixels, kinds, others, "drawing", _sources(kinds, {"drawing": sources}))


def small(data: Path, works: int, sources: int) -> Split:
    made = photographs(data, works, sources)
    made.name = "64px"
    made.works = [shrunk(pixels) for pixels in made.works]
    made.others = [shrunk(pixels) for pixels in made.others[:-STRANGE_MOSAICS]]
    made.others += [sized(pixels) for pixels in pictures(data / "cifar10/test.parquet", 1000)]
    return made


def tiny(data: Path, works: int, sources: int) -> Split:
    known = pictures(data / "cifar10/test.parquet", works)
    kinds = ["small picture"] * len(known)
    others = pictures(data / "cifar10/train.parquet", 20_000)
    return Split("32px", known, kinds, others, "small picture", _sources(kinds, {"small picture": sources}))


SPLITS: dict[str, Callable[[Path, int, int], Split]] = {
    "photographs": photographs,
    "10,000 works": many,
    "emoji": emoji,
    "64px": small,
    "32px": tiny,
}


def _sources(kinds: Sequence[str], counts: dict[str, int]) -> list[int]:
    """So many works of each kind, taken evenly."""
    found: list[int] = []
    for kind, count in counts.items():
        of_kind = [number for number, origin in enumerate(kinds) if origin == kind]
        found += of_kind[:: max(1, len(of_kind) // max(1, count))][:count]
    return found


def pictures(path: Path, at_most: int | None = None) -> list[Pixels]:
    """The pictures of a Parquet file in RGB, on white."""
    return [on_white(row["bytes"]) for row in column(path, "image")[:at_most]]


def column(path: Path, name: str) -> list[Any]:
    return list(pq.read_table(path, columns=[name])[name].to_pylist())


def by_drive(data: Path) -> dict[str, list[Pixels]]:
    """Road scenes by the drive they were filmed on: scenes of one drive show the same street."""
    found: dict[str, list[Pixels]] = {}
    for row in column(data / "camvid/train.parquet", "image"):
        found.setdefault(row["path"][:6], []).append(on_white(row["bytes"]))
    return found


def mosaics(path: Path, at_most: int) -> list[Pixels]:
    """Six small pictures each."""
    rows, columns = MOSAIC
    tiles = [sized(pixels, TILE_PX) for pixels in pictures(path, at_most * rows * columns)]
    whole = range(0, len(tiles) - rows * columns + 1, rows * columns)
    return [
        np.vstack([np.hstack(tiles[at + row * columns : at + (row + 1) * columns]) for row in range(rows)])
        for at in whole
    ]


def has_twins(tiles: Sequence[Pixels], count: int) -> list[bool]:
    """Of each of the first so many mosaics, whether one of its pictures is much like one in the mosaics after them."""
    each = MOSAIC[0] * MOSAIC[1]
    ours = np.stack(tiles[: count * each])
    theirs = _normal(np.stack(tiles[count * each :]))
    likeness: NDArray[np.float32] = np.full(len(ours), -1.0, np.float32)
    for view in (_normal(ours), _normal(ours[:, :, ::-1])):
        for at in range(0, len(theirs), 5_000):
            likeness = np.maximum(likeness, (view @ theirs[at : at + 5_000].T).max(axis=1))
    return [bool(of_one.max() >= TILE_TWINS) for of_one in likeness.reshape(count, each)]


def _normal(tiles: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As vectors of length 1 around their mean."""
    flat: NDArray[np.float32] = tiles.reshape(len(tiles), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    return flat


def on_white(data: bytes) -> Pixels:
    image = Image.open(io.BytesIO(data)).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))


def shrunk(pixels: Pixels) -> Pixels:
    """The shorter side 64 pixels."""
    factor = SMALL_PX / min(pixels.shape[:2])
    size = [round(side * factor) for side in pixels.shape[1::-1]]
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def sized(pixels: Pixels, side_px: int = SMALL_PX) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((side_px, side_px), Image.Resampling.BICUBIC))


def piece(pixels: Pixels, seed: int) -> Pixels:
    """Between half and all of each side, from anywhere."""
    share, down, across = np.random.default_rng(seed).random(3)
    height, width = (max(24, round(side * (0.5 + share / 2))) for side in pixels.shape[:2])
    top, left = (
        round(at * max(0, side - cut)) for at, side, cut in _cuts(pixels, height, width, down, across)
    )
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def _cuts(
    pixels: Pixels, height: int, width: int, down: float, across: float
) -> Iterator[tuple[float, int, int]]:
    yield down, pixels.shape[0], height
    yield across, pixels.shape[1], width


def shuffled(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).permutation(count)


def same_pictures(works: Sequence[Pixels], others: Sequence[Pixels]) -> tuple[list[int], dict[int, set[int]]]:
    """Which of the others are no work's picture, and which works are one picture.

    The same are two whose PDQ hashes differ by at most 31 bits and whose tones, at 32 x 32, by 4 of 255 on average.
    """
    known, thumbs = _hashes(works), _thumbs(works)
    theirs, their_thumbs = _hashes(others), _thumbs(others)
    twins: dict[int, set[int]] = {}
    for number in range(len(works)):
        alike = _alike(known[number], thumbs[number], known, thumbs) - {number}
        if alike:
            twins[number] = alike
    keep = [
        index for index in range(len(others)) if not _alike(theirs[index], their_thumbs[index], known, thumbs)
    ]
    return keep, twins


def _alike(one: Any, thumb: Any, many: Any, thumbs: Any) -> set[int]:
    near = np.flatnonzero(np.bitwise_count(many ^ one).sum(axis=1, dtype=int) <= TWIN_BITS)
    return {int(at) for at in near if np.abs(thumbs[at] - thumb).mean() <= TWIN_TONES}


def _hashes(many: Sequence[Pixels]) -> NDArray[np.uint8]:
    return np.stack([np.packbits(pdqhash.compute(sized(pixels, 64))[0].astype(bool)) for pixels in many])


def _thumbs(many: Sequence[Pixels]) -> NDArray[np.float32]:
    return np.stack([sized(pixels, 32).astype(np.float32) for pixels in many])
