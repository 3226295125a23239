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
    decoding; Seshadri and Sundberg 1994) reads what is too faint for one.
    """
    paths = _viterbi(soft_C.reshape(-1, len(_GENERATORS)), among)
    for bits in paths:
        one, check = divmod(int("".join(map(str, bits)), 2), 1 << CHECK_BITS)
        if check == _check(one):
            return one, _signs(bits)
    return None, _signs(paths[0])


def _signs(bits: list[int]) -> Signs:
    return (1 - 2 * (np.array(bits) @ _rows() % 2)).astype(np.int8)


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
    return [int(digit) for digit in f"{one << CHECK_BITS | _check(one):0{PAYLOAD_BITS}b}"]


def _check(one: int) -> int:
    return binascii.crc_hqx(one.to_bytes(_ID_BYTES, "big"), 0xFFFF)


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


def _viterbi(soft_TG: Reals, among: int) -> list[list[int]]:
    """The payload bits of the paths that fit best, best first; a register r comes from state r mod 256 and leads to
    state r // 2. For each step and state, the best ``among`` ways to get there are kept.
    """
    answer_RG, states = _answers(), np.arange(2 * _STATES) & (_STATES - 1)
    best_SL = np.full((_STATES, among), -np.inf)
    best_SL[0, 0] = 0.0
    chosen = []
    for step, soft_G in enumerate(soft_TG):
        fit_RL = best_SL[states] + (answer_RG @ soft_G)[:, None]
        if step >= PAYLOAD_BITS:
            fit_RL[_STATES:] = -np.inf  # after the payload only zeros come in
        fit_SL = fit_RL.reshape(_STATES, 2 * among)
        order_SL = np.argsort(-fit_SL, axis=1)[:, :among]
        best_SL = np.take_along_axis(fit_SL, order_SL, axis=1)
        chosen.append(order_SL)
    return [_back(chosen, rank) for rank in range(among)]


def _back(chosen: list[NDArray[np.int64]], rank: int) -> list[int]:
    """The payload bits of one path, from its end."""
    bits, state = list[int](), 0
    for order_SL in reversed(chosen):
        which, rank = divmod(int(order_SL[state, rank]), order_SL.shape[1])
        register = 2 * state + which
        bits.append(register >> _MEMORY)
        state = register & (_STATES - 1)
    return bits[::-1][:PAYLOAD_BITS]
