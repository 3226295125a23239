"""What the pictures of one batch say of a watermark together, where each by itself leaves it open.

The p-values of different pictures under one key are independent, so their product has a known tail (`tails`). It is
combined over the pictures in which no mark was found: those that lost most of it (many times saved, or small) then
speak up together, and pictures that never had one stay silent.

Versions of one picture are not independent: what leans by chance in one leans in all. They speak with one voice, that
of the best of them at its price.

Of the marks that generators were ingrained with, the votes are summed instead: pictures of one generator may be alike
in what they vote, and the tail of the sum holds all the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rectoverso.types import Report

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAY_BE_ONE = 80
"""Bits of 256 within which two hashes may be of versions of one picture. Unrelated photographs differ in 128, give or
take 8.3 (`screen.fingerprint`): so near come one pair in 200 million, and so do versions up to a twentieth cut away.
"""


@dataclass(frozen=True, slots=True)
class Together:
    """``count`` different pictures without a mark of their own, and how often as many without any would say as much."""

    count: int
    found: bool
    p_value: float


def together(reports: Sequence[Report]) -> Together | None:
    """The answer of at least two different pictures in which no mark was found; None where there are fewer."""
    open_ones = [one for one in reports if not one.watermark.found and one.watermark.p_value]
    if len(open_ones) < 2:  # as for most who ask; what detects loads OpenCV
        return None
    from rectoverso.verso.mark.watermark import FOUND_AT
    from rectoverso.verso.mark.watermark.tails import log_of_together

    voices = [[one.watermark.p_value or 1.0 for one in alike] for alike in _alike(open_ones)]
    if len(voices) < 2:
        return None
    # The best of k, whatever they have in common, is k times as likely to be as good by chance (Bonferroni).
    log_p = [min(0.0, math.log(len(p_values) * min(p_values))) for p_values in voices]
    p_value = math.exp(max(-690.0, log_of_together(log_p)))
    return Together(len(voices), p_value <= FOUND_AT, p_value)


def _alike(reports: Sequence[Report]) -> list[list[Report]]:
    """The reports in groups, of what may be one picture in several versions: near one another in any symmetry, also by
    way of a third. Those too plain to be hashed are one group.
    """
    import numpy as np

    from rectoverso.verso.screen.fingerprint import distances

    prints = [_prints(one) for one in reports]
    group = np.arange(len(reports))
    plain = [n for n, symmetries in enumerate(prints) if not len(symmetries)]
    group[plain] = plain[0] if plain else 0
    hashed = [n for n, symmetries in enumerate(prints) if len(symmetries)]
    as_they_lie = np.array([prints[n][0] for n in hashed], np.uint8)
    for n in hashed:
        nearest = np.min([distances(one.tobytes(), as_they_lie) for one in prints[n]], axis=0)
        for other in np.array(hashed)[nearest <= MAY_BE_ONE]:
            group[group == group[other]] = group[n]
    return [
        [one for one, of in zip(reports, group, strict=True) if of == number] for number in np.unique(group)
    ]


def _prints(report: Report) -> NDArray[np.uint8]:
    """The picture's hashes, uint8 (symmetries, 32), the first as it lies: the word of a process that is not trusted."""
    import numpy as np

    from rectoverso.verso.screen.fingerprint import NUM_BYTES

    try:
        data = bytes.fromhex(report.prints)
    except ValueError:
        data = b""
    return np.frombuffer(data if len(data) % NUM_BYTES == 0 else b"", np.uint8).reshape(-1, NUM_BYTES)


def leaning_together(reports: Sequence[Report]) -> Together | None:
    """The same of the ingrained mark, over the pictures in which it was not found, as they lie."""
    open_ones = [one for one in reports if not one.ingrained.found]
    if len(open_ones) < 2:
        return None
    import numpy as np

    from rectoverso.verso.mark.watermark import FOUND_AT
    from rectoverso.verso.mark.watermark.ingrained import WAVES, together_p_value

    votes = [np.array(one.ingrained.votes) for one in open_ones]
    votes = [one for one in votes if len(one) == WAVES and np.isfinite(one).all()]
    if len(votes) < 2:
        return None
    p_value = together_p_value(votes)
    return Together(len(votes), p_value <= FOUND_AT, p_value)
