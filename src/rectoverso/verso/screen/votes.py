"""Which works have points like those of a picture? Its points vote, and only the works with most votes are looked at.

Each point of the picture votes for the works of its nearest neighbours among all registered points, by how much nearer
they are than the last of them: a corner that every house has says little. With its vote it says by how much the work
would have been turned and scaled. The points of a copy agree on that and those of anything else do not, so only votes
that agree are added up: a work that fills an eighth of a picture is found beside whatever fills the rest.

The picture votes as it is, mirrored, inverted and both, and keeps the way that a work got most votes by.

Whoever enters a picture, or pieces of it, many times over as works of their own would be all of a point's neighbours,
and have all places among the works that are looked at. So a point whose neighbours are all as near as copies are votes
a second time, for many more of them; and beside the works with most votes all are looked at that have as many as
unrelated pictures seldom give, up to a number that only such a crowd has. From then on it is told that there are more
(``Ballot.is_crowded``). What a crowd adds takes nobody's place.

Sources: H. Jégou et al., "Hamming Embedding and Weak Geometric Consistency", 2008 (votes that agree).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.screen.points import STEPS_PER_OCTAVE, Points

# Shapes: Q points that vote, K their neighbours, M votes.

INDEXED_POINTS = 150
"""How many points of a work may be voted for: the first of those kept, which are spread as all of them are."""

NEIGHBOURS = 8
CROWD = 128
"""How many neighbours a point has that finds all of its first eight as near as a copy's."""

NEAR = 0.15
"""Squared distance of descriptors of length 1: half of a copy's points are nearer, of a stranger's eighth neighbours
one in a hundred, and in a register of drawings, which share corners, one in six.
"""

STRONG = 1.5
"""An unrelated photograph gave a work 1.2 votes at most, and the twelfth 0.5; a drawing 2.3, and the twelfth 0.7. A
quarter of a photograph gives its work 2 to 5.
"""

MOST = 96
"""So many works with strong votes are looked at."""

TURN_STEP, TURN_STEPS = 16, 16
"""Of 256 in a whole turn. Windows are two steps wide, and each begins a step after the last."""

OCTAVE_STEP, OCTAVE_STEPS = STEPS_PER_OCTAVE // 2, 64
"""Half an octave. Windows are an octave wide."""

WAYS: tuple[tuple[bool, bool], ...] = ((False, False), (True, False), (False, True), (True, True))
"""Mirrored or not, inverted or not."""

VOTERS = {False: 800, True: 300}
"""How many points vote as they are, and inverted: what is inverted is seldom a part of something else."""

_POSE_BITS = 16

Tally: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Works, and their votes."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A work that points voted for, by its number, and the way of looking that got it most."""

    work: int
    mirrored: bool
    inverted: bool
    votes: float


@dataclass(frozen=True, slots=True)
class Ballot:
    """The works that points voted for, the one with most votes first; ``is_crowded``: with strong votes there are more
    than were to be looked at.
    """

    candidates: tuple[Candidate, ...]
    is_crowded: bool = False


def looked_at(points: Points, *, mirrored: bool, inverted: bool) -> Points:
    """The points of the picture seen in one of the four ways."""
    seen = points.mirrored() if mirrored else points
    return seen.inverted() if inverted else seen


