"""Are these fingerprints, made elsewhere, those of this picture?

On one machine they are the same bytes. Another processor, or another version of OpenCV, adds in another order, so that
a number close to a limit falls on its other side: a bit of a hash, a code of a point, seldom a point. What is kept from
then on is what was made here, so that nothing is gained by being a little off.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rectoverso.store.works import Work
from rectoverso.verso.screen.fingerprint import NUM_BYTES, distances
from rectoverso.verso.screen.gallery import Match
from rectoverso.verso.screen.points import Points
from rectoverso.verso.screen.sketch import Sketch
from rectoverso.verso.screen.trace import Trace

MAY_BE = 0.98
"""How alike two sketches are at least for one picture to be asked whether it is the other's original."""

MOST_BITS = 8
LEAST_LIKENESS = 0.9995
MOST_COLOUR = 1.0
"""Of 255, in any number of a sketch's colours."""

SHARE_OF_POINTS = 0.9
NEAR_PX = 1.0
SAME_POINT = 0.99
"""The least product of two descriptors: some four of their 128 numbers may have fallen on the other side of a limit."""


def may_be_of(match: Match) -> bool:
    """Whether a picture is so alike to a work that it may be its original."""
    return match.likeness >= MAY_BE


def differences(entered: Work, trace: bytes, original: Work, own: bytes) -> tuple[str, ...]:
    """In what the fingerprints of a work and those of an original differ, by name; ``trace`` and ``own`` are what is
    kept of each to find its parts.
    """
    return tuple(_differing(entered, Trace.from_bytes(trace).points, original, Trace.from_bytes(own).points))


def _differing(entered: Work, points: Points, original: Work, own: Points) -> Iterator[str]:
    if not _same_hashes(entered.fingerprint, original.fingerprint):
        yield "hashes"
    if not _same_sketch(Sketch.from_bytes(entered.small), Sketch.from_bytes(original.small)):
        yield "sketch"
    if not _same_points(points, own):
        yield "points"


def _same_hashes(one: bytes, other: bytes) -> bool:
    if len(one) != len(other):
        return False
    rows = np.frombuffer(other, np.uint8).reshape(-1, NUM_BYTES)
    pairs = zip(range(0, len(one), NUM_BYTES), rows, strict=True)
    return all(int(distances(one[at : at + NUM_BYTES], row)) <= MOST_BITS for at, row in pairs)


def _same_sketch(one: Sketch, other: Sketch) -> bool:
    is_alike = float((one.shape * other.shape).sum()) >= LEAST_LIKENESS
    colours = float(np.abs(one.colour - other.colour).max())
    return is_alike and one.side_px == other.side_px and colours <= MOST_COLOUR


def _same_points(one: Points, other: Points) -> bool:
    if (one.height, one.width, one.small) != (other.height, other.width, other.small):
        return False
    most = max(len(one), len(other))
    if most == 0:
        return True
    apart = np.abs(one.xy[:, None] - other.xy[None]).max(axis=2)
    is_same = (apart <= NEAR_PX) & (one.descriptors @ other.descriptors.T >= SAME_POINT)
    return int(is_same.any(axis=1).sum()) >= SHARE_OF_POINTS * most
