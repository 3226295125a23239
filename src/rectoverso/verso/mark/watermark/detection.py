"""What a picture says of a mark: readings by both schemes, put together into one answer with one p-value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from rectoverso.types import AssetId
from rectoverso.verso.mark.watermark import lattice, spread
from rectoverso.verso.mark.watermark.code import ID_BITS, Signs, signs_of
from rectoverso.verso.mark.watermark.tails import log_tail_of_signs

FOUND_AT = 1e-6
"""A mark is found when a picture without one would read as strongly at most once in a million."""
DOUBTED_AT = 1e-3
"""Up to here the answer is neither yes nor no: of a thousand pictures without a mark one reads as strongly."""
MATCHED_AT = 1e-3
"""A found mark is taken for an issued id when a random id would fit as well at most once in a thousand."""

_NO_DOUBT = 2 * math.log(FOUND_AT)
_AT_ONCE = 10_000
_LEAST_LOG_P = math.log(1e-300)

Reals = NDArray[np.float64]


class Evidence(Protocol):
    """One reading. ``log_p``: the log of how often a picture without a mark reads as strongly. ``prefix``: the first
    digits of the id as read, "" where they cannot be trusted.
    """

    @property
    def log_p(self) -> float: ...
    @property
    def prefix(self) -> str: ...
    @property
    def payload_bits(self) -> int: ...
    def fits(self, numbers: Sequence[int]) -> Reals: ...
    def log_p_of_fit(self, fit: float) -> float: ...


@dataclass(frozen=True)
class OfLattice:
    """Of a picture's brightness as it may lie; read when somebody asks."""

    luma_HW: NDArray[np.float32] = field(repr=False)
    key: bytes

    @cached_property
    def reading(self) -> lattice.Reading:
        return lattice.read(self.luma_HW, self.key)

    @property
    def log_p(self) -> float:
        return self.reading.log_p

    @property
    def payload_bits(self) -> int:
        return lattice.payload_bits(*self.luma_HW.shape)

    @property
    def prefix(self) -> str:
        if not self.payload_bits:
            return ""
        value = int("".join("1" if soft < 0 else "0" for soft in self.reading.soft), 2)
        return f"{value:0{self.payload_bits // 4}x}"

    def fits(self, numbers: Sequence[int]) -> Reals:
        return (1.0 - 2.0 * lattice.bits_of(numbers, self.payload_bits)) @ self.reading.soft

    def log_p_of_fit(self, fit: float) -> float:
        return log_tail_of_signs(fit, np.abs(self.reading.soft))


@dataclass(frozen=True)
class OfSpread:
    reading: spread.Reading
    payload_bits: int = field(default=ID_BITS, init=False)

    @cached_property
    def _decoded(self) -> tuple[int | None, float]:
        return self.reading.decoded()

    @property
    def log_p(self) -> float:
        return self._decoded[1]

    @property
    def prefix(self) -> str:
        number = self._decoded[0]
        return "" if number is None else f"{number:0{ID_BITS // 4}x}"

    def fits(self, numbers: Sequence[int]) -> Reals:
        sign_AC, soft_C = _coded(tuple(numbers)), self.reading.soft_C
        return np.concatenate([sign_AC[n : n + _AT_ONCE] @ soft_C for n in range(0, len(sign_AC), _AT_ONCE)])

    def log_p_of_fit(self, fit: float) -> float:
        return self.reading.log_p_of(fit)


@lru_cache(maxsize=1)
def _coded(numbers: tuple[int, ...]) -> Signs:
    """All readings of a picture, and of the next one, are compared with the same ids."""
    return signs_of(numbers)


@dataclass(frozen=True)
class Detection:
    """The answer: the strongest evidence, its p-value paid for by the number of all that was looked at."""

    p_value: float
    evidence: tuple[Evidence, ...] = field(repr=False)

    @classmethod
    def of(cls, evidence: Sequence[Evidence]) -> Self:
        """Evidence is decoded in this order until one piece leaves no doubt; all of it is paid for."""
        best = evidence[0]
        for one in evidence:
            best = min(best, one, key=lambda piece: piece.log_p)
            if best.log_p + math.log(len(evidence)) < _NO_DOUBT:
                break
        rest = [one for one in evidence if one is not best]
        return cls(_paid(best.log_p, len(evidence)), (best, *rest))

    @property
    def found(self) -> bool:
        return self.p_value <= FOUND_AT

    @property
    def payload_bits(self) -> int:
        return self.evidence[0].payload_bits

    @property
    def prefix(self) -> str:
        """The id as read, or its first 8 or 4 hexadecimal digits from a small picture; "" where nothing can be read."""
        return self.evidence[0].prefix

    def best_of(self, numbers: Sequence[int]) -> tuple[int, float] | None:
        """Which of the numbers fits best, and how often chance alone would make one of them fit as well; None when
        two fit best. As far as there is a doubt all evidence is asked; all of it is paid for.
        """
        best: tuple[int, float] | None = None
        for one in self.evidence:
            if not one.payload_bits:
                continue
            fits = one.fits(numbers)
            at = int(np.argmax(fits))
            if np.count_nonzero(fits >= fits[at] - 1e-9) > 1:
                continue
            p_value = _paid(one.log_p_of_fit(float(fits[at])), len(numbers) * len(self.evidence))
            if best is None or p_value < best[1]:
                best = at, p_value
            if math.log(best[1]) < _NO_DOUBT:
                break
        return best


def _paid(log_p: float, tried: int) -> float:
    """The p-value; what is smaller than a float is told as one that is not, which is true as well."""
    return math.exp(max(_LEAST_LOG_P, min(0.0, log_p + math.log(tried))))


@dataclass(frozen=True, slots=True)
class Match:
    """The issued id that fits best; ``p_value``: how often a list as long of random ids would fit as well."""

    asset: AssetId
    p_value: float
