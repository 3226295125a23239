"""The mark of pictures below 256 pixels: their cosine transform, moved to a lattice that the key shifts.

Keyed spread-transform dither modulation (Chen and Wornell 2001, section V) on the 8x8 cosine transform. Low and
middle coefficients, shuffled and signed by a key, are summed into one *projection* a bit; each projection is moved to
the nearest point of one of two interleaved lattices, and which of the two is the bit. Every lattice is shifted by a
keyed dither, so a picture without the mark leaves residuals that are uniform over the keys, whatever the picture
shows: the p-value rests on that and was not tuned on pictures.

It stands saving with loss (JPEG, WebP), mild noise, mild blur and mild changes of contrast. The reader takes the 8x8
grid to begin at the top left corner of a picture of its own size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.errors import WatermarkNoRoom, WatermarkTooSmall
from rectoverso.types import Pixels
from rectoverso.verso.mark.watermark.keyed import draws
from rectoverso.verso.mark.watermark.light import brightness, colours_of, shown_in
from rectoverso.verso.mark.watermark.tails import log_tail_of_turns

SMALLEST_PX = 16
COMMON_PX = (16, 24, 32, 48, 64, 96, 128, 192)
"""Shorter sides at which an enlarged picture is looked at."""

ID_BITS = 48
_BLOCK = 8
_DIAGONALS = range(1, 4)
"""u + v of the coefficients that carry: low enough to outlive JPEG; u + v = 0, the block's brightness,
stays as it is.
"""
_ROUNDS = 60
_AIM, _WORST = 0.06, 0.2
"""How far from its lattice point, in cells, a projection may end: where the rounds stop, and what is still
accepted.
"""
_SOLVED = 0.05
"""How exactly, of its length, a change is worked out where pixels are hidden; the next round sees to the rest."""
_GAINS = 1.05 ** np.array([*range(-12, 0), *range(1, 7)])
"""Changes of contrast that are looked through beside 1: together they get half of the error that may be
made.
"""

Floats = NDArray[np.float32]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reading:
    """``soft``: one value a bit in -1..1, above 0 for a 0 bit, larger is surer. ``log_p``: how often a picture
    without the mark reads as strongly: the log of a bound.
    """

    soft: Reals
    log_p: float


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a size carries: ``rows`` x ``columns`` blocks, ``bits`` projections, lattice points ``step``
    apart.
    """

    rows: int
    columns: int
    bits: int
    step: float


@dataclass(frozen=True, slots=True)
class _Carriers:
    """For each coefficient, in block order: the projection it belongs to, and its weight (0: it carries
    nothing).
    """

    projection: NDArray[np.uint8]
    weight: Floats


def embedded(pixels: Pixels, number: int, key: bytes) -> Pixels:
    """The picture (H, W, channels) with the first 48, 32 or 16 of these 48 bits in it; alpha, and what it hides, stay
    as they are.

    Alternates between the lattice points and the whole numbers 0..255 (projections onto convex sets), because
    rounding and clipping pull the projections away. Raises WatermarkTooSmall, and WatermarkNoRoom where they never
    meet.
    """
    plan = _plan(*pixels.shape[:2])
    if plan is None:
        raise WatermarkTooSmall(mark="watermark", side=SMALLEST_PX)
    carriers, dither = _carriers(plan, key), _dither(plan, key)
    shown = shown_in(pixels)
    spread = partial(_spread_where_shown, shown=shown, plan=plan, carriers=carriers)
    target = _nearest(
        _project(brightness(pixels, shown), plan, carriers),
        dither + bits_of([number], plan.bits)[0] * plan.step / 2,
        plan.step,
    )
    colours = pixels[..., : colours_of(pixels)].astype(np.float32)
    for _ in range(_ROUNDS):
        whole = np.clip(np.rint(colours), 0, 255)
        missing = target - _project(brightness(whole, shown), plan, carriers)
        worst = float(np.abs(missing).max()) / (plan.step / 2)
        if worst <= _AIM:
            break
        np.clip(colours, 0, 255, out=colours)
        colours[: plan.rows * _BLOCK, : plan.columns * _BLOCK] += spread(missing)[..., None]
    if worst > _WORST:
        raise WatermarkNoRoom(mark="watermark")
    return np.concatenate([whole.astype(np.uint8), pixels[..., colours_of(pixels) :]], axis=2)


def read(luma_HW: Floats, key: bytes) -> Reading:
    """What a picture says that lies as it was marked. Half of the error goes to the picture as it is, half to the
    changes of contrast looked through.
    """
    plan = _plan(*luma_HW.shape)
    if plan is None:
        return Reading(np.zeros(0), 0.0)
    projections, dither = _project(luma_HW, plan, _carriers(plan, key)), _dither(plan, key)
    gains = np.array([1.0, *_GAINS])
    residuals = 2 * np.pi / plan.step * (projections / gains[:, None] - dither)
    sums, ones = np.cos(2 * residuals).sum(axis=1), np.ones(plan.bits)
    other = 1 + int(np.argmax(sums[1:]))
    tried = [(0, 2.0), (other, 2.0 * len(_GAINS))]
    log_p, best = min((math.log(count) + log_tail_of_turns(float(sums[n]), ones), n) for n, count in tried)
    return Reading(np.cos(residuals[best]), min(0.0, log_p))


def turned(luma_HW: Floats) -> list[Floats]:
    """The picture mirrored and turned by quarters, all but as it lies."""
    return [np.rot90(side, times) for side in (luma_HW, luma_HW[:, ::-1]) for times in range(4)][1:]


