"""The mark of pictures from 256 pixels on: waves all over them, which a crop, a turn or another size leaves there.

Spread spectrum (Cox et al. 1997) on the waves of a repeating tile (`pattern`), coded (`code`), with a pilot that
tells how the picture lies (`pose`). What the picture itself says to each coded bit is known when it is marked, and
made up for as far as it speaks against the bit (Malvar and Florencio 2003): reading begins where noise does.

The phases are the key's. In a picture without the mark the phase of each wave, less the key's, is uniform over the
keys whatever the picture shows, and on nothing else rests the p-value.

Shapes: H height, W width, S the side of a tile, D carrying waves, K pilots, C coded bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.mark.watermark.code import CODED_BITS, ID_BITS, PAYLOAD_BITS, Signs, likeliest, signs_of
from rectoverso.verso.mark.watermark.evened import detail, evened, folded, kept, mean_around, weights
from rectoverso.verso.mark.watermark.light import brightness, colours_of, shown_in
from rectoverso.verso.mark.watermark.pattern import SIDE, Pattern, Waves, in_tile
from rectoverso.verso.mark.watermark.pose import Pose, poses, sharpened, upright
from rectoverso.verso.mark.watermark.tails import log_tail_of_turns

WORKING_PX = 512
"""The shorter side that marks are made for: from twice that on, a picture is made smaller by powers of two."""
LEAST_PX = 96
"""The shorter side of the smallest piece in which a mark is looked for."""
PSNR_dB = (43.2, 42.0, 41.0, 40.0, 39.0, 38.0, 37.0, 36.0)
"""What is tried, in this order, until the mark stands out by `STANDING_OUT` standard deviations; below 41 only as
long as the mark is no more than `HIDDEN` of the detail that most places have.
"""
HIDDEN = 0.12
STANDING_OUT = 30.0
PILOT_SHARE = 0.33
_LEAST_SHARE = 0.25
"""A coded bit for which the picture itself speaks still gets this share of the common reach."""
_FADING = 0.11
"""From so many cycles a pixel on, waves get weaker: they are the first to go."""
_MASKING = 0.3
_AROUND = 5
_LOUDEST, _LOUDEST_PILOT = 1.5, 3.0
"""How far a wave may stand out of those around it: what it says beyond that is the picture."""
_FINE = 0.5
_POSES, _STARTS, _READ = 40, 3, 3
_AGREEMENT = 8.0
"""What a pilot wave whose phase agrees is worth beside its power, in the ranking of poses."""
_LIST = 32
_WORTH_A_LIST = math.log(1e-5)
"""Only what would count, were it an id, is looked at that closely."""
_QUARTERS = np.stack(np.meshgrid(*[np.arange(-3, 4) / 4] * 2, indexing="ij"), axis=-1).reshape(-1, 2)

Floats = NDArray[np.float32]
Reals = NDArray[np.float64]
Spectrum = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Way:
    """One of the eight ways in which a picture may lie without being resampled: its waves mirrored, then swapped."""

    down: int = 1
    across: int = 1
    swapped: bool = False

    def moved(self, wave_N2: Waves) -> Waves:
        mirrored_N2 = wave_N2 * (self.down, self.across)
        return mirrored_N2[:, ::-1] if self.swapped else mirrored_N2


WAYS = tuple(
    Way(down, across, swapped) for swapped in (False, True) for down in (1, -1) for across in (1, -1)
)


@dataclass(frozen=True, slots=True)
class Reading:
    """``soft_C``: above 0 where a coded bit is rather a 0. ``size_D``: the most that each wave can add to any fit."""

    soft_C: Reals
    size_D: Reals

    def log_p(self, sign_C: Signs) -> float:
        """How often a picture without the mark fits these coded bits as well: the log of a bound."""
        return self.log_p_of(float(self.soft_C @ sign_C))

    def log_p_of(self, fit: float) -> float:
        """The same, for soft values that sum to this along some coded bits."""
        return log_tail_of_turns(fit, self.size_D)

    def decoded(self) -> tuple[int | None, float]:
        """The id that fits best, None where no likely payload has the right checksum; and the log of how often a
        picture without the mark fits any id as well, or, where there is none, any payload.
        """
        number, sign_C = likeliest(self.soft_C)
        if number is None and self.log_p(sign_C) + ID_BITS * math.log(2) < _WORTH_A_LIST:
            number, sign_C = likeliest(self.soft_C, _LIST)
        tried = ID_BITS if number is not None else PAYLOAD_BITS
        return number, min(
            0.0, self.log_p(sign_C) + (1 + tried) * math.log(2)
        )  # two questions, so one bit more


@dataclass(frozen=True, slots=True)
class Loudness:
    """Of a mark: the levels that are tried (dB of PSNR) until it stands out by so many standard deviations, and the
    pilot's share of its energy.
    """

    levels_dB: tuple[float, ...] = PSNR_dB
    standing_out: float = STANDING_OUT
    pilot_share: float = PILOT_SHARE


PUBLIC = Loudness()
LEAVING_ROOM = Loudness(tuple(level + 0.6 for level in PSNR_dB))
FORENSIC = Loudness((51.0, 50.0, 49.0, 48.0), standing_out=10.0, pilot_share=0.0)
"""Below the public mark, both together at 43 dB; found by the public one's pilot, or where it was put."""


