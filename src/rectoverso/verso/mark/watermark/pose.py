"""How a marked picture lies: at which size, how far turned, whether mirrored. Found by the pilot's waves alone.

A wave stays a wave when a picture is moved, turned or resized, and a shift changes its phase only. So the pilot's
places in the spectrum's magnitudes tell size and turn apart from everything else: on a polar map with a logarithmic
radius both are shifts (Reddy and Chatterji 1996), and the sum of the map at the pilot's places, shifted alike, is
largest where the picture lies so. Magnitudes know nothing of the key, whose phases the p-value of what is then read
rests on.

Shapes: H height, W width, N the side of the spectrum, R x A the polar map, K pilot waves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.mark.watermark.evened import mean_around
from rectoverso.verso.mark.watermark.pattern import SIDE as TILE
from rectoverso.verso.mark.watermark.pattern import Waves

SIDE = 1024
"""Of the spectrum; of a larger picture its middle is looked at."""
RADII, ANGLES = 448, 1024
_BAND = (0.035, 0.47)
_FURTHEST = 2.3
"""Sizes from 1 / this to this are looked through."""
_AROUND = 25
_LOUDEST = 25.0
_APART = 4
_FINEST = 2e-4
_SAME = 1e-3
_BLOCK = 64
_CLIMBS = 14
_AROUND_IT = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 2, indexing="ij"), axis=-1).reshape(-1, 2)

Floats = NDArray[np.float32]
Reals = NDArray[np.float64]
Spectrum = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Pose:
    """A pattern's wave (across, down) as a complex number, mirrored across first where ``mirrored``, times ``move``
    is the picture's.
    """

    move: complex
    mirrored: bool
    score: float

    @property
    def upside_down(self) -> Pose:
        """Magnitudes do not tell half a turn."""
        return Pose(-self.move, self.mirrored, self.score)


def poses(evened_HW: Floats, pilot_K2: Waves, count: int) -> list[tuple[Pose, Spectrum]]:
    """The likeliest ones of a picture with these pilot waves, ``count`` mirrored and as many not; each with what the
    picture says of the waves (K,), their phases as from its middle.
    """
    wave_NM = _even_spectrum(evened_HW)
    power_NM = np.minimum(_power(wave_NM), np.float32(_LOUDEST))  # one must not outvote all
    map_RA = _polar(power_NM)
    found = list[tuple[Pose, Spectrum]]()
    for mirrored in (False, True):
        wave_K = _complex(pilot_K2, mirrored)
        apart = list[Pose]()
        for pose in _polished(power_NM, wave_K, _coarse(map_RA, wave_K, count), mirrored):
            if all(abs(one.move - pose.move) >= _SAME for one in apart):
                apart.append(pose)
        moved_PK = np.array([pose.move for pose in apart])[:, None] * wave_K
        said_PK = _sampled(wave_NM, moved_PK.real, moved_PK.imag)
        found += zip(apart, np.where(moved_PK.real < 0, said_PK.conj(), said_PK), strict=True)
    return found


def upright(image_HW: Floats, pose: Pose, *, exactly: bool = True) -> tuple[Floats, Reals]:
    """The picture as the pattern lies in it, up to a shift, 0 where there is none, on whole tiles; and where (down,
    across) its top left corner is, from where that of the picture came to lie. ``exactly``: between pixels too.
    """
    across, down = pose.move.real, pose.move.imag
    forth = np.array([[across, down], [-down, across]])
    if pose.mirrored:
        forth = np.diag([-1.0, 1.0]) @ forth
    height, width = image_HW.shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ forth.T
    first = corners.min(axis=0)
    sides = [TILE * math.ceil(side / TILE) for side in np.ceil(corners.max(axis=0) - first)]
    back = np.linalg.inv(forth)
    middle = first + 0.5  # of the first pixel, whose middle OpenCV calls 0
    by = cv2.INTER_LINEAR if exactly else cv2.INTER_NEAREST
    moved = cv2.warpAffine(
        image_HW, np.column_stack([back, back @ middle - 0.5]), sides, flags=by | cv2.WARP_INVERSE_MAP
    )
    return np.asarray(moved, np.float32), first[::-1]


def sharpened(evened_HW: Floats, pose: Pose, start: Reals, pilot_K2: Waves, turn_K: Spectrum) -> Pose:
    """The same, more exactly: the waves' phases (``turn_K``) and where the tile begins (down, across) are known now.

    Each block of the picture says how a pilot wave of this pose goes through it; a pose nearby turns what the blocks
    say against one another, and the best one makes them agree.
    """
    wave_K = _complex(pilot_K2, pose.mirrored)
    said_KB, middle_B = _by_blocks(evened_HW, pose.move * wave_K)
    said_KB *= turn_K.conj()[:, None]

    along_KB = pose.move * wave_K[:, None] * middle_B.conj()

    def fit(place: Reals, step: Reals) -> Reals:
        """Of the place and all its neighbours, (81,): along each axis the blocks turn by as much as back."""
        larger, turned = (
            np.exp(-2j * np.pi * by_KB) for by_KB in (step[0] * along_KB.real, -step[1] * along_KB.imag)
        )
        here_KB = said_KB * np.exp(-2j * np.pi * (along_KB * (1 + place[0] + 1j * place[1])).real)
        here_KB3, turned_KB3 = (
            by_KB[..., None] * np.stack([one.conj(), np.ones_like(one), one], axis=-1)
            for by_KB, one in ((here_KB, larger), (np.ones(1), turned))
        )
        wave_K33 = here_KB3.swapaxes(1, 2) @ turned_KB3
        start_92 = start + place[2:] + _AROUND_IT * step[2:]
        begun_9K = np.exp(2j * np.pi * (start_92 @ pilot_K2.T) / TILE)
        agreed: Reals = (wave_K33.reshape(-1, 9).T @ begun_9K.T).real.ravel()
        return agreed

    change = _climbed(fit, np.zeros(4), np.array([0.002, 0.002, 0.5, 0.5]))
    return Pose(pose.move * complex(1 + change[0], change[1]), pose.mirrored, pose.score)


def _by_blocks(image_HW: Floats, wave_K: Spectrum) -> tuple[Spectrum, Spectrum]:
    """What each block of the picture says of each wave, as if it began in the block's middle, (K, B); and the middles,
    across + i down, (B,).
    """
    height, width = image_HW.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    whole = np.pad(image_HW, ((0, rows * _BLOCK - height), (0, columns * _BLOCK - width)))
    blocks_RrCc = whole.reshape(rows, _BLOCK, columns, _BLOCK)
    inside = np.arange(_BLOCK) - (_BLOCK - 1) / 2
    down_Kr, across_Kc = (np.exp(-2j * np.pi * part[:, None] * inside) for part in (wave_K.imag, wave_K.real))
    said_KRC = np.einsum(
        "kr,rabc,kc->kab", down_Kr, blocks_RrCc.transpose(1, 0, 2, 3), across_Kc, optimize=True
    )
    middle = np.arange(max(rows, columns)) * _BLOCK + (_BLOCK - 1) / 2
    middle_B = (middle[None, :columns] + 1j * middle[:rows, None]).ravel()
    return said_KRC.reshape(len(wave_K), -1), middle_B


def _climbed(fit: Callable[[Reals, Reals], Reals], place: Reals, step: Reals) -> Reals:
    """The place of the best fit that is reached from here in ever smaller steps, along each axis and all diagonals."""
    around = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * len(place), indexing="ij"), axis=-1).reshape(
        -1, len(place)
    )
    for _ in range(_CLIMBS):
        fits = fit(place, step)
        best = int(fits.argmax())
        if around[best].any() and fits[best] > fits[len(around) // 2]:
            place = place + around[best] * step
        else:
            step = step / 2
    return place


def _even_spectrum(image_HW: Floats) -> NDArray[np.complex64]:
    """Of the picture, faded out towards its edges, its middle at the origin: (N, N/2 + 1), each wave beside its
    neighbours.
    """
    height, width = image_HW.shape
    top, left = max(0, (height - SIDE) // 2), max(0, (width - SIDE) // 2)
    seen = image_HW[top : top + SIDE, left : left + SIDE]
    fading = np.sqrt(np.outer(*(np.hanning(side + 2)[1:-1] for side in seen.shape))).astype(np.float32)
    whole = np.zeros((SIDE, SIDE), np.float32)
    whole[np.ix_(*((np.arange(side) - side // 2) % SIDE for side in seen.shape))] = seen * fading
    wave_NM = np.fft.rfft2(whole).astype(np.complex64, copy=False)
    loudness = np.sqrt(mean_around(_power(wave_NM), _AROUND) + np.float32(1e-12))
    even: NDArray[np.complex64] = wave_NM / loudness
    return even


def _power(wave_NM: NDArray[np.complex64]) -> Floats:
    power: Floats = np.square(wave_NM.real) + np.square(wave_NM.imag)
    return power


def _sampled(value_NM: NDArray[Any], across: Reals, down: Reals) -> NDArray[Any]:
    """The spectrum, or what is made of it, at these frequencies (cycles a pixel), between the four points around each;
    of a complex one the other half's points must be conjugated yet.
    """
    return _between(value_NM, *_points_around(across, down))


def _points_around(across: Reals, down: Reals) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats, Floats]:
    """For each frequency the point above it and the one below, in the flattened spectrum, each left of it; and how far
    it lies to the right of them and below.
    """
    back = across < 0
    x = np.minimum(np.where(back, -across, across) * SIDE, SIDE / 2)
    y = np.where(back, -down, down) * SIDE % SIDE
    column = np.minimum(x.astype(np.intp), SIDE // 2 - 1)
    row = y.astype(np.intp) % SIDE
    above, below = (one * (SIDE // 2 + 1) + column for one in (row, (row + 1) % SIDE))
    return above, below, (x - column).astype(np.float32), (y - np.floor(y)).astype(np.float32)


def _between(
    value_NM: NDArray[Any], above: NDArray[np.intp], below: NDArray[np.intp], right: Floats, low: Floats
) -> NDArray[Any]:
    value = value_NM.ravel()
    upper = value[above] * (1 - right) + value[above + 1] * right
    lower = value[below] * (1 - right) + value[below + 1] * right
    sampled: NDArray[Any] = upper * (1 - low) + lower * low
    return sampled


@lru_cache(maxsize=1)
def _places() -> tuple[NDArray[np.intp], NDArray[np.intp], Floats, Floats]:
    radius = np.geomspace(*_BAND, RADII)[:, None]
    angle = np.arange(ANGLES)[None] * (math.pi / ANGLES)
    return _points_around(radius * np.cos(angle), radius * np.sin(angle))


def _polar(power_NM: Floats) -> Floats:
    """The power by radius, in equal steps of its logarithm, and angle over half a turn; its mean taken away."""
    map_RA = _between(power_NM, *_places())
    even: Floats = map_RA - map_RA.mean()
    return even


def _coarse(map_RA: Floats, wave_K: Spectrum, count: int) -> Spectrum:
    """Moves, by the shifts of the polar map at which it is largest at the pilot's places."""
    step = math.log(_BAND[1] / _BAND[0]) / (RADII - 1)
    reach = int(math.log(_FURTHEST) / step)
    padded = np.pad(map_RA, ((reach, reach), (0, 0)))
    summed = np.zeros((2 * reach + 1, ANGLES), np.float32)
    for wave in wave_K:
        row = round(math.log(abs(wave) / _BAND[0]) / step)
        column = round(float(np.angle(wave)) % math.pi / (math.pi / ANGLES)) % ANGLES
        rows = padded[row : row + 2 * reach + 1]
        summed[:, : ANGLES - column] += rows[:, column:]
        summed[:, ANGLES - column :] += rows[:, :column]
    found = []
    for _ in range(count):
        row, column = divmod(int(summed.argmax()), ANGLES)
        move = math.exp((row - reach) * step) * np.exp(1j * column * math.pi / ANGLES)
        found.append(move)
        near = (np.arange(column - _APART, column + _APART + 1)) % ANGLES
        summed[max(0, row - _APART) : row + _APART + 1, near] = -np.inf
    return np.array(found)


def _polished(power_NM: Floats, wave_K: Spectrum, move_P: Spectrum, mirrored: bool) -> list[Pose]:
    """The poses that are reached from these moves in ever smaller steps, each where it fits best."""
    around = np.array([0, *(complex(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y)])
    step_P, every = np.full(len(move_P), 0.004), np.arange(len(move_P))
    while step_P.max() > _FINEST:
        tried_PM = move_P[:, None] * (1 + step_P[:, None] * around)
        moved_PMK = tried_PM[..., None] * wave_K
        fit_PM = _sampled(power_NM, moved_PMK.real, moved_PMK.imag).sum(axis=2)
        best_P = fit_PM.argmax(axis=1)
        move_P, score_P = tried_PM[every, best_P], fit_PM[every, best_P]
        step_P = np.where(best_P == 0, step_P / 2, step_P)
    return [Pose(complex(move), mirrored, float(score)) for move, score in zip(move_P, score_P, strict=True)]


def _complex(wave_N2: Waves, mirrored: bool) -> Spectrum:
    """The waves as across + i down, in cycles a pixel."""
    down, across = wave_N2.T / TILE
    waves: Spectrum = (-across if mirrored else across) + 1j * down
    return waves
