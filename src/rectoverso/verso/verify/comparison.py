"""How a picture compares with the released picture that its watermark names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Message, Pixels
from rectoverso.verso.screen.fingerprint import NUM_BYTES, distances, on_white
from rectoverso.verso.verify.part import is_part

ALIKE_DISTANCE = 40
"""In how many bits of 256 a picture's hash may differ while it still is the released one."""
_LOSSY_SHARE = 0.25
"""Saving with loss touches most pixels a little; an edit touches some."""


def compare(picture: Pixels, released: Pixels) -> Message:
    """The evidence row that says how the two differ: not at all, in some pixels, by saving, or in size."""
    if picture.shape[:2] != released.shape[:2]:
        facts = {"size": _size(picture), "released": _size(released)}
        return Message("verify.evidence.resized", facts)
    one, other = _same_channels(picture, released)
    difference = np.abs(one.astype(np.int16) - other)
    changed = int(np.count_nonzero(difference.max(axis=2)))
    total = picture.shape[0] * picture.shape[1]
    if not changed:
        return Message("verify.evidence.pixels_identical")
    if changed > _LOSSY_SHARE * total:
        return Message("verify.evidence.saved_again", {"psnr": f"{_psnr(difference):.1f}"})
    facts = {"changed": f"{changed:,}", "total": f"{total:,}", "largest": str(difference.max())}
    return Message("verify.evidence.pixels_changed", facts)


def is_alike(picture: Pixels, released: Pixels | None, prints: bytes, released_print: bytes) -> bool | None:
    """Whether the picture can be the released one, changed, turned, mirrored or cut; None when there is nothing to
    compare. ``prints``: the hashes of the picture in its eight symmetries.
    """
    if prints and released_print and _distance(prints, released_print) <= ALIKE_DISTANCE:
        return True
    if released is not None:
        return is_part(picture, released)
    return False if prints and released_print else None


def _distance(prints: bytes, other: bytes) -> int:
    """Of the nearest: a picture with a strip of words has two hashes, one without it."""
    released = np.frombuffer(other, np.uint8).reshape(-1, NUM_BYTES)
    return min(
        int(distances(prints[at : at + NUM_BYTES], released).min()) for at in range(0, len(prints), NUM_BYTES)
    )


def _psnr(difference: NDArray[np.int16]) -> float:
    return float(10 * np.log10(255**2 / np.mean(difference.astype(np.float64) ** 2)))


def _size(picture: Pixels) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"


def _same_channels(one: Pixels, other: Pixels) -> tuple[Pixels, Pixels]:
    """Both grey, both RGB or both RGBA: grey counts as three equal colours, and where only one has an alpha, both are
    compared as they look on white.
    """
    if one.shape[2] == other.shape[2]:
        return one, other
    return np.asarray(on_white(one)), np.asarray(on_white(other))
