"""Pictures that have a version elsewhere in the pool: they say nothing of who was trained on, and are taken out first.

A held-out picture of which a version was trained on is a member in all but name, and a training picture of which a
version was held out is none. Both go, and so do those with a version on their own side: a rule that asks which side a
picture is on would leave sides that differ. The pool is described in a space that is fitted on all of it, for the
same reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.audit.attack import Flags
from rectoverso.verso.screen.memorisation import NUM_FOR_WHITENING, duplicate_level, fitted
from rectoverso.verso.screen.neighbours import Neighbourhood

# Shapes: P pictures of the pool, the members first; N places that are asked about.

Images = NDArray[np.uint8]
Sides = tuple[Images, Images]
"""The pictures (uint8 NHWC) that were trained on, and those that were not; the pool is never copied whole."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Of the places asked about: whether each is unlike all others (N,), and how many have their nearest version on the
    other side, or on their own. ``level``: the ratio below which two pictures are versions of one.
    """

    is_single_N: Flags
    across: int
    within: int
    level: float

    def plain(self) -> dict[str, float | int]:
        """As JSON keeps it."""
        return {
            "looked_at": len(self.is_single_N),
            "across": self.across,
            "within": self.within,
            "level": round(self.level, 4),
        }


def versions(sides: Sides, place_N: NDArray[np.int64], seed: int = 0) -> Versions:
    """Compare pictures of the pool, which are those that were trained on and then the others, with all of it."""
    members, others = map(len, sides)
    some = np.sort(np.random.default_rng(seed).permutation(members + others)[:NUM_FOR_WHITENING])
    whitening = fitted(picked(sides, some))
    known_PD = np.concatenate([whitening(images) for images in sides])
    found = Neighbourhood(whitening, known_PD).nearest(picked(sides, place_N), leave_out=place_N)
    level = duplicate_level(found.ratio)
    is_single_N = found.ratio >= level
    crosses_N = (place_N < members) != (found.index < members)
    return Versions(
        is_single_N,
        across=int((~is_single_N & crosses_N).sum()),
        within=int((~is_single_N & ~crosses_N).sum()),
        level=level,
    )


def picked(sides: Sides, place_N: NDArray[np.int64]) -> Images:
    """The pictures at these places of the pool."""
    members, others = sides
    is_member_N = place_N < len(members)
    image_NHWC = np.empty((len(place_N), *members.shape[1:]), np.uint8)
    image_NHWC[is_member_N] = members[place_N[is_member_N]]
    image_NHWC[~is_member_N] = others[place_N[~is_member_N] - len(members)]
    return image_NHWC
