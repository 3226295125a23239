"""Masks: pictures whose levels are classes, brought to the frame of the pictures that they belong to.

A grey mask of 16 bits (PNG or TIFF) may tell instances too, as those of Cityscapes do (Cordts et al. 2016,
arXiv:1604.01685): 1000 times the class and the number of the instance, where there is one, and the class alone where
there is none.

A mask may be smaller or larger than its picture, but of its shape: it is cut exactly as its picture is and resized by
taking the nearest pixel, for a class is never an average of two. Classes are counted from 0 without gaps; the first
pixel of a class that there is none of stops the reading.

Shape suffixes: N images, H height, W width.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.errors import BadImages, FilesUnusable
from rectoverso.i18n import Phrase
from rectoverso.recto.data.check import BadImage, bad, damage, listing, open_checked, unreadable
from rectoverso.recto.data.entry import Entry, unusable
from rectoverso.recto.data.frame import Frame
from rectoverso.recto.data.picture import centred, sides_of

PLAIN = ("1", "L", "P", "I;16", "I;16B")
COLOURED = ("RGB", "RGBA")
MOST_CLASSES = 64
INSTANCES = 1000
UINT8 = 255
_THREADS = 2

Masks = NDArray[np.unsignedinteger[Any]]


def classes_in(mask: Masks) -> Masks:
    """The class of each pixel, whatever its instance."""
    return np.where(mask < INSTANCES, mask, mask // INSTANCES) if mask.itemsize > 1 else mask


def read_masks(
    data: object, entries: Sequence[Entry], frame: Frame, names: tuple[str, ...], count: int | None = None
) -> tuple[Masks, tuple[str, ...]] | None:
    """The masks (N, H, W) of all entries and the names of their classes; None where an entry has none.

    ``names`` are the classes' where the data has names for them; else there are ``count``, or as many as occur. Raises
    BadImages for masks that cannot be used, and for classes that there are none of.
    """
    if not entries or any(entry.mask is None for entry in entries):
        return None
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor(_THREADS) as pool:
        read = list(pool.map(lambda entry: _read(entry, frame), entries))
    faults = [mask for mask in read if isinstance(mask, BadImage)]
    if faults:
        raise BadImages(count=len(faults), total=len(entries), listing=Phrase(*listing(faults)))
    mask_NHW = np.stack([mask for mask in read if not isinstance(mask, BadImage)])
    classes = len(names) or count or _counted(data, mask_NHW)
    unknown = [
        unknown_class(entry.path, _whole(entry), classes)  # pixels as they are counted in the file
        for entry, mask_HW in zip(entries, mask_NHW, strict=True)
        if classes_in(mask_HW).max() >= classes
    ]
    if unknown:
        raise BadImages(count=len(unknown), total=len(entries), listing=Phrase(*listing(unknown)))
    return mask_NHW, names or tuple(str(number) for number in range(classes))


def unknown_class(path: str, mask_HW: Masks | BadImage, classes: int) -> BadImage:
    """What to say of a mask with a class that there is none of: which, where first, and how many pixels."""
    if isinstance(mask_HW, BadImage):
        return mask_HW
    class_HW = classes_in(mask_HW)
    row, column = np.argwhere(class_HW >= classes)[0]
    return bad(
        f"{path} (mask)",
        "unknown_class",
        number=int(class_HW[row, column]),
        column=int(column),
        row=int(row),
        pixels=int((class_HW >= classes).sum()),
        last=classes - 1,
    )


def read_map(path: Path) -> Masks:
    """The classes in a file (H, W, 1), those of a paletted one by their numbers, and instances where they are told.
    Raises FilesUnusable.
    """
    read: Masks | BadImage
    try:
        data = path.read_bytes()
    except OSError as error:
        read = unreadable(str(path), error)
    else:
        read = _levels_in(str(path), data)
    if isinstance(read, BadImage):
        raise unusable_map(read)
    return read[..., None]


def unusable_map(fault: BadImage) -> FilesUnusable:
    """The error for one map that somebody gave."""
    return FilesUnusable(files=fault.path, reason=Phrase(fault.reason), advice=Phrase(fault.fix))


def levels(image: Image.Image) -> Masks:
    """The classes of an opened mask (H, W), of the modes in `PLAIN`; instances where they are told."""
    if image.mode == "1":
        return np.asarray(image).astype(np.uint8)
    level_HW = np.asarray(image)
    return level_HW.astype(np.uint16 if int(level_HW.max()) > UINT8 else np.uint8)


def _level_of_greys(image: Image.Image) -> Masks | None:
    """The levels of a mask that was saved as colours (H, W), each pixel of which is a grey; None if one is not."""
    colour_HWC = np.asarray(image)[..., :3]
    return colour_HWC[..., 0] if (colour_HWC == colour_HWC[..., :1]).all() else None


def framed_levels(mask_HW: Masks, frame: Frame) -> Masks:
    """The largest centred part of the frame's aspect, each pixel the nearest of the mask's."""
    image = centred(Image.fromarray(mask_HW), frame)
    return np.asarray(image.resize((frame.width, frame.height), Image.Resampling.NEAREST))


def _read(entry: Entry, frame: Frame) -> Masks | BadImage:
    read = _whole(entry)
    if isinstance(read, BadImage):
        return read
    return _misfit(entry, _name(entry), read) or framed_levels(read, frame)


def _whole(entry: Entry) -> Masks | BadImage:
    """The levels of an entry's mask as the file has them (H, W)."""
    assert entry.mask is not None  # noqa: S101 - asked before
    try:
        data = entry.mask()
    except OSError as error:
        return unreadable(_name(entry), error)
    return _levels_in(_name(entry), data)