def named(
    works: NDArray[np.int64], turns: NDArray[np.uint8], octaves: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """What an index calls its points, so that a neighbour's name tells its work's number and how it lies there."""
    return (works << _POSE_BITS) | (turns.astype(np.int64) << 8) | octaves


def candidates(index: Any, points: Points, *, at_most: int) -> Ballot:
    """The works with most votes; ``index`` is FAISS's, and its names are those of ``named``. There are more than
    ``at_most`` where further ones have strong votes.
    """
    if not index.ntotal or not len(points):
        return Ballot(())
    tallies = [_tallies(index, points, way) for way in range(len(WAYS))]
    usual, wide = (_ranked(told) for told in zip(*tallies, strict=True))
    found: dict[int, Candidate] = {}
    for one in usual:
        if len(found) == at_most:
            break
        found.setdefault(one.work, one)
    for one in heapq.merge(usual, wide, key=lambda one: -one.votes):
        if one.votes < STRONG:
            break
        if one.work not in found and len(found) >= max(MOST, at_most):
            return Ballot(tuple(found.values()), is_crowded=True)
        found.setdefault(one.work, one)
    return Ballot(tuple(found.values()))


def _ranked(tallies: Sequence[Tally]) -> list[Candidate]:
    """Works with each way of looking at them, those with most votes first; of each tally as many as could be asked."""
    ranked = [
        Candidate(int(works[row]), *WAYS[way], float(votes[row]))
        for way, (works, votes) in enumerate(tallies)
        for row in np.argsort(-votes, kind="stable")[: MOST + 1]
    ]
    return sorted(ranked, key=lambda one: -one.votes)


def _tallies(index: Any, points: Points, way: int) -> tuple[Tally, Tally]:
    """The works that were voted for in one way of looking, each once, and their votes: as points usually vote, and as
    they do where those in a crowd vote for many more of their neighbours.
    """
    mirrored, inverted = WAYS[way]
    voters = looked_at(points.first(VOTERS[inverted]), mirrored=mirrored, inverted=inverted)
    asked = np.ascontiguousarray(voters.descriptors)
    turns, octaves = voters.pose()
    distances_QK, names_QK = index.search(asked, NEIGHBOURS)
    usual = _most_agreeing(*_votes(distances_QK, names_QK, turns, octaves))
    crowded = np.flatnonzero((distances_QK[:, -1] < NEAR) & (names_QK[:, -1] >= 0))
    if not len(crowded):
        return usual, usual
    names_QK[crowded] = -1
    rest = _votes(distances_QK, names_QK, turns, octaves)
    far_QK, further_QK = index.search(asked[crowded], CROWD)
    more = _votes(far_QK, further_QK, turns[crowded], octaves[crowded], far=NEAR)
    both: Any = zip(rest, more, strict=True)
    return usual, _most_agreeing(*(np.concatenate(column) for column in both))


def _votes(
    distances_QK: NDArray[np.float32],
    names_QK: NDArray[np.int64],
    turns: NDArray[np.uint8],
    octaves: NDArray[np.uint8],
    far: float = 0.0,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """For whom each point votes, by how much that work would be turned and scaled, and with which weight (M,): by how
    much nearer it is than the last neighbour, or than ``far`` where even that one is nearer.
    """
    there_QK = names_QK >= 0  # fewer than were asked for lie at the addresses searched
    far_Q1 = np.where(there_QK, distances_QK, -np.inf).max(axis=1, keepdims=True)
    far_Q1 = np.maximum(far_Q1, np.float32(far))
    counts_QK = there_QK & (distances_QK < far_Q1) & _first_of_their_work(names_QK >> _POSE_BITS)
    weights_M = (far_Q1 - distances_QK)[counts_QK]
    lies, rows = names_QK[counts_QK], np.nonzero(counts_QK)[0]
    turned_M = (turns[rows].astype(np.int64) - (lies >> 8 & 255)) % 256 // TURN_STEP
    scaled_M = (octaves[rows].astype(np.int64) - (lies & 255) + 256) // OCTAVE_STEP
    return lies >> _POSE_BITS, turned_M, scaled_M, weights_M


def _first_of_their_work(works_QK: NDArray[np.int64]) -> NDArray[np.bool_]:
    """A point votes once for a work: neighbours come nearest first, and a later one of the same work adds nothing."""
    first = np.ones_like(works_QK, np.bool_)
    for later in range(1, works_QK.shape[1]):
        first[:, later] = (works_QK[:, :later] != works_QK[:, later : later + 1]).all(axis=1)
    return first


def _most_agreeing(
    works_M: NDArray[np.int64],
    turned_M: NDArray[np.int64],
    scaled_M: NDArray[np.int64],
    weights_M: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of each work the votes in that window of turns and scales which holds most of them."""
    windows = [
        (works_M * TURN_STEPS + (turned_M - turn) % TURN_STEPS) * OCTAVE_STEPS + scaled_M - octave
        for turn in (0, 1)
        for octave in (0, 1)
    ]
    keys, place = np.unique(np.concatenate(windows), return_inverse=True)
    sums = np.bincount(place, np.tile(weights_M, len(windows)), minlength=len(keys))
    works, starts = np.unique(keys // (TURN_STEPS * OCTAVE_STEPS), return_index=True)
    return works, np.maximum.reduceat(sums, starts) if len(works) else np.zeros(0)
