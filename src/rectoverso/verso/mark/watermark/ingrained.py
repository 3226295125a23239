"""The mark that the pictures of an ingrained generator are born with: they lean to one side, all to the same.

The brightness is cut into tiles of two by two blocks of 8x8 pixels, and each block is cosine transformed. Each of 132
middle waves of a tile *votes* with its coefficient, which loses weight as it grows, summed over the tiles; the key says
to which side each vote should fall. Of a picture that has nothing to do with the key each vote is as likely on either
side: the p-value is the tail of their sum with random signs (`tails`), and was not tuned on pictures.

The lattice reads what was put in exactly. A generator cannot be taught that: what it draws differs from picture to
picture by many cells of the lattice (docs/adr/0014). To lean a little, always to the same side, it learns in minutes.

The votes of several pictures are summed before they are asked, so that the answer of a batch holds however alike its
pictures are. The mark says that a generator was ingrained under this key; it names neither the picture nor the run.

Shapes: K waves of a tile, S pixels a side of it, R x C blocks of a picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.mark.watermark.keyed import PUBLIC_KEY, draws
from rectoverso.verso.mark.watermark.light import LUMA, brightness, shown_in
from rectoverso.verso.mark.watermark.tails import log_tail_of_signs

TILE_PX = 16
_BLOCK, _BLOCKS = 8, 2
_DIAGONALS = range(4, 9)
"""u + v of the waves that vote. Below, pictures have too much of their own; above, JPEG takes what is there."""
WAVES = _BLOCKS**2 * sum(8 - abs(7 - total) for total in _DIAGONALS)
"""How many waves of a tile vote."""
SOFTNESS = 8.0
"""The coefficient, in levels, at which a vote has 0.7 of its full weight."""
COMMON_PX = (32, 48, 64, 96, 128, 192, 256)
"""Shorter sides at which an enlarged picture is looked at."""
_QUANTISER = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
"""How coarsely JPEG rounds each coefficient at quality 50 (ITU-T T.81, table K.1)."""

Floats = NDArray[np.float32]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Carriers:
    """What a generator is to learn: ``wave_KSS``, each of unit length over a tile; the side of each, ``sign_K``; how
    coarsely JPEG 50 rounds each, ``step_K``, in levels; and what a colour weighs in the brightness, ``colours_3``.
    """

    wave_KSS: Floats
    sign_K: Floats
    step_K: Floats
    colours_3: Floats
    softness: float = SOFTNESS


@dataclass(frozen=True, slots=True)
class Leaning:
    """``vote_K``: how a picture votes as it lies, before any key. ``p_value``: how often one that has nothing to do
    with the key leans as far, however it was looked at.
    """

    vote_K: Reals
    p_value: float


def carriers_of(key: bytes = PUBLIC_KEY) -> Carriers:
    """The waves of a tile, and what the key decides of them."""
    blocks = _BLOCKS**2
    tile_KSS = np.zeros((blocks, len(_pairs()), TILE_PX, TILE_PX), np.float32)
    for block in range(blocks):
        row, column = (_BLOCK * place for place in divmod(block, _BLOCKS))
        tile_KSS[block, :, row : row + _BLOCK, column : column + _BLOCK] = _basis().T.reshape(
            -1, _BLOCK, _BLOCK
        )
    step = [_QUANTISER[u][v] for u, v in _pairs()] * blocks
    wave_KSS = tile_KSS.reshape(-1, TILE_PX, TILE_PX)
    return Carriers(wave_KSS, _signs(key).astype(np.float32), np.array(step, np.float32), LUMA)


def leaning(pixels: Pixels, key: bytes = PUBLIC_KEY, *, anyhow: bool = False) -> Leaning | None:
    """How far a picture (H, W, channels) leans to the key's side; None when it is smaller than a tile.

    Half of the error that may be made goes to the picture as it lies. ``anyhow``: the other half to it mirrored, turned
    by quarters, and brought back to the sizes in common use.
    """
    luma_HW = brightness(pixels, shown_in(pixels))
    if min(luma_HW.shape) < TILE_PX:
        return None
    vote_K = votes(luma_HW)
    log_p = [math.log(2) + log_p_of(vote_K, key)]
    if anyhow:
        others = [*_turned(luma_HW, vote_K), *map(votes, _smaller(luma_HW))]
        log_p += [math.log(2 * len(others)) + log_p_of(other_K, key) for other_K in others]
    return Leaning(vote_K, math.exp(max(-690.0, min(0.0, *log_p))))


def together_p_value(vote_NK: Sequence[Reals], key: bytes = PUBLIC_KEY) -> float:
    """The p-value of several pictures as they lie, whatever they have in common."""
    return math.exp(max(-690.0, log_p_of(np.sum(vote_NK, axis=0), key)))


def votes(luma_HW: Floats) -> Reals:
    """How each wave of a tile votes, summed over the whole tiles of a picture, (K,)."""
    down, across = (side // TILE_PX for side in luma_HW.shape)
    whole = luma_HW[: down * TILE_PX, : across * TILE_PX]
    blocks = whole.reshape(down, _BLOCKS, _BLOCK, across, _BLOCKS, _BLOCK).transpose(0, 3, 1, 4, 2, 5)
    coefficients = blocks.reshape(down * across, _BLOCKS**2, _BLOCK**2).astype(np.float64) @ _basis()
    vote = coefficients / np.sqrt(np.square(coefficients) + SOFTNESS**2)
    total_K: Reals = vote.sum(axis=0).ravel()
    return total_K


def log_p_of(vote_K: Reals, key: bytes) -> float:
    """The log of how often these votes, each on a random side, lean as far."""
    return log_tail_of_signs(float(vote_K @ _signs(key)), np.abs(vote_K))


def _turned(luma_HW: Floats, vote_K: Reals) -> list[Reals]:
    """How the picture votes mirrored and turned by quarters, given how it does as it lies. Each wave becomes one of
    them, or its opposite: so the picture is only transformed once for each corner from which its tiles may be counted.
    """
    spare = [side % TILE_PX for side in luma_HW.shape]
    counted = {(0, 0): vote_K}
    u_P, v_P = np.array(_pairs()).T
    swapped_P = [_pairs().index((v, u)) for u, v in _pairs()]
    found = list[Reals]()
    for down, across in product((False, True), repeat=2):
        corner = (spare[0] if down else 0, spare[1] if across else 0)
        if corner not in counted:
            counted[corner] = votes(luma_HW[corner[0] :, corner[1] :])
        vote_RCP = counted[corner].reshape(_BLOCKS, _BLOCKS, -1)
        if down:
            vote_RCP = vote_RCP[::-1] * (-1.0) ** u_P
        if across:
            vote_RCP = vote_RCP[:, ::-1] * (-1.0) ** v_P
        found += [vote_RCP.ravel(), vote_RCP.swapaxes(0, 1)[..., swapped_P].ravel()]
    return found[1:]


def _smaller(luma_HW: Floats) -> list[Floats]:
    height, width = luma_HW.shape
    image, side = Image.fromarray(luma_HW), min(height, width)
    sizes = [(round(width * one / side), round(height * one / side)) for one in COMMON_PX if one < side]
    return [np.asarray(image.resize(size, Image.Resampling.BOX)) for size in sizes]


@lru_cache(maxsize=8)
def _signs(key: bytes) -> Reals:
    drawn = draws(key, "ingrained", WAVES)
    return 1.0 - 2.0 * (drawn & np.uint64(1)).astype(np.float64)


@lru_cache(maxsize=1)
def _pairs() -> tuple[tuple[int, int], ...]:
    return tuple((u, v) for u in range(_BLOCK) for v in range(_BLOCK) if u + v in _DIAGONALS)


@lru_cache(maxsize=1)
def _basis() -> Reals:
    """The voting waves of the orthonormal 8x8 cosine transform, one a column."""
    n = np.arange(_BLOCK)
    waves = np.sqrt(2 / _BLOCK) * np.cos((2 * n + 1) * n[:, None] * np.pi / (2 * _BLOCK))
    waves[0] /= np.sqrt(2)
    return np.stack([np.outer(waves[u], waves[v]).ravel() for u, v in _pairs()], axis=1)
