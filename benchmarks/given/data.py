"""What the systems that make pictures from something are taught on, and what is kept from them."""

from __future__ import annotations

import hashlib
import itertools
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.part import Part
from rectoverso.recto.data.shapes import Scene, scene, shapes
from rectoverso.recto.data.source import open_source

SEED = 0
STYLES = ("noto", "blob")
VARIANTS = re.compile(r"_1f3f[b-f]|_200d_264[02]|_fe0f")
HELD_PAIRS, HELD_PHOTOGRAPHS, HELD_CIFAR = 300, 50, 1000
DRAWN_SCENES, UNSEEN = 16_384, 100_000
"""So many built-in scenes are shown, but those with a held caption; scenes from index ``UNSEEN`` on never are."""
HELD_CAPTIONS = 8
"""One caption in so many is never shown, word for word, of those that name one thing as of those that name two."""


@dataclass(frozen=True)
class Emoji:
    """Two drawing styles: what is shown, unpaired, and pairs of concepts that neither set shows."""

    shown: Dataset
    held_a: NDArray[np.uint8]
    held_b: NDArray[np.uint8]


def emoji(folder: Path, size: int) -> Emoji:
    """Concepts that both styles have are kept out of both sets, 300 drawings of them or a few more."""
    sets = [open_source(folder / "emoji" / f"{style}.parquet", size=size, channels=3) for style in STYLES]
    keys = [_keys(folder, style) for style in STYLES]
    shown = [_without(one, held) for one, held in zip(sets, held_emoji(folder), strict=True)]
    held_a, held_b = (
        one.images[[names.index(key) for key in _held_keys(*keys)]]
        for one, names in zip(sets, keys, strict=True)
    )
    return Emoji(replace(shown[0], other=shown[1]), held_a, held_b)


def shown_pairs(folder: Path, shown: Dataset) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Of what is shown, the drawings that both styles have, as pairs: for who may be told."""
    assert shown.other is not None
    names = [
        [key for key, held in zip(_keys(folder, style), held_N, strict=True) if not held]
        for style, held_N in zip(STYLES, held_emoji(folder), strict=True)
    ]
    both = sorted(set(names[0]) & set(names[1]))
    a, b = (
        one.images[[keys.index(key) for key in both]]
        for one, keys in zip((shown, shown.other), names, strict=True)
    )
    return a, b


def held_groups(folder: Path) -> list[str]:
    """What each of the pictures that `captioned_emoji` keeps is of, whatever its skin or sex."""
    names, held_N = _keys(folder, STYLES[0]), held_emoji(folder)[0]
    return [group_of(key) for key, held in zip(names, held_N, strict=True) if held]


def group_of(key: str) -> str:
    """The key of an emoji without skin tones and signs of sex: of one concept there may be a dozen drawings."""
    return VARIANTS.sub("", key)


def captioned_emoji(folder: Path, size: int) -> tuple[Dataset, Dataset]:
    """One style with its captions: what is shown, and the drawings of the same concepts, kept out of it."""
    whole, held_N = (
        open_source(folder / "emoji" / "noto.parquet", size=size, channels=3),
        held_emoji(folder)[0],
    )
    return _without(whole, held_N), _without(whole, ~held_N)


def drawn_scenes(size: int) -> Dataset:
    """Built-in scenes and their captions, without those whose caption is held."""
    whole = replace(shapes(size, DRAWN_SCENES), masks=None, regions=())
    assert whole.captions is not None
    return _without(whole, np.array([is_held(caption) for caption in whole.captions]))


def unseen_scenes(size: int, count: int) -> list[Scene]:
    """So many further scenes, all with captions that are held."""
    further = (scene(index, size) for index in itertools.count(UNSEEN))
    return list(itertools.islice((one for one in further if is_held(one.caption)), count))


def is_held(caption: str) -> bool:
    return hashlib.sha256(caption.encode()).digest()[0] % HELD_CAPTIONS == 0


def cifar(folder: Path) -> tuple[Dataset, NDArray[np.uint8]]:
    """CIFAR-10's training pictures but the last 1,000, and these."""
    whole = open_source(folder / "cifar10" / "train.parquet")
    assert whole.labels is not None
    shown = replace(whole, images=whole.images[:-HELD_CIFAR], labels=whole.labels[:-HELD_CIFAR])
    return shown, whole.images[-HELD_CIFAR:]


def scenes(folder: Path, size: int | str) -> tuple[Dataset, Dataset]:
    """CamVid's own split: road scenes with masks to learn from, and others to be asked about."""
    shown = open_source(folder / "camvid" / "train.parquet", size=size)
    held = open_source(folder / "camvid" / "val.parquet", size=size, mask_classes=len(shown.regions))
    return shown, held


def photographs(folder: Path, size: int) -> tuple[Dataset, NDArray[np.uint8]]:
    """BSDS500's photographs but 50, and these."""
    whole = open_source(folder / "bsds500" / "train.parquet", size=size)
    held_N = held_photographs(len(whole))
    return _without(whole, held_N), whole.images[held_N]


def held_emoji(folder: Path) -> list[NDArray[np.bool_]]:
    """Which pictures (N,) of each style are kept back: all that are of the held concepts."""
    keys = [_keys(folder, style) for style in STYLES]
    groups = {group_of(key) for key in _held_keys(*keys)}
    return [np.array([group_of(key) in groups for key in names]) for names in keys]


def held_photographs(count: int) -> NDArray[np.bool_]:
    """Which of so many photographs are kept back."""
    held_N = np.zeros(count, bool)
    held_N[np.random.default_rng(SEED).choice(count, HELD_PHOTOGRAPHS, replace=False)] = True
    return held_N


def _keys(folder: Path, style: str) -> list[str]:
    keys: list[str] = pq.read_table(folder / "emoji" / f"{style}.parquet", columns=["key"])["key"].to_pylist()
    return keys


def _held_keys(a: list[str], b: list[str]) -> list[str]:
    """Whole groups, drawn until they are enough: what is held has no near twin among what is shown."""
    both = sorted(set(a) & set(b))
    groups = np.random.default_rng(SEED).permutation(sorted({group_of(key) for key in both}))
    held: list[str] = []
    for group in groups:
        if len(held) < HELD_PAIRS:
            held += [key for key in both if group_of(key) == group]
    return held


def _without(dataset: Dataset, out_N: NDArray[np.bool_]) -> Dataset:
    part = Part(dataset, np.flatnonzero(~out_N))
    return Dataset(
        dataset.name,
        dataset.images[~out_N],
        captions=part.captions,
        masks=part.masks,
        regions=dataset.regions,
    )
