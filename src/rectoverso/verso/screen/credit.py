"""Which training pictures is a picture nearest to? A list of whom to name, which claims no cause.

What is measured is nearness in low frequencies of light and colour (neighbours.py). A picture may be near to one that
had no part in it, and made of many that it is not near to. So nobody is named unless the picture is nearer than new
pictures are: by the same conformal test as in memorisation.py, over all pictures that are asked about, so that of those
with a list at most 5 % are expected to be ordinary.

The chance told of the second and later ones is that of a stranger's *nearest* to be as near, which is no less than
theirs would be: they are never told nearer than they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rectoverso.types import Pixels
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.verso.screen.replication import discoveries, p_values

MOST_LISTED = 5
ORDINARY = 0.05
"""Of the pictures that get a list, at most this share is expected to be nearer to no training picture than new ones."""


@dataclass(frozen=True, slots=True)
class Near:
    """One training picture, by its number. ``times``: how much nearer it is than the nearest usually is to a picture
    that was never trained on. ``chance``: the share of such pictures that have one as near.
    """

    training_image: int
    times: float
    chance: float


@dataclass(frozen=True, slots=True)
class Credits:
    """Of one picture: whom to name, the nearest first, and how often a new picture's nearest is as near as its."""

    near: tuple[Near, ...]
    chance: float


def credits_of(pictures: Iterable[Pixels], fingerprints: Fingerprints) -> list[Credits]:
    """The credits of each picture (uint8 HWC), of which one at a time is in memory. The fingerprints must have
    strangers, to tell what is usual by.
    """
    usual = float(np.median(fingerprints.strangers))
    ranked = [fingerprints.neighbourhood.ranked(one[None], at_most=MOST_LISTED) for one in pictures]
    ratios_QR = np.stack([found.ratio[0] for found in ranked]).astype(np.float64)
    chances_QR = p_values(ratios_QR, fingerprints.strangers)
    listed_Q = discoveries(chances_QR[:, 0], ORDINARY, fewest=1)
    return [
        Credits(
            tuple(
                Near(int(index), usual / max(float(ratio), 1e-6), float(chance))
                for index, ratio, chance in zip(found.index[0], ratios, chances, strict=True)
                if is_listed and chance <= ORDINARY
            ),
            float(chances[0]),
        )
        for found, ratios, chances, is_listed in zip(ranked, ratios_QR, chances_QR, listed_Q, strict=True)
    ]
