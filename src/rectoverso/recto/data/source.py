"""DATA: from what a person typed to pictures in memory.

A folder (class = sub-folder), a zip under the same rule, a Parquet file with an ``image`` column, or a built-in by
its bare name (a folder of that name is ``./digits``).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from rectoverso.errors import BadImages, BadSetting, DataNotFound
from rectoverso.i18n import Phrase
from rectoverso.recto.data.check import BadImage, listing
from rectoverso.recto.data.dataset import Dataset, numbered
from rectoverso.recto.data.entry import Contents, Entry, unusable
from rectoverso.recto.data.picture import decode, short_side
from rectoverso.types import Message

__all__ = ["BUILTINS", "Dataset", "Listener", "open_source"]

Listener = Callable[[int, int], None]
"""Told now and then how many pictures have been read, and of how many."""

DEFAULT_SIZE = 32
LARGER_SIZE = 64
SIZES = range(8, 1025)
FEWEST = 2
_CHUNK = 256
_THREADS = 2
_SAMPLE = 256


def _digits(size: int) -> Dataset:
    from rectoverso.recto.data.digits import digits

    return digits(size)


def _shapes(size: int) -> Dataset:
    from rectoverso.recto.data.shapes import shapes

    return shapes(size)


BUILTINS: dict[str, Callable[[int], Dataset]] = {"digits": _digits, "shapes": _shapes}


def open_source(
    data: str | Path,
    *,
    size: int | None = None,
    channels: int | None = None,
    skip_bad: bool = False,
    listener: Listener | None = None,
) -> Dataset:
    """Read all pictures of DATA as ``size`` x ``size`` pixels.

    Without ``size`` it is 32, or 64 where most pictures have 48 pixels or more; RGB unless ``channels`` is 1 and all
    pictures are grey. Raises DataNotFound, DataUnusable, BadSetting; BadImages, which names each with its fix, unless
    ``skip_bad`` leaves them out.
    """
    _check_settings(size, channels)
    if str(data) in BUILTINS:
        return BUILTINS[str(data)](size or DEFAULT_SIZE)
    found = _contents(data)
    size = size or _natural_size(found.entries)
    _check_memory(data, len(found.entries), size)
    images, bad = _decoded(found.entries, size, listener)
    _check_bad(data, bad, len(found.entries), skip_bad=skip_bad)
    return _assembled(found, images, bad, channels)


def _check_settings(size: int | None, channels: int | None) -> None:
    if size is not None and size not in SIZES:
        facts = {"low": SIZES.start, "high": SIZES.stop - 1}
        raise _bad_setting("size", size, facts)
    if channels not in (None, 1, 3):
        raise _bad_setting("channels", channels, {})


def _bad_setting(name: str, value: object, facts: dict[str, int]) -> BadSetting:
    reason, advice = (Message(f"data.setting.{name}.{part}", facts) for part in ("reason", "advice"))
    return BadSetting(setting=f"{name} = {value}", reason=Phrase(reason), advice=Phrase(advice))


def _contents(data: str | Path) -> Contents:
    """The entries of whatever ``data`` turns out to be, told by its content and not its name."""
    if str(data).startswith("hf:"):
        raise unusable(data, "hub", name=str(data).removeprefix("hf:"))
    path = Path(data)
    try:
        if path.is_dir():
            from rectoverso.recto.data import folder

            return folder.contents(path)
        head = _head(path) if path.is_file() else None
    except OSError as error:
        raise unusable(data, "unlistable", words=error.strerror or str(error)) from error
    except ValueError:  # a NUL in the name
        head = None
    if head is None:
        raise DataNotFound(data=data, builtins=", ".join(BUILTINS))
    return _packed(path, head)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _packed(path: Path, head: bytes) -> Contents:
    if head.startswith(b"PK") or path.suffix.lower() == ".zip":
        from rectoverso.recto.data import archive

        return archive.contents(path)
    if head == b"PAR1" or path.suffix.lower() == ".parquet":
        from rectoverso.recto.data import parquet

        return parquet.contents(path)
    raise unusable(path, "one_file")


def _natural_size(entries: Sequence[Entry]) -> int:
    """32 or 64, by the median short side of up to 256 pictures spread evenly over the data."""
    step = max(1, len(entries) // _SAMPLE)
    with warnings.catch_warnings(action="ignore"):
        sides = [side for entry in entries[::step] if (side := short_side(entry)) is not None]
    return LARGER_SIZE if sides and median(sides) >= (DEFAULT_SIZE + LARGER_SIZE) / 2 else DEFAULT_SIZE


def _check_memory(data: str | Path, count: int, size: int) -> None:
    need = count * size * size * 3
    have = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if need > have * 0.8:
        raise unusable(data, "memory", count=count, size=size, need=need // 2**30, have=have // 2**30)


def _decoded(
    entries: Sequence[Entry], size: int, listener: Listener | None
) -> tuple[NDArray[np.uint8], dict[int, BadImage]]:
    """All pictures, N,H,W,C, and which of them are bad (their pixels mean nothing).

    Threads pay although Python holds them back: Pillow decodes and resizes outside the lock.
    """
    images_NHWC = np.zeros((len(entries), size, size, 3), dtype=np.uint8)
    bad: dict[int, BadImage] = {}

    def chunk(start: int) -> int:
        for place in range(start, min(start + _CHUNK, len(entries))):
            if found := decode(entries[place], images_NHWC[place]):
                bad[place] = found
        return min(start + _CHUNK, len(entries))

    # Pillow warns of every oddity that it forgives; what it does not forgive is in the list.
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor(_THREADS) as pool:
        for done in pool.map(chunk, range(0, len(entries), _CHUNK)):
            if listener:
                listener(done, len(entries))
    return images_NHWC, dict(sorted(bad.items()))


def _check_bad(data: str | Path, bad: dict[int, BadImage], total: int, *, skip_bad: bool) -> None:
    if bad and not skip_bad:
        raise BadImages(count=len(bad), total=total, listing=Phrase(*listing(bad.values())))
    if total - len(bad) < FEWEST:
        raise unusable(data, "too_few", count=total - len(bad), least=FEWEST, bad=len(bad))


def _assembled(
    found: Contents, images: NDArray[np.uint8], bad: dict[int, BadImage], channels: int | None
) -> Dataset:
    good = [place for place in range(len(images)) if place not in bad]
    entries = [found.entries[place] for place in good]
    images = images[good] if bad else images
    if channels == 1 and _all_grey(images):
        images = np.ascontiguousarray(images[..., :1])
    labels, classes, notes = numbered([entry.label for entry in entries], found.classes)
    captioned = any(entry.caption for entry in entries)
    return Dataset(
        name=found.name,
        images=images,
        labels=labels,
        classes=classes,
        captions=tuple(entry.caption or "" for entry in entries) if captioned else None,
        skipped=tuple(bad.values()),
        notes=found.notes + notes,
    )


def _all_grey(images_NHWC: NDArray[np.uint8]) -> bool:
    return bool((images_NHWC == images_NHWC[..., :1]).all())