def _name(entry: Entry) -> str:
    return f"{entry.path} (mask)"


def _misfit(entry: Entry, path: str, mask_HW: Masks) -> BadImage | None:
    """What to say of a mask that cannot lie over its picture, however stretched; a pixel beside is allowed."""
    sides = sides_of(entry)
    if sides is None:
        return None
    (width, height), (rows, columns) = sides, mask_HW.shape
    if abs(columns * height - rows * width) <= max(width, height):
        return None
    facts: dict[str, object] = {"columns": columns, "rows": rows, "width": width, "height": height}
    return bad(path, "mask_shape", **facts)


def _levels_in(path: str, data: bytes) -> Masks | BadImage:
    image = open_checked(path, data, deep=True)
    if isinstance(image, BadImage):
        return image
    if image.format == "JPEG":
        return bad(path, "mask_lossy")
    if image.mode not in PLAIN + COLOURED:
        return bad(path, "mask_colours", mode=image.mode)
    try:
        level_HW = levels(image) if image.mode in PLAIN else _level_of_greys(image)
        return bad(path, "mask_colours", mode=image.mode) if level_HW is None else level_HW
    except Exception as error:  # noqa: BLE001 - a decoder given hostile bytes raises anything at all
        return damage(path, data, error)


def _counted(data: object, mask_NHW: Masks) -> int:
    """How many classes occur. Raises DataUnusable where numbers are missing between them."""
    class_NHW = classes_in(mask_NHW)
    seen = np.flatnonzero(np.bincount(class_NHW.ravel(), minlength=256))
    gaps = sorted(set(range(int(seen[-1]))) - set(seen.tolist()))
    if gaps or seen[-1] >= MOST_CLASSES:
        known = int(gaps[0]) if gaps else MOST_CLASSES
        beyond = int(seen[seen >= known][0])
        entry = int(np.argmax((class_NHW == beyond).any((1, 2))))
        raise unusable(data, "mask_gap", last=known - 1, number=beyond, row=entry, at_least=beyond + 1)
    return int(seen[-1]) + 1