def smaller(luma_HW: Floats) -> list[Floats]:
    """The picture at each of the sizes in common use that are smaller: it may have been enlarged."""
    height, width = luma_HW.shape
    image, side = Image.fromarray(luma_HW), min(height, width)
    sizes = [(round(width * one / side), round(height * one / side)) for one in COMMON_PX if one < side]
    return [np.asarray(image.resize(size, Image.Resampling.BOX)) for size in sizes]


def payload_bits(height: int, width: int) -> int:
    """How many bits of the id a picture of this size carries: 48, 32, 16, or 0 when it is too small."""
    blocks = (height // _BLOCK) * (width // _BLOCK)
    if min(height, width) < SMALLEST_PX:
        return 0
    return 48 if blocks >= 64 else 32 if blocks >= 16 else 16


def bits_of(numbers: Sequence[int], count: int) -> NDArray[np.uint64]:
    """The first ``count`` of each number's 48 bits, one row a number."""
    values = np.array(numbers, dtype=np.uint64)
    shifts = np.arange(ID_BITS - 1, ID_BITS - 1 - count, -1, dtype=np.uint64)
    return values[:, None] >> shifts & np.uint64(1)


def _plan(height: int, width: int) -> _Plan | None:
    bits = payload_bits(height, width)
    if not bits:
        return None
    rows, columns = height // _BLOCK, width // _BLOCK
    blocks = rows * columns
    psnr_dB = 41.0 if blocks < 64 else 43.0 if blocks < 1024 else 45.0
    # A projection moves by at most half a step, evenly: step^2 / 12 of energy each.
    energy = 255.0**2 / 10 ** (psnr_dB / 10) * blocks * _BLOCK**2
    return _Plan(rows, columns, bits, math.sqrt(12 * energy / bits))


def _project(luma: Floats, plan: _Plan, carriers: _Carriers) -> Reals:
    """The projections, one a bit: signed sums of the carrying coefficients, of unit length."""
    inside = luma[: plan.rows * _BLOCK, : plan.columns * _BLOCK]
    blocks = inside.reshape(plan.rows, _BLOCK, plan.columns, _BLOCK).transpose(0, 2, 1, 3)
    coefficients = blocks.reshape(-1, _BLOCK**2) @ _basis()
    weighted = coefficients.ravel() * carriers.weight
    return np.bincount(carriers.projection, weighted, plan.bits).astype(np.float64)


def _spread(amounts: Reals, plan: _Plan, carriers: _Carriers) -> Floats:
    """The smallest change of brightness, HW of whole blocks, that moves the projections by these amounts."""
    coefficients = amounts.astype(np.float32)[carriers.projection] * carriers.weight
    blocks = coefficients.reshape(plan.rows * plan.columns, -1) @ _basis().T
    tiles = blocks.reshape(plan.rows, plan.columns, _BLOCK, _BLOCK).transpose(0, 2, 1, 3)
    return tiles.reshape(plan.rows * _BLOCK, plan.columns * _BLOCK).astype(np.float32, copy=False)


def _spread_where_shown(amounts: Reals, shown: Floats | None, plan: _Plan, carriers: _Carriers) -> Floats:
    """The smallest change of colours, HW, that moves the projections by these amounts although some of it is hidden.

    What is hidden takes its share of every projection away, and unevenly; the amounts that make up for it solve a
    small symmetric system, here by conjugate gradients (Hestenes and Stiefel 1952).
    """
    if shown is None:
        return _spread(amounts, plan, carriers)
    weight = shown[: plan.rows * _BLOCK, : plan.columns * _BLOCK]
    found, left = np.zeros_like(amounts), amounts.copy()
    along, size = left.copy(), float(left @ left)
    enough = size * _SOLVED**2
    for _ in range(plan.bits):
        if size <= enough:
            break
        moved = _project(_spread(along, plan, carriers) * weight**2, plan, carriers)
        step = size / max(float(along @ moved), 1e-12)
        found, left = found + step * along, left - step * moved
        size, before = float(left @ left), size
        along = left + size / before * along
    return _spread(found, plan, carriers) * weight


def _nearest(values: Reals, offsets: Reals, step: float) -> Reals:
    return offsets + step * np.rint((values - offsets) / step)


@lru_cache(maxsize=1)
def _basis() -> Floats:
    """The carrying waves of the orthonormal 8x8 cosine transform, one a column."""
    n = np.arange(_BLOCK)
    waves = np.sqrt(2 / _BLOCK) * np.cos((2 * n + 1) * n[:, None] * np.pi / (2 * _BLOCK))
    waves[0] /= np.sqrt(2)
    pairs = [(u, v) for u in n for v in n if u + v in _DIAGONALS]
    return np.stack([np.outer(waves[u], waves[v]).ravel() for u, v in pairs], axis=1).astype(np.float32)


@lru_cache(maxsize=8)
def _carriers(plan: _Plan, key: bytes) -> _Carriers:
    """Which coefficients carry which bit. Larger pictures use a quarter of them: fewer and larger changes outlive the
    rounding to zero of JPEG better than many small ones at the same distance from the original.
    """
    count = plan.rows * plan.columns * _basis().shape[1]
    used = count if count <= 1024 else max(1024, count // 4)
    drawn = draws(key, f"carriers {plan.rows}x{plan.columns}", 2 * count)
    order = np.argsort(drawn[:count])[:used]
    projection = np.zeros(count, dtype=np.uint8)
    projection[order] = np.arange(used) % plan.bits
    lengths = np.sqrt(np.bincount(projection[order], minlength=plan.bits))
    weight = np.zeros(count, dtype=np.float32)
    weight[order] = (1.0 - 2.0 * (drawn[count:][order] & np.uint64(1))) / lengths[projection[order]]
    return _Carriers(projection, weight)


@lru_cache(maxsize=8)
def _dither(plan: _Plan, key: bytes) -> Reals:
    return draws(key, f"dither {plan.bits}", plan.bits) / 2.0**64 * plan.step
