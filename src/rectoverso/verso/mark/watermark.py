"""The invisible watermark: an asset's id, carried by the brightness of the picture itself.

Keyed spread-transform dither modulation (Chen and Wornell 2001, section V) on the 8x8 cosine transform. Low
and middle coefficients, shuffled and signed by a key, are summed into one *projection* a bit; each
projection is moved to the nearest point of one of two interleaved lattices, and which of the two is the
bit. Every lattice is shifted by a keyed dither, so a picture without the mark leaves residuals that are
uniform over the keys, whatever the picture shows: the answer of ``detect`` is a p-value that rests on that
theorem and was not tuned on pictures.

The mark stands saving with loss (JPEG, WebP), mild noise, mild blur and mild changes of contrast. It does
not yet stand being resized, cropped, turned or mirrored: the detector takes the 8x8 grid to begin at the
top left corner.

Transparency: the brightness that carries is the picture's on white paper, so the mark outlives being flattened onto
white. Alpha is never changed, and a colour is changed only where alpha is above 0; the less there is to see, the more
of the mark the rest has to carry. On paper of another colour the mark is lost.

The default key is public, so that anyone can verify. A public mark can be forged or erased on purpose: the
signed credential proves, the watermark survives.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from rectoverso.errors import WatermarkNoRoom, WatermarkTooSmall
from rectoverso.types import AssetId, Pixels

PUBLIC_KEY = b"rectoverso public watermark 7"
"""The first number under which flat pictures, whose residuals are the dither alone, lean away from being
found.
"""
FOUND_AT = 1e-6
"""A mark is found when a picture without one would read as strongly at most once in a million."""
MATCHED_AT = 1e-3
"""A found mark is taken for an issued id when a random id would fit as well at most once in a thousand."""
SMALLEST_PX = 16

_ID = re.compile("[0-9a-f]{12}")
_ID_BITS = 48
_BLOCK = 8
_DIAGONALS = range(1, 4)
"""u + v of the coefficients that carry: low enough to outlive JPEG; u + v = 0, the block's brightness,
stays as it is.
"""
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
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
class Detection:
    """What the picture says. ``soft``: one value a bit in -1..1, above 0 for a 0 bit; larger is surer."""

    p_value: float
    soft: Reals

    @property
    def found(self) -> bool:
        return self.p_value <= FOUND_AT

    @property
    def payload_bits(self) -> int:
        return len(self.soft)

    @property
    def prefix(self) -> str:
        """The bits as read, as the first 12, 8 or 4 hexadecimal digits of an asset id; "" in too small a
        picture.
        """
        if not self.payload_bits:
            return ""
        value = int("".join("1" if soft < 0 else "0" for soft in self.soft), 2)
        return f"{value:0{self.payload_bits // 4}x}"


@dataclass(frozen=True, slots=True)
class Match:
    """The issued id that fits best; ``p_value``: how often a list as long of random ids would fit as well."""

    asset: AssetId
    p_value: float


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


def embed(pixels: Pixels, asset: AssetId, key: bytes = PUBLIC_KEY) -> Pixels:
    """The picture with the first 48, 32 or 16 bits of the asset's id in it; alpha, and what it hides, stay as they are.

    ``pixels`` uint8 HWC. Alternates between the lattice points and the whole numbers 0..255 (projections
    onto convex sets), because rounding and clipping pull the projections away. Raises WatermarkTooSmall,
    and WatermarkNoRoom where they never meet.
    """
    plan = _plan(pixels)
    if plan is None:
        raise WatermarkTooSmall(mark="watermark", side=SMALLEST_PX)
    carriers, dither = _carriers(plan, key), _dither(plan, key)
    shown = _shown(pixels)
    spread = partial(_spread_where_shown, shown=shown, plan=plan, carriers=carriers)
    target = _nearest(
        _project(_luma(pixels, shown), plan, carriers),
        dither + _bits([asset], plan.bits)[0] * plan.step / 2,
        plan.step,
    )
    colours = pixels[..., : _colours(pixels)].astype(np.float32)
    for _ in range(_ROUNDS):
        whole = np.clip(np.rint(colours), 0, 255)
        missing = target - _project(_luma(whole, shown), plan, carriers)
        worst = float(np.abs(missing).max()) / (plan.step / 2)
        if worst <= _AIM:
            break
        np.clip(colours, 0, 255, out=colours)
        colours[: plan.rows * _BLOCK, : plan.columns * _BLOCK] += spread(missing)[..., None]
    if worst > _WORST:
        raise WatermarkNoRoom(mark="watermark", worst=f"{worst:.2f}")
    return np.concatenate([whole.astype(np.uint8), pixels[..., _colours(pixels) :]], axis=2)


def detect(pixels: Pixels, key: bytes = PUBLIC_KEY) -> Detection:
    """Whether the picture carries a mark of this key, and what it reads; needs neither the original nor the
    id.

    ``pixels`` uint8 HWC. Half of the error goes to the picture as it is, half to the changes of contrast
    looked through.
    """
    plan = _plan(pixels)
    if plan is None:
        return Detection(1.0, np.zeros(0))
    phase = 2 * np.pi / plan.step
    projections, dither = (
        _project(_luma(pixels, _shown(pixels)), plan, _carriers(plan, key)),
        _dither(plan, key),
    )
    gains = np.array([1.0, *_GAINS])
    residuals = phase * (projections / gains[:, None] - dither)
    tried = np.array([2.0, *[2.0 * len(_GAINS)] * len(_GAINS)])
    p_values = tried * [_uniform_tail(cosines) for cosines in np.cos(2 * residuals)]
    best = int(np.argmin(p_values))
    return Detection(min(1.0, float(p_values[best])), np.cos(residuals[best]))


def best_match(detection: Detection, assets: Sequence[AssetId]) -> Match | None:
    """The one issued id that fits the soft bits best, a few wrong bits allowed; None when none or two fit
    best.

    The p-value is Chernoff's bound over random ids, given how sure each bit is, times the number of ids.
    """
    if not assets or not detection.payload_bits:
        return None
    signs = 1.0 - 2.0 * _bits(assets, detection.payload_bits)
    fits = signs @ detection.soft
    best = int(np.argmax(fits))
    if np.count_nonzero(fits >= fits[best] - 1e-9) > 1:
        return None
    return Match(assets[best], min(1.0, len(assets) * _sign_tail(float(fits[best]), detection.soft)))


def payload_bits(height: int, width: int) -> int:
    """How many bits of the id a picture of this size carries: 48, 32, 16, or 0 when it is too small."""
    blocks = (height // _BLOCK) * (width // _BLOCK)
    if min(height, width) < SMALLEST_PX:
        return 0
    return 48 if blocks >= 64 else 32 if blocks >= 16 else 16


def _plan(pixels: Pixels) -> _Plan | None:
    height, width = pixels.shape[:2]
    bits = payload_bits(height, width)
    if not bits:
        return None
    rows, columns = height // _BLOCK, width // _BLOCK
    blocks = rows * columns
    psnr_dB = 41.0 if blocks < 64 else 43.0 if blocks < 1024 else 45.0
    # A projection moves by at most half a step, evenly: step^2 / 12 of energy each.
    energy = 255.0**2 / 10 ** (psnr_dB / 10) * blocks * _BLOCK**2
    return _Plan(rows, columns, bits, float(np.sqrt(12 * energy / bits)))


def _bits(assets: Sequence[AssetId], count: int) -> NDArray[np.uint64]:
    """The first ``count`` of each id's 48 bits, one row an id."""
    wrong = next((asset for asset in assets if not _ID.fullmatch(asset)), None)
    if wrong is not None:
        raise ValueError(f"not an asset id: {wrong!r}")
    values = np.array([int(asset, 16) for asset in assets], dtype=np.uint64)
    shifts = np.arange(_ID_BITS - 1, _ID_BITS - 1 - count, -1, dtype=np.uint64)
    return values[:, None] >> shifts & np.uint64(1)


