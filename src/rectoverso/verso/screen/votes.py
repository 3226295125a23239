"""Which works have points like those of a picture? Its points vote, and only the works with most votes are looked at.

Each point of the picture votes for the works of its nearest neighbours among all registered points, by how much nearer
they are than the last of them: a corner that every house has says little. With its vote it says by how much the work
would have been turned and scaled. The points of a copy agree on that and those of anything else do not, so only votes
that agree are added up: a work that fills an eighth of a picture is found beside whatever fills the rest.

The picture votes as it is, mirrored, inverted and both, and keeps the way that a work got most votes by.

Sources: H. Jégou et al., "Hamming Embedding and Weak Geometric Consistency", 2008 (votes that agree).
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.screen.points import STEPS_PER_OCTAVE, Points

# Shapes: Q points that vote, K their neighbours, M votes.

INDEXED_POINTS = 150
"""How many points of a work may be voted for: the first of those kept, which are spread as all of them are."""

NEIGHBOURS = 8
TURN_STEP, TURN_STEPS = 16, 16
"""Of 256 in a whole turn. Windows are two steps wide, and each begins a step after the last."""

OCTAVE_STEP, OCTAVE_STEPS = STEPS_PER_OCTAVE // 2, 64
"""Half an octave. Windows are an octave wide."""

WAYS: tuple[tuple[bool, bool], ...] = ((False, False), (True, False), (False, True), (True, True))
"""Mirrored or not, inverted or not."""

VOTERS = {False: 800, True: 300}
"""How many points vote as they are, and inverted: what is inverted is seldom a part of something else."""

_POSE_BITS = 16


@dataclass(frozen=True, slots=True)
class Candidate:
    """A work that points voted for, by its number, and the way of looking that got it most."""

    work: int
    mirrored: bool
    inverted: bool
    votes: float


def looked_at(points: Points, *, mirrored: bool, inverted: bool) -> Points:
    """The points of the picture seen in one of the four ways."""
    seen = points.mirrored() if mirrored else points
    return seen.inverted() if inverted else seen


def named(
    works: NDArray[np.int64], turns: NDArray[np.uint8], octaves: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """What an index calls its points, so that a neighbour's name tells its work's number and how it lies there."""
    return (works << _POSE_BITS) | (turns.astype(np.int64) << 8) | octaves


def candidates(index: Any, points: Points, *, among: Container[int], at_most: int) -> list[Candidate]:
    """The works with most votes, the most first; ``index`` is FAISS's, and its names are those of ``named``."""
    if not index.ntotal or not len(points):
        return []
    tallies = [_tally(index, points, way) for way in range(len(WAYS))]
    works, votes = (np.concatenate(column) for column in zip(*tallies, strict=True))
    ways = np.repeat(np.arange(len(WAYS)), [len(tally[0]) for tally in tallies])
    found: dict[int, Candidate] = {}
    for row in np.argsort(-votes, kind="stable"):
        if len(found) == at_most:
            break
        work, (mirrored, inverted) = int(works[row]), WAYS[ways[row]]
        if work not in found and work in among:
            found[work] = Candidate(work, mirrored, inverted, float(votes[row]))
    return list(found.values())


def _tally(index: Any, points: Points, way: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The works that were voted for in one way of looking, each once, and their votes."""
    mirrored, inverted = WAYS[way]
    voters = looked_at(points.first(VOTERS[inverted]), mirrored=mirrored, inverted=inverted)
    distances_QK, names_QK = index.search(np.ascontiguousarray(voters.descriptors), NEIGHBOURS)
    there_QK = names_QK >= 0  # fewer than were asked for lie at the addresses searched
    far_Q1 = np.where(there_QK, distances_QK, -np.inf).max(axis=1, keepdims=True)
    counts_QK = there_QK & (distances_QK < far_Q1) & _first_of_their_work(names_QK >> _POSE_BITS)
    weights_M = (far_Q1 - distances_QK)[counts_QK]
    turns, octaves = voters.pose()
    lies = names_QK[counts_QK]
    rows = np.nonzero(counts_QK)[0]
    turned_M = (turns[rows].astype(np.int64) - (lies >> 8 & 255)) % 256 // TURN_STEP
    scaled_M = (octaves[rows].astype(np.int64) - (lies & 255) + 256) // OCTAVE_STEP
    return _most_agreeing(lies >> _POSE_BITS, turned_M, scaled_M, weights_M)


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
