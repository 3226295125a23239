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
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.mark.watermark.code import CODED_BITS, ID_BITS, PAYLOAD_BITS, Signs, likeliest, signs_of
from rectoverso.verso.mark.watermark.evened import amount, detail, evened, folded, kept, mean_around, weights
from rectoverso.verso.mark.watermark.light import brightness, colours_of, shown_in
from rectoverso.verso.mark.watermark.pattern import SIDE, Pattern, Waves, in_tile
from rectoverso.verso.mark.watermark.pose import Pose, poses, sharpened, upright
from rectoverso.verso.mark.watermark.tails import log_tail_of_turns

WORKING_PX = 512
"""The shorter side that marks are made for: from twice that on, a picture is made smaller by powers of two."""
LEAST_PX = 96
"""The shorter side of the smallest piece in which a mark is looked for."""
_LONGEST_PX = 4096
"""Of what is longer the middle is turned and resized: it says enough, and OpenCV turns nothing beyond 32,767."""
PSNR_dB = (43.8, 43.2, 42.6, 42.0, 41.5, 41.0, 40.0, 39.0, 38.0, 37.0, 36.1)
"""What is tried, in this order, until the mark stands out by `STANDING_OUT` standard deviations, at the first, which
asks for what JPEG will take as well, by `EASILY`; below 41 only as long as the mark is no more than `HIDDEN` of the
detail that most places have.
"""
HIDDEN = 0.16
STANDING_OUT, EASILY = 32.0, 90.0
PILOT_SHARE = 0.27
_LEAST_SHARE = 0.25
"""A coded bit for which the picture itself speaks still gets this share of the common reach."""
_FADING = 0.11
"""From so many cycles a pixel on, waves get weaker: they are the first to go."""
_HIDING_PX, _ENOUGH, _PLAIN = 8, 4.0, 1.3
"""The cells whose detail hides the mark; the grey levels of it that are enough; and of the mark where there is none."""
_AROUND = 5
_LOUDEST, _LOUDEST_PILOT = 1.5, 3.0
"""How far a wave may stand out of those around it: what it says beyond that is the picture."""
_REACHES = (math.inf, 0.22, 0.15, 0.11)
"""Readings that trust waves less from about so many cycles a pixel on, as resizing and saving wear fine ones off."""
_POSES, _LAID, _STARTS, _READ = 40, 20, 3, 3
"""How many of the likeliest are kept: poses, either way mirrored; of them those by which the picture is laid upright;
places where the tile may begin; and of poses and places what is read.
"""
_AGREEMENT = 8.0
"""What a pilot wave whose phase agrees is worth beside its power, in the ranking of poses."""
_LIST = 1024
_WORTH_A_LIST = math.log(1e-5)
"""Only what would count, were it an id, is looked at that closely."""
_TURN = 2j * np.pi / SIDE
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
        log_p = self.log_p(sign_C)
        if number is None and log_p + ID_BITS * math.log(2) < _WORTH_A_LIST:
            number, sign_C = likeliest(self.soft_C, _LIST)
            log_p = log_p if number is None else self.log_p(sign_C)
        tried = ID_BITS if number is not None else PAYLOAD_BITS
        return number, min(0.0, log_p + (1 + tried) * math.log(2))  # two questions, so one bit more


@dataclass(frozen=True, slots=True)
class Loudness:
    """Of a mark: the levels that are tried (dB of PSNR) until it stands out by so many standard deviations, at the
    first ``easily``; and the pilot's share of its energy.
    """

    levels_dB: tuple[float, ...] = PSNR_dB
    standing_out: float = STANDING_OUT
    easily: float = EASILY
    pilot_share: float = PILOT_SHARE


PUBLIC = Loudness()
LEAVING_ROOM = Loudness(tuple(level + 0.4 for level in PSNR_dB))
FORENSIC = Loudness((51.5, 51.0, 50.0, 49.0, 48.0), standing_out=10.0, easily=18.0, pilot_share=0.0)
"""Below the public mark, both together at 43 dB; found by the public one's pilot, or where it was put."""


