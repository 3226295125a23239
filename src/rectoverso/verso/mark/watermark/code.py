"""What stands in a mark: the 48 bits of an asset's id and a checksum, spread over a few hundred coded bits.

A convolutional code of constraint length 9 and rate 1/4 (generators 463, 535, 733, 745 in octal; Larsen 1973, table
II), read back by the algorithm of Viterbi (1967), which takes how sure each coded bit is into account. The checksum
is CRC-16 (CCITT): a wrong id passes it once in 65,536 times.

Shapes: A ids, B = 64 payload bits, C = 288 coded bits, T steps of G = 4, R registers, S states, L paths.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

ID_BITS, CHECK_BITS = 48, 16
PAYLOAD_BITS = ID_BITS + CHECK_BITS
_ID_BYTES = ID_BITS // 8
_GENERATORS = (0o463, 0o535, 0o733, 0o745)
_MEMORY = 8
_STATES = 1 << _MEMORY
CODED_BITS = (PAYLOAD_BITS + _MEMORY) * len(_GENERATORS)

Reals = NDArray[np.float64]
Signs = NDArray[np.int8]
Payloads = NDArray[np.uint64]


def signs_of(ids: Sequence[int]) -> Signs:
    """The coded bits of each id, as 1 for a 0 and -1 for a 1, (A, C)."""
    byte_A6 = np.array(ids, dtype=">u8").reshape(-1, 1).view(np.uint8)[:, -_ID_BYTES:]
    sign_AC = np.ones((len(ids), CODED_BITS), np.int8)
    for table_VC, byte_A in zip(_of_bytes(), byte_A6.T, strict=True):
        sign_AC *= table_VC[byte_A]
    return sign_AC


def likeliest(soft_C: Reals, among: int = 1) -> tuple[int | None, Signs]:
    """The id that fits the soft values best of those whose checksum is right, None where it is wrong in all of the
    ``among`` likeliest payloads; and the signs (C,) of what was read, then the likeliest payload's.

    ``soft_C`` is above 0 where a coded bit is rather a 0, and larger the surer that is. More than one payload (list
    decoding; Seshadri and Sundberg 1994) reads what is too faint for one: a thousand come near to trying every id.
    """
    gain_TR = soft_C.reshape(-1, len(_GENERATORS)) @ _answers().T
    best_TS = _best_up_to(gain_TR)
    best = _payload(gain_TR, best_TS)
    payload_L = np.array([best], np.uint64) if among == 1 else _payloads(gain_TR, best_TS, among)
    for payload in payload_L[_is_checked(payload_L)][:1].tolist():
        return payload >> CHECK_BITS, _signs(payload)
    return None, _signs(best)


def _signs(payload: int) -> Signs:
    return (1 - 2 * (np.array(_digits(payload)) @ _rows() % 2)).astype(np.int8)


@lru_cache(maxsize=1)
def _of_bytes() -> list[Signs]:
    """What each value of each byte of an id makes of the signs, (256, C) a byte: code and checksum are linear, so the
    signs of an id are the product of those of its bytes, and of those of 0.
    """
    of_zero_C = np.array(_bits(0)) @ _rows() % 2
    tables = []
    for place in reversed(range(_ID_BYTES)):
        bit_VB = np.array([_bits(value << 8 * place) for value in range(256)])
        turned_VC = bit_VB @ _rows() % 2 ^ of_zero_C
        tables.append((1 - 2 * turned_VC).astype(np.int8))
    tables[0] *= (1 - 2 * of_zero_C).astype(np.int8)
    return tables


def _bits(one: int) -> list[int]:
    return _digits(one << CHECK_BITS | _check(one))


def _digits(payload: int) -> list[int]:
    return [int(digit) for digit in f"{payload:0{PAYLOAD_BITS}b}"]


def _check(one: int) -> int:
    return binascii.crc_hqx(one.to_bytes(_ID_BYTES, "big"), 0xFFFF)


def _is_checked(payload_L: Payloads) -> NDArray[np.bool_]:
    """Whose checksum is right."""
    return np.array([_check(one >> CHECK_BITS) == one & (1 << CHECK_BITS) - 1 for one in payload_L.tolist()])


@lru_cache(maxsize=1)
def _rows() -> NDArray[np.int64]:
    """The coded bits of each payload bit alone, (B, C): the code is linear."""
    return np.array([_coded([int(at == bit) for at in range(PAYLOAD_BITS)]) for bit in range(PAYLOAD_BITS)])


def _coded(bits: list[int]) -> list[int]:
    state, coded = 0, list[int]()
    for bit in [*bits, *[0] * _MEMORY]:
        register = bit << _MEMORY | state
        coded += [(register & generator).bit_count() & 1 for generator in _GENERATORS]
        state = register >> 1
    return coded


@lru_cache(maxsize=1)
def _answers() -> Reals:
    """What the encoder says in each register (2 x states), as signs, one column a generator."""
    registers = range(2 * _STATES)
    return np.array([[1.0 - 2 * ((r & g).bit_count() & 1) for g in _GENERATORS] for r in registers])


def _payload(gain_TR: Reals, best_TS: Reals) -> int:
    """The one that fits best: back along Viterbi's path. A register r comes from state r mod 256 and leads to state
    r // 2.
    """
    payload, state = 0, 0
    for step in reversed(range(len(gain_TR))):
        either = slice(2 * state, 2 * state + 2)
        before = either.start & (_STATES - 1)
        fit_2 = gain_TR[step, either] + best_TS[step, before : before + 2]
        register = either.start + int(fit_2[1] > fit_2[0])
        payload |= (register >> _MEMORY) << (PAYLOAD_BITS + _MEMORY - 1 - step)
        state = register & (_STATES - 1)
    return payload >> _MEMORY


def _payloads(gain_TR: Reals, best_TS: Reals, among: int) -> Payloads:
    """The payloads that fit best, best first.

    How well anything can have fitted up to each state is Viterbi's pass forward; backwards then, the ends of paths
    that can still be among the best are kept, so that none of the best is missed (Soong and Huang 1991).
    """
    payload_L, state_L, fit_L = np.zeros(1, np.uint64), np.zeros(1, np.intp), np.zeros(1)
    for step in reversed(range(len(gain_TR))):
        register_L = np.concatenate([2 * state_L, 2 * state_L + 1])
        fit_L, payload_L = np.tile(fit_L, 2) + gain_TR[step, register_L], np.tile(payload_L, 2)
        if step < PAYLOAD_BITS:
            payload_L |= (register_L >> _MEMORY).astype(np.uint64) << np.uint64(PAYLOAD_BITS - 1 - step)
        state_L = register_L & (_STATES - 1)
        likely_L = _largest(fit_L + best_TS[step, state_L], among)
        payload_L, state_L, fit_L = payload_L[likely_L], state_L[likely_L], fit_L[likely_L]
    return payload_L[np.argsort(-fit_L)]


def _best_up_to(gain_TR: Reals) -> Reals:
    """The best fit of any path to each state before each step, (T, S); minus infinity where there is none."""
    came_from = np.arange(2 * _STATES) & (_STATES - 1)
    best_TS = np.full((len(gain_TR), _STATES), -np.inf)
    best_TS[0, 0] = 0.0
    for step, gain_R in enumerate(gain_TR[:-1]):
        fit_R = best_TS[step, came_from] + gain_R
        if step >= PAYLOAD_BITS:
            fit_R[_STATES:] = -np.inf  # after the payload only zeros come in
        best_TS[step + 1] = np.maximum(fit_R[0::2], fit_R[1::2])
    return best_TS


def _largest(value_L: Reals, count: int) -> NDArray[np.intp]:
    """Where the largest are, minus infinity never."""
    likely_L = (
        np.argpartition(-value_L, count - 1)[:count] if len(value_L) > count else np.arange(len(value_L))
    )
    return likely_L[value_L[likely_L] > -np.inf]
