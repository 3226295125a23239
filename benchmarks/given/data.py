"""What the systems that make pictures from something are taught on, and what is kept from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.part import Part
from rectoverso.recto.data.source import open_source

SEED = 0
HELD_PAIRS, HELD_PHOTOGRAPHS, HELD_CIFAR = 300, 50, 1000


@dataclass(frozen=True)
class Emoji:
    """Two drawing styles: what is shown, unpaired, and pairs of concepts that neither set shows."""

    shown: Dataset
    held_a: NDArray[np.uint8]
    held_b: NDArray[np.uint8]


def emoji(folder: Path, size: int) -> Emoji:
    """300 concepts that both styles have are kept out of both sets."""
    files = [folder / "emoji" / f"{style}.parquet" for style in ("noto", "blob")]
    keys = [pq.read_table(file, columns=["key"])["key"].to_pylist() for file in files]
    held = _held_keys(*keys)
    sets = [open_source(file, size=size, channels=3) for file in files]
    shown = [
        _without(one, [key in set(held) for key in names]) for one, names in zip(sets, keys, strict=True)
    ]
    places = [[names.index(key) for key in held] for names in keys]
    held_a, held_b = (one.images[place] for one, place in zip(sets, places, strict=True))
    return Emoji(replace(shown[0], other=shown[1]), held_a, held_b)


def captioned_emoji(folder: Path, size: int) -> tuple[Dataset, Dataset]:
    """One style with its captions: what is shown, and the same 300 concepts kept out of it."""
    file = folder / "emoji" / "noto.parquet"
    keys = pq.read_table(file, columns=["key"])["key"].to_pylist()
    other = pq.read_table(folder / "emoji" / "blob.parquet", columns=["key"])["key"].to_pylist()
    held = set(_held_keys(keys, other))
    whole, out = open_source(file, size=size, channels=3), [key in held for key in keys]
    return _without(whole, out), _without(whole, [not one for one in out])


def cifar(folder: Path) -> tuple[Dataset, NDArray[np.uint8]]:
    """CIFAR-10's training pictures but the last 1,000, and these."""
    whole = open_source(folder / "cifar10" / "train.parquet")
    assert whole.labels is not None
    shown = replace(whole, images=whole.images[:-HELD_CIFAR], labels=whole.labels[:-HELD_CIFAR])
    return shown, whole.images[-HELD_CIFAR:]


def scenes(folder: Path, size: int) -> tuple[Dataset, Dataset]:
    """CamVid's own split: road scenes with masks to learn from, and others to be asked about."""
    shown = open_source(folder / "camvid" / "train.parquet", size=size)
    held = open_source(folder / "camvid" / "val.parquet", size=size, mask_classes=len(shown.regions))
    return shown, held


def photographs(folder: Path, size: int) -> tuple[Dataset, NDArray[np.uint8]]:
    """BSDS500's photographs but 50, and these."""
    whole = open_source(folder / "bsds500" / "train.parquet", size=size)
    held = np.zeros(len(whole), bool)
    held[np.random.default_rng(SEED).choice(len(whole), HELD_PHOTOGRAPHS, replace=False)] = True
    return _without(whole, held.tolist()), whole.images[held]


def _held_keys(a: list[str], b: list[str]) -> list[str]:
    return sorted(
        np.random.default_rng(SEED).choice(sorted(set(a) & set(b)), HELD_PAIRS, replace=False).tolist()
    )


def _without(dataset: Dataset, out: list[bool]) -> Dataset:
    places = np.flatnonzero(~np.array(out))
    part = Part(dataset, places)
    return Dataset(
        dataset.name,
        dataset.images[places],
        captions=part.captions,
        masks=part.masks,
        regions=dataset.regions,
    )