def embedded(pixels: Pixels, number: int, pattern: Pattern, loudness: Loudness = PUBLIC) -> Pixels:
    """The picture (H, W, channels) with these 48 bits in it; alpha, and what it hides, stay as they are."""
    shown = shown_in(pixels)
    luma_HW = brightness(pixels, shown)
    small_HW = working(luma_HW)
    fine_HW, nearby_HW = detail(small_HW)
    weight_HW, mask_HW = weights(nearby_HW), _masked(nearby_HW)
    seen_HW = mask_HW if shown is None else mask_HW * working(shown)
    host_SS = np.fft.fft2(folded(fine_HW * weight_HW, SIDE))
    gain, most = float((weight_HW * seen_HW).sum()), HIDDEN * float(np.median(nearby_HW))
    tile_SS = _tile(host_SS, gain, most, signs_of([number])[0], pattern, loudness)
    mark_HW = _tiled(tile_SS, small_HW.shape) * mask_HW
    if small_HW.shape != luma_HW.shape:
        mark_HW = np.asarray(Image.fromarray(mark_HW).resize(luma_HW.shape[::-1], Image.Resampling.BICUBIC))
    if shown is not None:
        mark_HW = mark_HW * shown
    colours = colours_of(pixels)
    marked = np.clip(np.rint(pixels[..., :colours] + mark_HW[..., None]), 0, 255).astype(np.uint8)
    return np.concatenate([marked, pixels[..., colours:]], axis=2)


def working(luma_HW: Floats) -> Floats:
    """The picture at the size at which it is marked and read."""
    by = 1 << max(0, int(math.log2(min(luma_HW.shape) / WORKING_PX)))
    return luma_HW if by == 1 else np.asarray(Image.fromarray(luma_HW).reduce(by))


def read_as_it_lies(luma_HW: Floats, pattern: Pattern) -> list[Reading]:
    """What a picture says that was at most cropped, mirrored or turned by quarters. Several readings, of which one may
    be believed.
    """
    tile_SS = _spectrum(evened(luma_HW))
    return _readings([found for way in WAYS for found in _started(tile_SS, way, pattern)], pattern)


def read_as_marked(luma_HW: Floats, pattern: Pattern) -> list[Reading]:
    """What a picture says whose tile begins where it did, whatever became of the pilot."""
    return _readings([_Found(_spectrum(evened(luma_HW)), Way(), np.zeros(2), 0.0)], pattern)