def embedded(pixels: Pixels, number: int, marks: Sequence[tuple[Pattern, Loudness]]) -> Pixels:
    """The picture (H, W, channels) with these 48 bits in it by each of the marks, of which every one makes up for those
    before it; alpha, and what it hides, stay as they are.
    """
    shown = shown_in(pixels)
    luma_HW = brightness(pixels, shown)
    small_HW = working(luma_HW)
    fine_HW = detail(small_HW)
    weight_HW, hiding_HW = weights(fine_HW), amount(fine_HW, _HIDING_PX, 3)
    mask_HW, most = _masked(hiding_HW)
    seen_HW = mask_HW if shown is None else mask_HW * working(shown)
    room = _Room(float(np.vdot(weight_HW, seen_HW)), float(np.median(hiding_HW)), most)
    host_SS = np.fft.fft2(folded(fine_HW * weight_HW, SIDE))
    tile_SS, code_C = np.zeros((SIDE, SIDE), np.float32), signs_of([number])[0]
    for pattern, loudness in marks:
        wave_SS = _waves(host_SS, room, code_C, pattern, loudness)
        host_SS = host_SS + room.gain * wave_SS * _kept()
        tile_SS += 2 * SIDE**2 * np.fft.ifft2(wave_SS).real.astype(np.float32)
    mark_HW = _tiled(tile_SS, small_HW.shape) * mask_HW
    if small_HW.shape != luma_HW.shape:
        mark_HW = np.asarray(Image.fromarray(mark_HW).resize(luma_HW.shape[::-1], Image.Resampling.BICUBIC))
    if shown is not None:
        mark_HW = mark_HW * shown
    colours = colours_of(pixels)
    change_HWC = cv2.merge([np.rint(mark_HW).astype(np.int16)] * colours)
    marked = pixels.copy()
    marked[..., :colours] = cv2.add(pixels[..., :colours], change_HWC, dtype=cv2.CV_8U).reshape(
        *luma_HW.shape, colours
    )
    return marked


def working(luma_HW: Floats) -> Floats:
    """The picture at the size at which it is marked and read."""
    by = 1 << max(0, int(math.log2(min(luma_HW.shape) / WORKING_PX)))
    return luma_HW if by == 1 else np.asarray(Image.fromarray(luma_HW).reduce(by))


def read_as_it_lies(luma_HW: Floats, pattern: Pattern) -> list[Reading]:
    """What a picture says that was at most cropped, mirrored or turned by quarters. Several readings, of which one may
    be believed.
    """
    return _readings(_started(_spectrum(evened(luma_HW)), WAYS, pattern), pattern)


def read_as_marked(luma_HW: Floats, pattern: Pattern) -> list[Reading]:
    """What a picture says whose tile begins where it did, whatever became of the pilot."""
    return _readings([_Found(_spectrum(evened(luma_HW)), Way(), np.zeros(2), 0.0)], pattern)


def read_anyhow(luma_HW: Floats, pattern: Pattern) -> list[Reading]:
    """What a picture says that may have been turned by any angle and resized as well."""
    even_HW = evened(_middle(luma_HW))
    exact = list[_Found]()
    for pose, start in _likely_poses(even_HW, pattern)[:_READ]:
        sharp = sharpened(even_HW, pose, start, pattern.pilot_K2, pattern.turn_K)
        exact += _started(_spectrum(upright(even_HW, sharp)[0]), (Way(),), pattern)
    return _readings(exact, pattern)


