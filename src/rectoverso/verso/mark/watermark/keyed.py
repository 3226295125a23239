"""Draws that a key decides."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
from numpy.typing import NDArray

PUBLIC_KEY = b"rectoverso public watermark 7"
"""The first number under which flat pictures, whose residuals in the lattice are the dither alone, lean away from being
found.
"""


def draws(key: bytes, purpose: str, count: int) -> NDArray[np.uint64]:
    """Keyed 64-bit draws: the raw stream of Philox, which numpy promises never to change."""
    seed = hmac.new(key, purpose.encode(), hashlib.sha256).digest()[:16]
    return np.random.Philox(key=int.from_bytes(seed, "big")).random_raw(count)