def read_anyhow(luma_HW: Floats, pattern: Pattern) -> list[Reading]:
    """What a picture says that may have been turned by any angle and resized as well."""
    even_HW = evened(luma_HW)
    likely = list[tuple[float, Pose]]()
    for pose, wave_K in poses(even_HW, pattern.pilot_K2, _POSES):
        for turned, said_K in ((pose, wave_K), (pose.upside_down, wave_K.conj())):
            ((_, agreement),) = _agreed(said_K * pattern.turn_K.conj(), pattern, 1)
            likely.append((turned.score + _AGREEMENT * agreement, turned))
    exact = list[_Found]()
    for _, pose in sorted(likely, key=lambda one: -one[0])[:_READ]:
        lying_HW, corner = upright(even_HW, pose)
        (found, *_) = _started(_spectrum(lying_HW), Way(), pattern)
        sharp = sharpened(even_HW, pose, found.start + corner, pattern.pilot_K2, pattern.turn_K)
        exact += _started(_spectrum(upright(even_HW, sharp)[0]), Way(), pattern)
    return _readings(exact, pattern)


@dataclass(frozen=True, slots=True)
class _Found:
    """A folded picture's spectrum, the way it lies, where its tile begins, and how well the pilot agrees on it."""

    tile_SS: Spectrum
    way: Way
    start: Reals
    agreement: float


def _spectrum(even_HW: Floats) -> Spectrum:
    """Of the folded picture, each wave beside those around it (S, S)."""
    tile_SS = np.fft.fft2(folded(even_HW, SIDE))
    spectrum: Spectrum = tile_SS / _loudness(tile_SS)
    return spectrum


def _readings(found: list[_Found], pattern: Pattern) -> list[Reading]:
    """Of the few that the pilot agrees on best: all waves, fine ones at half their worth, coarse ones alone."""
    worths = (np.ones(1), np.where(pattern.is_coarse_D, 1.0, _FINE), pattern.is_coarse_D)
    read = []
    for one in sorted(found, key=lambda one: -one.agreement)[:_READ]:
        wave_D = one.tile_SS[in_tile(one.way.moved(pattern.wave_D2))] * pattern.turn_D.conj()
        wave_D *= np.exp(2j * np.pi / SIDE * (pattern.wave_D2 @ one.start))
        wave_D = _quieted(wave_D, _LOUDEST)
        read += [_reading(wave_D * worth, pattern) for worth in worths]
    return read


def _reading(wave_D: Spectrum, pattern: Pattern) -> Reading:
    part_2D = np.concatenate([wave_D.real, wave_D.imag]) * pattern.sign_2D
    return Reading(_by_bit(part_2D, pattern), math.sqrt(2) * np.abs(wave_D))


def _by_bit(part_2D: Reals, pattern: Pattern) -> Reals:
    """The sum of each coded bit's parts, (C,)."""
    return np.bincount(pattern.bit_2D, part_2D, CODED_BITS).astype(np.float64)


def _started(tile_SS: Spectrum, way: Way, pattern: Pattern) -> list[_Found]:
    """Where the tile of a picture that lies this way may begin: the places on which the pilot agrees best."""
    wave_K = tile_SS[in_tile(way.moved(pattern.pilot_K2))] * pattern.turn_K.conj()
    return [_Found(tile_SS, way, *one) for one in _agreed(wave_K, pattern, _STARTS)]


def _agreed(wave_K: Spectrum, pattern: Pattern, count: int) -> list[tuple[Reals, float]]:
    """Starts (down, across) on which the pilot's waves agree, those that stand out more than others, to a quarter of a
    pixel; and how well, K at most.
    """
    wave_K = _quieted(wave_K, _LOUDEST_PILOT)
    wave_K = wave_K / max(1e-12, float(np.sqrt(np.square(np.abs(wave_K)).mean())))
    wave_SS = np.zeros((SIDE, SIDE), np.complex128)
    wave_SS[in_tile(pattern.pilot_K2)] = wave_K
    agreed_SS = np.fft.ifft2(wave_SS).real
    found = []
    for _ in range(count):
        place = np.array(divmod(int(agreed_SS.argmax()), SIDE))
        tried_T2 = place + _QUARTERS
        agreed_T = (wave_K * np.exp(2j * np.pi / SIDE * (tried_T2 @ pattern.pilot_K2.T))).real.sum(axis=1)
        best = int(agreed_T.argmax())
        found.append((tried_T2[best], float(agreed_T[best])))
        agreed_SS[np.ix_(*((place[:, None] + np.arange(-2, 3)) % SIDE))] = -np.inf
    return found