def _middle(luma_HW: Floats) -> Floats:
    first = [max(0, (side - _LONGEST_PX) // 2) for side in luma_HW.shape]
    return luma_HW[first[0] :, first[1] :][:_LONGEST_PX, :_LONGEST_PX]


def _likely_poses(even_HW: Floats, pattern: Pattern) -> list[tuple[Pose, Reals]]:
    """How the picture may lie, likeliest first, and where the tile begins then: by the pilot's power and how well its
    phases agree, first as the picture's spectrum says, then, of the likeliest, as the picture laid upright does.
    """
    said_P = poses(even_HW, pattern.pilot_K2, _POSES)
    pose_P = [turned for pose, _ in said_P for turned in (pose, pose.upside_down)]
    wave_PK = np.stack([turned for _, wave_K in said_P for turned in (wave_K, wave_K.conj())])
    _, agreement_P1 = _agreed(wave_PK * pattern.turn_K.conj(), pattern, 1)
    score_P = [pose.score for pose in pose_P] + _AGREEMENT * agreement_P1[:, 0]
    pose_L = [pose_P[at] for at in np.argsort(-score_P, kind="stable")[:_LAID]]
    laid_L = [upright(even_HW, pose, exactly=False) for pose in pose_L]
    wave_LK = np.stack([_spectrum(lying_HW)[in_tile(pattern.pilot_K2)] for lying_HW, _ in laid_L])
    start_L12, agreement_L1 = _agreed(wave_LK * pattern.turn_K.conj(), pattern, 1)
    score_L = [pose.score for pose in pose_L] + _AGREEMENT * agreement_L1[:, 0]
    return [(pose_L[at], start_L12[at, 0] + laid_L[at][1]) for at in np.argsort(-score_L, kind="stable")]


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
    """Of the few that the pilot agrees on best, with the finest waves trusted and ever less."""
    worths = [np.exp(-np.square(pattern.size_D / reach)) for reach in _REACHES]
    read = []
    for one in sorted(found, key=lambda one: -one.agreement)[:_READ]:
        wave_D = one.tile_SS[in_tile(one.way.moved(pattern.wave_D2))] * pattern.turn_D.conj()
        wave_D *= np.exp(_TURN * (pattern.wave_D2 @ one.start))
        wave_D = _quieted(wave_D, _LOUDEST)
        read += [_reading(wave_D * worth, pattern) for worth in worths]
    return read


def _reading(wave_D: Spectrum, pattern: Pattern) -> Reading:
    part_2D = np.concatenate([wave_D.real, wave_D.imag]) * pattern.sign_2D
    return Reading(_by_bit(part_2D, pattern), math.sqrt(2) * np.abs(wave_D))


def _by_bit(part_2D: Reals, pattern: Pattern) -> Reals:
    """The sum of each coded bit's parts, (C,)."""
    return np.bincount(pattern.bit_2D, part_2D, CODED_BITS).astype(np.float64)


def _started(tile_SS: Spectrum, ways: Sequence[Way], pattern: Pattern) -> list[_Found]:
    """Where the tile of a picture that lies in one of these ways may begin: the places on which the pilot agrees
    best.
    """
    wave_WK = np.stack([tile_SS[in_tile(way.moved(pattern.pilot_K2))] for way in ways])
    start_WT2, agreement_WT = _agreed(wave_WK * pattern.turn_K.conj(), pattern, _STARTS)
    return [
        _Found(tile_SS, way, start, float(agreement))
        for way, starts, agreements in zip(ways, start_WT2, agreement_WT, strict=True)
        for start, agreement in zip(starts, agreements, strict=True)
    ]


def _agreed(wave_NK: Spectrum, pattern: Pattern, count: int) -> tuple[Reals, Reals]:
    """For each of N pilots, ``count`` starts (down, across) on which its waves agree, those that stand out more than
    others, to a quarter of a pixel, (N, count, 2); and how well, K at most, (N, count).
    """
    wave_NK = _quieted(wave_NK, _LOUDEST_PILOT)
    wave_NK = wave_NK / np.sqrt(np.maximum(1e-24, _power(wave_NK).mean(axis=1, keepdims=True)))
    agreed_NSS = _agreement_everywhere(wave_NK, pattern.pilot_K2)
    every_N = np.arange(len(wave_NK))
    start, agreement = list[Reals](), list[Reals]()
    for _ in range(count):
        place_N2 = np.stack(np.divmod(agreed_NSS.reshape(-1, SIDE**2).argmax(axis=1), SIDE), axis=1)
        there_NK = wave_NK * np.exp(_TURN * (place_N2 @ pattern.pilot_K2.T))
        agreed_NT = (there_NK @ np.exp(_TURN * (pattern.pilot_K2 @ _QUARTERS.T))).real
        best_N = agreed_NT.argmax(axis=1)
        start.append(place_N2 + _QUARTERS[best_N])
        agreement.append(agreed_NT[every_N, best_N])
        down_N5, across_N5 = ((side_N[:, None] + np.arange(-2, 3)) % SIDE for side_N in place_N2.T)
        agreed_NSS[every_N[:, None, None], down_N5[:, :, None], across_N5[:, None, :]] = -np.inf
    return np.stack(start, axis=1), np.stack(agreement, axis=1)


def _agreement_everywhere(wave_NK: Spectrum, pilot_K2: Waves) -> Floats:
    """How well the waves agree if the tile begins at each pixel, (N, S, S): the real part of their sum, which of so few
    is sooner had from two products of matrices than from a Fourier transform.
    """
    down_SK, across_SK = (np.exp(_TURN * np.outer(np.arange(SIDE), side_K)) for side_K in pilot_K2.T)
    moved_NSK = wave_NK[:, None, :] * down_SK
    parts = np.concatenate([moved_NSK.real, -moved_NSK.imag], axis=2).astype(np.float32)
    of_K = np.concatenate([across_SK.real, across_SK.imag], axis=1).astype(np.float32)
    agreed: Floats = (parts.reshape(-1, parts.shape[2]) @ of_K.T).reshape(-1, SIDE, SIDE)
    return agreed


@dataclass(frozen=True, slots=True)
class _Room:
    """``gain``: what a wave of height 1 adds to the spectrum of the folded picture, before `kept`; ``hides``: the
    detail that most places have; ``most``: what the mark may be without showing where it is plain. In grey levels.
    """

    gain: float
    hides: float
    most: float

    def energy(self, psnr_dB: float) -> float:
        """At this PSNR, or less where plain places would show it."""
        return min(255.0 / 10 ** (psnr_dB / 20), self.most) ** 2


def _waves(host_SS: Spectrum, room: _Room, code_C: Signs, pattern: Pattern, loudness: Loudness) -> Spectrum:
    """The waves (S, S), half of the plane, that say the coded bits and the pilot, as loud as the loudness asks."""
    host_D = host_SS[in_tile(pattern.wave_D2)] * pattern.turn_D.conj()
    worth_2D = np.tile(1 / _loudness(host_SS)[in_tile(pattern.wave_D2)], 2)
    height_2D = np.tile(_heights(pattern), 2)
    heard_2D = room.gain * np.tile(kept(pattern.wave_D2 / SIDE), 2) * height_2D * worth_2D
    heard_C = _by_bit(heard_2D, pattern)
    host = _reading(host_D * worth_2D[: len(host_D)], pattern)
    against_C = -host.soft_C * code_C / heard_C
    cost_C = 2 * _by_bit(height_2D**2, pattern)
    noise = math.sqrt(np.square(host.size_D).sum() / 2)
    for psnr_dB in loudness.levels_dB:
        energy = room.energy(psnr_dB)
        strength_C = _shared_out(against_C, cost_C, energy * (1 - loudness.pilot_share))
        stronger = 255.0 / 10 ** ((psnr_dB - 1) / 20)
        asked = loudness.easily if psnr_dB == loudness.levels_dB[0] else loudness.standing_out
        stands_out = heard_C @ (strength_C - against_C) >= asked * noise
        if stands_out or (psnr_dB <= 41 and stronger > HIDDEN * room.hides):
            break
    part_2D = (strength_C * code_C)[pattern.bit_2D] * pattern.sign_2D * height_2D
    waves_SS = np.zeros((SIDE, SIDE), np.complex128)
    real_D, imaginary_D = np.split(part_2D, 2)
    waves_SS[in_tile(pattern.wave_D2)] = (real_D + 1j * imaginary_D) * pattern.turn_D
    pilot = math.sqrt(energy * loudness.pilot_share / 2 / len(pattern.turn_K))
    waves_SS[in_tile(pattern.pilot_K2)] += pilot * pattern.turn_K
    return waves_SS


@lru_cache(maxsize=1)
def _kept() -> Reals:
    """The share of each wave of a tile that reading keeps, (S, S)."""
    down, across = (side.ravel() for side in np.meshgrid(*[np.fft.fftfreq(SIDE)] * 2, indexing="ij"))
    return kept(np.stack([down, across], axis=1)).reshape(SIDE, SIDE)


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
    heights: Reals = np.minimum(1.0, _FADING / pattern.size_D)
    return heights


def _quieted(wave_N: Spectrum, most: float) -> Spectrum:
    """The waves, none louder than this beside those around it."""
    quieted: Spectrum = wave_N * np.minimum(1, most / np.maximum(np.abs(wave_N), 1e-12))
    return quieted


def _power(wave_N: Spectrum) -> Reals:
    power: Reals = np.square(wave_N.real) + np.square(wave_N.imag)
    return power


def _loudness(tile_SS: Spectrum) -> Reals:
    """How loud the waves around each are, (S, S): what it is, as noise."""
    power_SS = np.fft.fftshift(_power(tile_SS)).astype(np.float32)
    loudness: Reals = np.sqrt(np.fft.ifftshift(mean_around(power_SS, _AROUND)) + 1e-12)
    return loudness


def _masked(hiding_HW: Floats) -> tuple[Floats, float]:
    """How strong the mark is at each place, HW, 1 in the root of the mean square: more where more hides it, up to
    where that is enough, for beyond it the picture's own detail drowns what is added. And how strong it may be in the
    root of the mean square, in grey levels, so that plain places do not show it.
    """
    rough_HW = np.minimum(hiding_HW, np.float32(_ENOUGH)) + np.float32(1)
    size = np.sqrt(np.square(rough_HW).mean())
    return rough_HW / size, _PLAIN * float(size)


def _tiled(tile_SS: Floats, shape: tuple[int, ...]) -> Floats:
    height, width = shape
    return np.tile(tile_SS, (-(-height // SIDE), -(-width // SIDE)))[:height, :width]
