"""A number that was measured, and how sure one can be of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """``low`` to ``high`` is the 95 % interval, by ``method``; it covers chance in sampling, never bias."""

    value: float
    low: float
    high: float
    method: str

    @classmethod
    def normal(cls, value: float, error: float, method: str, *, least: float = -math.inf) -> Estimate:
        """The interval of a standard ``error``, cut at ``least``, below which the true value cannot be."""
        reach = NORMAL_95 * error
        return cls(value, max(least, value - reach), value + reach, method)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        rounded = {part: _rounded(getattr(self, part)) for part in ("value", "low", "high")}
        return rounded | {"interval": self.method}


def _rounded(value: float) -> float:
    """To six significant digits; more would be noise."""
    return float(f"{value:.6g}")
