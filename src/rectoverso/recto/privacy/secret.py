"""What nobody may know: which pictures a step takes, and the noise on what they say. From a key that never leaves.

All of it is the keystream of ChaCha20 (RFC 8439) under keys that HMAC-SHA256 makes from one key of 32 random bytes of
the operating system, the purpose, the step and, for noise, the very sum that it is put on. So

- the same step on the same sum has the same noise: a run that was killed and goes on releases nothing new;
- on any other sum it has other noise, so that two sums can never be subtracted from each other, whatever made them
  differ. This is how deterministic signatures avoid using a number twice (RFC 6979).

Noise is put on whole numbers and is whole itself (`engine`): which values can come out does not depend on the data, so
the low bits of a float tell nothing (Mironov 2012; Jin, McMurtry, Rubinstein and Ohrimenko 2022, arXiv:2112.05307).
Normals are made in double precision and rounded, to a millionth of their deviation; beyond 8.5 deviations, where they
end, an exact one has a mass of 2e-17. How long any of this takes does not depend on the data; how long a training step
takes depends on how many pictures it takes, and that is not hidden.

Shapes: N pictures, D numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from numpy.typing import NDArray

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """The secrets of one run, from its ``key``."""

    key: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Secret:
        """One that has never been."""
        return cls(os.urandom(KEY_BYTES))

    def words(self, purpose: str, step: int, count: int, beside: bytes = b"") -> NDArray[np.uint64]:
        """Random 64-bit words (D,): the same for the same purpose, step and bytes, else unrelated."""
        name = b"\0".join((purpose.encode(), str(step).encode(), hashlib.sha256(beside).digest()))
        key = hmac.digest(self.key, name, "sha256")
        keystream = (
            Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(8 * count))
        )
        return np.frombuffer(keystream, dtype="<u8").astype(np.uint64)

    def taken(self, step: int, length: int, rate: float) -> NDArray[np.int64]:
        """The places of the pictures that a step takes: each of ``length`` with the probability ``rate``, by itself
        (Poisson sampling). Often more or fewer than expected, and at times none.
        """
        if rate >= 1:
            return np.arange(length)
        limit = np.uint64(int(rate * 2.0**64))  # rounded down
        return np.flatnonzero(self.words("taken", step, length) < limit)

    def normals(self, purpose: str, step: int, count: int, beside: bytes = b"") -> NDArray[np.float64]:
        """Standard normal numbers (D,), by Box and Muller (1958), in double precision."""
        pairs = -(-count // 2)
        word_D = self.words(purpose, step, 2 * pairs, beside)
        u_D = ((word_D >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        radius, angle = np.sqrt(-2 * np.log(u_D[:pairs])), 2 * np.pi * u_D[pairs:]
        return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]

    def choices(self, purpose: str, step: int, count: int, options: int) -> NDArray[np.int64]:
        """One of ``options`` each (D,), all equally likely to 2^-60."""
        return (self.words(purpose, step, count) % np.uint64(options)).astype(np.int64)
