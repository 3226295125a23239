"""How a picture compares with the released picture that its watermark names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import Message, Pixels
from rectoverso.verso.screen.fingerprint import distances, on_white

ALIKE_CORRELATION = 0.85
ALIKE_DISTANCE = 40
"""From which likeness on a picture is still the released one: either of brightness, or of the hash in bits
of 256.
"""
_LOSSY_SHARE = 0.25
"""Saving with loss touches most pixels a little; an edit touches some."""

Reals = NDArray[np.float64]


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


def is_alike(picture: Pixels, released: Pixels | None, print_: bytes, released_print: bytes) -> bool:
    """Whether the picture can be the released one, changed; True when there is nothing to compare."""
    if print_ and released_print and _distance(print_, released_print) <= ALIKE_DISTANCE:
        return True
    if released is not None:
        return _correlation(_brightness(picture), _brightness(released)) >= ALIKE_CORRELATION
    return not (print_ and released_print)


def _distance(one: bytes, other: bytes) -> int:
    """Of the nearest: a picture with a strip of words has two hashes, one without it."""
    return int(distances(one, np.frombuffer(other, np.uint8).reshape(-1, len(one))).min())


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


def _brightness(pixels: Pixels, side: int = 32) -> Reals:
    """A small grey version on white, so that size, noise and what is hidden do not matter."""
    from PIL import Image

    return np.asarray(
        on_white(pixels).convert("L").resize((side, side), Image.Resampling.BOX), dtype=np.float64
    )


def _correlation(one: Reals, other: Reals) -> float:
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    if scale < 1e-6:  # at least one is flat: alike when both are
        return float(np.allclose(one, other, atol=2))
    return float((one * other).sum() / scale)
