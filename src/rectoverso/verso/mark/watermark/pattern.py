"""The pattern of a key: which waves of a tile carry its mark, and at which phase.

A tile has `SIDE` x `SIDE` pixels and repeats over the picture, so each of its waves runs through the whole picture: a
point in the spectrum that a crop leaves where it is, and that moves with the picture when that is turned or resized.
A few waves are the *pilot*, strong and all alike: they tell how the picture lies. The others carry the coded bits,
two each.

Shapes: K pilot waves, D carrying waves. A wave is (down, across), in periods a tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.mark.watermark.code import CODED_BITS
from rectoverso.verso.mark.watermark.keyed import draws

SIDE = 128
BAND = (0.05, 0.3)
"""Cycles a pixel: fine enough not to be seen, coarse enough to outlive JPEG."""
PILOTS = 20
_PILOT_BAND = (0.09, 0.19)

Reals = NDArray[np.float64]
Waves = NDArray[np.int64]
Spectrum = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Pattern:
    """``turn_K`` and ``turn_D`` are the phases, as complex numbers of length 1. The real part of a wave so turned is
    for the coded bit ``bit_2D[d]``, its imaginary part for ``bit_2D[D + d]``, both with the signs ``sign_2D``.
    """

    pilot_K2: Waves
    turn_K: Spectrum
    wave_D2: Waves
    turn_D: Spectrum
    bit_2D: NDArray[np.int64]
    sign_2D: Reals

    @property
    def size_D(self) -> Reals:
        """Cycles a pixel."""
        size: Reals = np.hypot(*self.wave_D2.T) / SIDE
        return size


@lru_cache(maxsize=8)
def pattern_of(key: bytes, pilot_key: bytes | None = None) -> Pattern:
    """Everything that the key decides; the pilot is another key's where one is named."""
    pilot_key = pilot_key or key
    pilot_K2 = _pilots(pilot_key)
    taken = {tuple(wave) for wave in pilot_K2}
    wave_D2 = np.array([wave for wave in _between(*BAND) if tuple(wave) not in taken])
    count = len(wave_D2)
    return Pattern(
        pilot_K2=pilot_K2,
        turn_K=_turns(pilot_key, "pilot", PILOTS),
        wave_D2=wave_D2,
        turn_D=_turns(key, "carriers", count),
        bit_2D=_dealt(key, wave_D2),
        sign_2D=1 - 2 * (draws(key, "signs", 2 * count) & np.uint64(1)).astype(np.float64),
    )


def in_tile(wave_N2: Waves) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where these waves stand in a tile's spectrum, as an index."""
    return wave_N2[:, 0] % SIDE, wave_N2[:, 1] % SIDE


def _pilots(key: bytes) -> Waves:
    """One wave in each of K equal sectors of the half plane."""
    wave_N2 = _between(*_PILOT_BAND)
    sector_N = (np.arctan2(*wave_N2.T) * PILOTS / np.pi).astype(int) % PILOTS
    order_N = np.argsort(draws(key, "pilot waves", len(wave_N2)))
    return np.array([next(wave_N2[n] for n in order_N if sector_N[n] == k) for k in range(PILOTS)])


def _dealt(key: bytes, wave_D2: Waves) -> NDArray[np.int64]:
    """The coded bit of each wave's two parts, dealt from coarse to fine: every bit gets its share of both."""
    order_D = np.argsort(np.hypot(*wave_D2.T), kind="stable")
    part_2D = np.stack([order_D, order_D + len(wave_D2)], axis=1).ravel()
    rounds = -(-len(part_2D) // CODED_BITS)
    deal = [np.argsort(draws(key, f"deal {n}", CODED_BITS)) for n in range(rounds)]
    bit_2D = np.empty(len(part_2D), np.int64)
    bit_2D[part_2D] = np.concatenate(deal)[: len(part_2D)]
    return bit_2D


def _between(low: float, high: float) -> Waves:
    """The waves of half of the plane in this band; the other half holds their mirror images."""
    reach = np.arange(-(SIDE // 2) + 1, SIDE // 2)
    down, across = (side.ravel() for side in np.meshgrid(reach, reach, indexing="ij"))
    size = np.hypot(down, across) / SIDE
    chosen = ((down > 0) | ((down == 0) & (across > 0))) & (low <= size) & (size <= high)
    return np.stack([down[chosen], across[chosen]], axis=1)


def _turns(key: bytes, purpose: str, count: int) -> Spectrum:
    turns: Spectrum = np.exp(2j * np.pi * (draws(key, purpose, count) / 2.0**64))
    return turns
