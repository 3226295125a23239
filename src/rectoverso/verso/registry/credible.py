"""Whether fingerprints that came without their picture are such as a picture leaves, and say enough to tell it.

Nobody can prove that there is such a picture; that is what bringing the original is for (`Registry.compare`). But what
is compared with everybody's pictures must not be made to be near all of them. So, of numbers from a stranger:

    1. Sketch   Its numbers are finite, 0 where every sketch is, and of length 1: a longer one would be alike to
                whatever it is compared with. It is not plain, nor one and the same row throughout (gate.py).
    2. Hashes   All eight, or none.
    3. Points   No more than are kept of a picture, in a frame as pictures are brought to.
    4. Enough   At least so many of them differ from each other: stripes and boards repeat one, discs have hardly any.
                What has fewer has to be shown.
    5. Natural  They lie apart, have many directions, and few of them are next to even: descriptors between all that
                there are, or many in one place, pair with anything.

Of 536 photographs, drawings, micrographs and pictures of 32 and 64 pixels that may be registered, 6 drawings have too
few points, and nothing else here is said of any.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rectoverso.errors import FingerprintsDoubtful
from rectoverso.i18n import Phrase
from rectoverso.store.rights import Kind
from rectoverso.types import Message
from rectoverso.verso.registry.fingerprints import Fingerprints
from rectoverso.verso.registry.gate import LEAST_PAIRS, participation
from rectoverso.verso.screen.fingerprint import NUM_BYTES
from rectoverso.verso.screen.points import (
    ENLARGED_SIDE_PX,
    KEPT,
    SMALL_SIDE_PX,
    Floats,
    Points,
)
from rectoverso.verso.screen.sketch import INSIDE_KK, PLAIN_COMPONENTS, WEIGHTS_KK, Sketch
from rectoverso.verso.screen.symmetry import SYMMETRIES
from rectoverso.verso.screen.trace import Trace
from rectoverso.verso.screen.votes import TURN_STEP, TURN_STEPS

OF_LENGTH_ONE = 0.01
"""How far from 1 the length of a sketch may be: half-precision numbers leave it within 0.0005."""

MOST_COLOUR = 256.0
LEAST_POINTS = 12
"""So many points that differ from each other a picture has at least that is known by its fingerprints alone."""

DIFFER = 0.3
"""From this squared distance of descriptors on, two corners are not the same sign again."""

LEAST_OF_A_CROWD = 30
"""Of fewer points nothing is said about how they lie."""

MOST_IN_ONE_PLACE, PLACE_PX = 16, 5.0
"""Pictures have 10 points at most so near to one; geometry takes such for one corner."""

MOST_OF_ONE_TURN = 0.6
"""The share of points whose directions lie in an eighth of a turn: 0.46 at most."""

EVEN, MOST_EVEN = 0.9, 0.25
"""From this product with a descriptor of 128 equal numbers on one is near to all, and so are 0.16 of a picture's points
at most.
"""


def demand_credible(offer: Fingerprints) -> None:
    """Raises FingerprintsDoubtful, with the first reason there is."""
    if problem := next(_problems(offer), None):
        reason = Phrase(Message(f"registry.doubtful.{problem}", {"least": LEAST_POINTS}))
        raise FingerprintsDoubtful(path=offer.name, reason=reason)


def _problems(offer: Fingerprints) -> Iterator[str]:
    if offer.rights.kind is Kind.STYLE:  # told by how pictures are made, which these do not say
        yield "style"
    try:
        sketch, points = Sketch.from_bytes(offer.sketch), Trace.from_bytes(offer.trace).points
    except ValueError:
        yield "unreadable"
        return
    if not _is_a_sketch(sketch):
        yield "sketch"
        return
    if _is_plain(sketch):
        yield "plain"
    if len(offer.hashes) not in (0, len(SYMMETRIES) * NUM_BYTES):
        yield "hashes"
    if not _is_framed(points, sketch):
        yield "frame"
    elif _differing(points.descriptors) < LEAST_POINTS:
        yield "few_points"
    elif not _are_natural(points):
        yield "points"


def _is_a_sketch(sketch: Sketch) -> bool:
    """Whether a picture could have it, whatever it shows."""
    numbers = np.concatenate([sketch.shape.ravel(), sketch.colour.ravel()])
    if not np.isfinite(numbers).all() or sketch.side_px == 0:
        return False
    outside = sketch.shape[~INSIDE_KK | (WEIGHTS_KK == 0)]
    is_of_length_one = abs(float(np.linalg.norm(sketch.shape)) - 1) <= OF_LENGTH_ONE
    return is_of_length_one and not outside.any() and float(np.abs(sketch.colour).max()) <= MOST_COLOUR


def _is_plain(sketch: Sketch) -> bool:
    """As gate.py has it, of what a sketch has left of the picture."""
    components = 1 / float((sketch.shape**4).sum())
    unweighted = sketch.shape / np.maximum(WEIGHTS_KK, 1)
    return components < PLAIN_COMPONENTS or participation(unweighted) < LEAST_PAIRS


def _is_framed(points: Points, sketch: Sketch) -> bool:
    """Whether so many points are kept of a picture, at such a size, and whether it is small on both accounts."""
    longer = max(points.height, points.width)
    is_small = sketch.side_px < SMALL_SIDE_PX
    return (
        len(points) <= KEPT.points and ENLARGED_SIDE_PX <= longer <= KEPT.side_px and points.small is is_small
    )


def _differing(descriptors: Floats) -> int:
    """How many of them are left when each that is near to an earlier one is left out."""
    apart = 2 - 2 * descriptors @ descriptors.T
    is_left = np.ones(len(descriptors), np.bool_)
    count = 0
    for row, distances in enumerate(apart):
        if is_left[row]:
            count += 1
            is_left &= distances >= DIFFER
    return count


def _are_natural(points: Points) -> bool:
    """Not all in one place, nor turned alike, nor even: so points would be made to agree with whatever they meet."""
    if len(points) < LEAST_OF_A_CROWD:
        return True
    apart = ((points.xy[:, None] - points.xy[None]) ** 2).sum(axis=2)
    turns = np.bincount(points.pose()[0] // TURN_STEP, minlength=TURN_STEPS)
    evenness = points.descriptors.sum(axis=1) / np.sqrt(points.descriptors.shape[1])
    return (
        int((apart <= PLACE_PX**2).sum(axis=1).max()) <= MOST_IN_ONE_PLACE
        and int((turns + np.roll(turns, 1)).max()) <= MOST_OF_ONE_TURN * len(points)
        and float((evenness > EVEN).mean()) <= MOST_EVEN
    )