def _colours(pixels: Pixels) -> int:
    return 1 if pixels.shape[2] < 3 else 3


def _shown(pixels: Pixels) -> Floats | None:
    """How much of each pixel is seen, 0 to 1, HW; None where all of all are."""
    if pixels.shape[2] != 4 or (pixels[..., 3] == 255).all():
        return None
    return pixels[..., 3].astype(np.float32) / np.float32(255)


def _luma(pixels: NDArray[np.uint8] | Floats, shown: Floats | None) -> Floats:
    """Brightness on white paper as JPEG weighs it (BT.601), HW."""
    if pixels.shape[2] < 3:
        return pixels[..., 0].astype(np.float32)
    luma = pixels[..., :3].astype(np.float32, copy=False) @ _LUMA
    return luma if shown is None else np.float32(255) + (luma - np.float32(255)) * shown


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

    What is hidden takes its share of every projection away, and unevenly; the amounts that make up for it solve a small
    symmetric system, here by conjugate gradients (Hestenes and Stiefel 1952).
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
    """Which coefficients carry which bit. Larger pictures use a quarter of them: fewer and larger changes
    outlive
    the rounding to zero of JPEG better than many small ones at the same distance from the original.
    """
    count = plan.rows * plan.columns * _basis().shape[1]
    used = count if count <= 1024 else max(1024, count // 4)
    draws = _draws(key, f"carriers {plan.rows}x{plan.columns}", 2 * count)
    order = np.argsort(draws[:count])[:used]
    projection = np.zeros(count, dtype=np.uint8)
    projection[order] = np.arange(used) % plan.bits
    lengths = np.sqrt(np.bincount(projection[order], minlength=plan.bits))
    weight = np.zeros(count, dtype=np.float32)
    weight[order] = (1.0 - 2.0 * (draws[count:][order] & np.uint64(1))) / lengths[projection[order]]
    return _Carriers(projection, weight)


@lru_cache(maxsize=8)
def _dither(plan: _Plan, key: bytes) -> Reals:
    return _draws(key, f"dither {plan.bits}", plan.bits) / 2.0**64 * plan.step


def _draws(key: bytes, purpose: str, count: int) -> NDArray[np.uint64]:
    """Keyed 64-bit draws: the raw stream of Philox, which numpy promises never to change."""
    seed = hmac.new(key, purpose.encode(), hashlib.sha256).digest()[:16]
    return np.random.Philox(key=int.from_bytes(seed, "big")).random_raw(count)


def _uniform_tail(cosines: Reals) -> float:
    """At most how often cosines of as many uniform angles sum as high: Chernoff's bound, exp(n ln I0(t) - t
    sum).
    """
    t, log_bessel = _tilts()
    return float(np.exp(min(0.0, np.min(len(cosines) * log_bessel - t * cosines.sum()))))


def _sign_tail(fit: float, soft: Reals) -> float:
    """At most how often random signs fit as well: Chernoff's bound over the sum of +-|soft|."""
    t = _tilts()[0][:, None]
    log_cosh = np.abs(t * soft) + np.log1p(np.exp(-2 * np.abs(t * soft))) - np.log(2)
    return float(np.exp(min(0.0, np.min(log_cosh.sum(axis=1) - t[:, 0] * fit))))


@lru_cache(maxsize=1)
def _tilts() -> tuple[Reals, Reals]:
    t = np.concatenate([np.linspace(0, 5, 201), np.geomspace(5, 600, 120)])
    return t, np.log(np.i0(t))
