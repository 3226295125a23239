"""The invisible watermark: an asset's id, carried by the brightness of the picture itself.

Two schemes: `spread` from 256 pixels on, `lattice` below, and where a spread mark finds no room. Both answer with a
p-value that rests on keyed randomness alone and was not tuned on pictures. The lattice's mark lies where it was put;
the spread one is found again in pictures that were cropped, turned, mirrored and resized.

Transparency: the brightness that carries is the picture's on white paper, so the mark outlives being flattened onto
white. Alpha is never changed, and a colour is changed only where alpha is above 0; the less there is to see, the more
of the mark the rest has to carry. On paper of another colour the mark is lost.

The default key is public, so that anyone can verify. A public mark can be forged or erased on purpose: the signed
credential proves, the watermark survives. A home's private key puts a second, fainter mark beneath a spread one, which
only that home reads: who erases the public mark leaves it there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import AssetId, Pixels
from rectoverso.verso.mark.watermark import lattice, spread
from rectoverso.verso.mark.watermark.detection import (
    DOUBTED_AT,
    FOUND_AT,
    MATCHED_AT,
    Detection,
    Match,
    OfLattice,
    OfSpread,
)
from rectoverso.verso.mark.watermark.keyed import PUBLIC_KEY
from rectoverso.verso.mark.watermark.light import brightness, shown_in
from rectoverso.verso.mark.watermark.pattern import pattern_of

__all__ = [
    "DOUBTED_AT",
    "FOUND_AT",
    "MATCHED_AT",
    "PUBLIC_KEY",
    "SPREAD_FROM_PX",
    "Detection",
    "Match",
    "best_match",
    "detect",
    "embed",
    "payload_bits",
    "recognised",
]

SPREAD_FROM_PX = 256
"""The shorter side from which on a mark is spread."""

LATTICE_UP_TO_PX = 1024
"""The shorter side up to which a mark of the lattice is looked for."""

_ID = re.compile("[0-9a-f]{12}")


def embed(
    pixels: Pixels, asset: AssetId, key: bytes = PUBLIC_KEY, *, forensic_key: bytes | None = None
) -> Pixels:
    """The picture (uint8, H, W, channels) with the first 48, 32 or 16 bits of the asset's id in it. Raises
    WatermarkTooSmall, and WatermarkNoRoom where it cannot be read back.

    ``forensic_key``: a private one, whose fainter mark says the same beneath; spread marks only.
    """
    number = _number(asset)
    if min(pixels.shape[:2]) >= SPREAD_FROM_PX:
        marks = [(pattern_of(key), spread.LEAVING_ROOM if forensic_key else spread.PUBLIC)]
        if forensic_key:
            marks.append((pattern_of(forensic_key, key), spread.FORENSIC))
        marked = spread.embedded(pixels, number, marks)
        detection = detect(marked, key)
        if detection.found and detection.prefix == asset:
            return marked
    return lattice.embedded(pixels, number, key)


def detect(pixels: Pixels, key: bytes = PUBLIC_KEY, *, anyhow: bool = False) -> Detection:
    """Whether the picture carries a mark of this key, and what it reads; needs neither the original nor the id.

    ``anyhow``: also as one that was turned by any angle and resized, which takes a tenth of a second and longer.
    """
    luma_HW = brightness(pixels, shown_in(pixels))
    side = min(luma_HW.shape)
    small_HW = spread.working(luma_HW)
    lying, of_spread = list[NDArray[np.float32]](), list[spread.Reading]()
    if side < LATTICE_UP_TO_PX:
        lying += [luma_HW, *(lattice.turned(luma_HW) if anyhow else ())]
    if anyhow:
        lying += lattice.smaller(small_HW)
    if side >= spread.LEAST_PX:
        of_spread += spread.read_as_it_lies(small_HW, pattern_of(key))
    if side >= spread.LEAST_PX and anyhow:
        of_spread += spread.read_anyhow(small_HW, pattern_of(key))
    of_both = [OfLattice(one, key) for one in lying], [OfSpread(one) for one in of_spread]
    likelier_first = of_both if side < SPREAD_FROM_PX else of_both[::-1]
    return Detection.of([piece for pieces in likelier_first for piece in pieces])


def recognised(
    pixels: Pixels, assets: Sequence[AssetId], forensic_key: bytes, key: bytes = PUBLIC_KEY
) -> Match | None:
    """Which of these assets the picture's forensic mark names; None when two fit best, or there is nothing to ask.

    It is looked for where it was put, and however the public mark's pilot, if it is still there, says that the picture
    lies. Whoever knows the public key alone can neither read nor erase it.
    """
    small_HW = spread.working(brightness(pixels, shown_in(pixels)))
    if not assets or min(small_HW.shape) < spread.LEAST_PX:
        return None
    pattern = pattern_of(forensic_key, key)
    looks = (spread.read_as_marked, spread.read_as_it_lies, spread.read_anyhow)
    readings = [reading for look in looks for reading in look(small_HW, pattern)]
    return best_match(Detection.of([OfSpread(reading) for reading in readings]), assets)


def best_match(detection: Detection, assets: Sequence[AssetId]) -> Match | None:
    """The one issued id that fits best, a few wrong bits allowed; None when none or two fit best."""
    match = detection.best_of([_number(asset) for asset in assets]) if assets else None
    return None if match is None else Match(assets[match[0]], match[1])


def payload_bits(height: int, width: int) -> int:
    """How many bits of the id a picture of this size carries: 48, 32, 16, or 0 when it is too small."""
    return lattice.payload_bits(height, width)


def _number(asset: AssetId) -> int:
    if not _ID.fullmatch(asset):
        raise ValueError(f"not an asset id: {asset!r}")
    return int(asset, 16)