def _tile(
    host_SS: Spectrum, gain: float, most: float, code_C: Signs, pattern: Pattern, loudness: Loudness
) -> Floats:
    """The tile (S, S) whose waves say the coded bits and the pilot. ``gain``: what a wave of height 1 adds to the
    spectrum of the folded picture, before `kept`; ``most``: the grey levels that the picture hides.
    """
    host_D = host_SS[in_tile(pattern.wave_D2)] * pattern.turn_D.conj()
    worth_2D = np.tile(1 / _loudness(host_SS)[in_tile(pattern.wave_D2)], 2)
    height_2D = np.tile(_heights(pattern), 2)
    heard_2D = gain * np.tile(kept(pattern.wave_D2 / SIDE), 2) * height_2D * worth_2D
    heard_C = _by_bit(heard_2D, pattern)
    host = _reading(host_D * worth_2D[: len(host_D)], pattern)
    against_C = -host.soft_C * code_C / heard_C
    cost_C = 2 * _by_bit(height_2D**2, pattern)
    noise = math.sqrt(np.square(host.size_D).sum() / 2)
    for psnr_dB in loudness.levels_dB:
        energy = 255.0**2 / 10 ** (psnr_dB / 10)
        strength_C = _shared_out(against_C, cost_C, energy * (1 - loudness.pilot_share))
        stronger = 255.0 / 10 ** ((psnr_dB - 1) / 20)
        if heard_C @ (strength_C - against_C) >= loudness.standing_out * noise or (
            psnr_dB <= 41 and stronger > most
        ):
            break
    part_2D = (strength_C * code_C)[pattern.bit_2D] * pattern.sign_2D * height_2D
    waves_SS = np.zeros((SIDE, SIDE), np.complex128)
    real_D, imaginary_D = np.split(part_2D, 2)
    waves_SS[in_tile(pattern.wave_D2)] = (real_D + 1j * imaginary_D) * pattern.turn_D
    waves_SS[in_tile(pattern.pilot_K2)] = (
        math.sqrt(energy * loudness.pilot_share / 2 / len(pattern.turn_K)) * pattern.turn_K
    )
    tile: Floats = (2 * SIDE**2 * np.fft.ifft2(waves_SS).real).astype(np.float32)
    return tile


def _shared_out(against_C: Reals, cost_C: Reals, energy: float) -> Reals:
    """The strength of each coded bit, so that all end equally far on their side: by bisection of how far."""
    low, high = 0.0, float(np.abs(against_C).max() + math.sqrt(energy / cost_C.min()))
    for _ in range(40):
        reach = (low + high) / 2
        strength_C = np.maximum(reach + against_C, _LEAST_SHARE * reach)
        low, high = (reach, high) if float(cost_C @ strength_C**2) < energy else (low, reach)
    return strength_C


def _heights(pattern: Pattern) -> Reals:
    """How high each wave is beside the others (D,)."""
    size_D = np.hypot(*pattern.wave_D2.T) / SIDE
    heights: Reals = np.minimum(1.0, _FADING / size_D)
    return heights


def _quieted(wave_N: Spectrum, most: float) -> Spectrum:
    """The waves, none louder than this beside those around it."""
    quieted: Spectrum = wave_N * np.minimum(1, most / np.maximum(np.abs(wave_N), 1e-12))
    return quieted


def _loudness(tile_SS: Spectrum) -> Reals:
    """How loud the waves around each are, (S, S): what it is, as noise."""
    power_SS = np.fft.fftshift(np.square(np.abs(tile_SS))).astype(np.float32)
    loudness: Reals = np.sqrt(np.fft.ifftshift(mean_around(power_SS, _AROUND)) + 1e-12)
    return loudness


def _masked(nearby_HW: Floats) -> Floats:
    """How strong the mark is at each place, HW, 1 in the root of the mean square: more where more hides it."""
    rough_HW = (nearby_HW + 1) ** np.float32(_MASKING)
    masked: Floats = rough_HW / np.sqrt(np.square(rough_HW).mean())
    return masked


def _tiled(tile_SS: Floats, shape: tuple[int, ...]) -> Floats:
    height, width = shape
    return np.tile(tile_SS, (-(-height // SIDE), -(-width // SIDE)))[:height, :width]
