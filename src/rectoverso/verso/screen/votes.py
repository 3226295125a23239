"""Which works have points like those of a picture? Its points vote, and only the works with most votes are looked at.

Each point of the picture votes for the works of its nearest neighbours among all registered points, by how much nearer
they are than the last of them: a corner that every house has says little. The picture votes as it is, mirrored,
inverted and both, and keeps the way that a work got most votes by.

Few points are searched one by one. From 60,000 on they lie in an inverted file, product-quantised to 16 bytes each
(about 4 KB a work), and are searched near the query only.

Sources: H. Jégou et al., "Product Quantization for Nearest Neighbor Search", 2011; "Hamming Embedding and Weak
Geometric Consistency", 2008 (voting); M. Douze et al., "The Faiss library", 2024.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.screen.points import Points, decoded

# Shapes: Q points that vote, K their neighbours, V ways of looking, W works.

INDEXED_POINTS = 150
VOTING_POINTS = 400
"""How many of those kept and sought take part: the first of them are spread over the picture as all of them are."""

NEIGHBOURS = 8
QUANTISED_FROM = 60_000
CODE_BYTES = 16
PROBES = 16
CLUSTERING_ROUNDS = 10
LEARNT_PER_LIST = 40
CHUNK = 50_000
DIMENSION = 128

WAYS: tuple[tuple[bool, bool], ...] = ((False, False), (True, False), (False, True), (True, True))
"""Mirrored or not, inverted or not."""


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


class Votes:
    """The points of all works, given the codes (N, 32) of each: 150 are enough to vote."""

    def __init__(self, codes: Sequence[NDArray[np.uint8]]) -> None:
        self.works = len(codes)
        self._owners = np.repeat(np.arange(len(codes)), [len(rows) for rows in codes])
        stacked = np.concatenate([np.zeros((0, 32), np.uint8), *codes])
        self._index = _index(stacked)

    def candidates(self, points: Points, *, at_most: int = 20) -> list[Candidate]:
        """The works with most votes, the most first."""
        if not len(self._owners) or not len(points):
            return []
        votes_VW = np.stack([self._votes(looked_at(points, mirrored=m, inverted=i)) for m, i in WAYS])
        best_W, way_W = votes_VW.max(axis=0), votes_VW.argmax(axis=0)
        most = np.argsort(-best_W, kind="stable")[:at_most]
        ways = [WAYS[way] for way in way_W[most]]
        found = zip(most, ways, best_W[most], strict=True)
        return [Candidate(int(work), m, i, float(votes)) for work, (m, i), votes in found if votes > 0]

    def _votes(self, points: Points) -> NDArray[np.float64]:
        """(W,): a point votes at most once for a work, with its best neighbour there."""
        count = min(NEIGHBOURS, len(self._owners))
        queries = np.ascontiguousarray(points.descriptors[:VOTING_POINTS])
        distances_QK, found_QK = self._index.search(queries, count)
        there = found_QK >= 0  # fewer than were asked for lie in the clusters searched
        far = np.where(there, distances_QK, -np.inf).max(axis=1, keepdims=True)
        weight_QK = np.where(there, far - distances_QK, 0)
        owner_QK = np.where(there, self._owners[found_QK], -1)
        # Neighbours come nearest first: a later one of the same work adds nothing.
        again = np.zeros_like(there)
        for later in range(1, count):
            again[:, later] = (owner_QK[:, :later] == owner_QK[:, later : later + 1]).any(axis=1)
        counts = there & ~again
        votes_W = np.bincount(owner_QK[counts], weight_QK[counts], minlength=self.works)
        return np.asarray(votes_W, np.float64)


def _index(codes_N: NDArray[np.uint8]) -> Any:
    """FAISS over squared distances: exact for few points, product-quantised for many, none for none."""
    if not len(codes_N):
        return None
    import faiss

    index: Any = faiss.IndexFlatL2(DIMENSION)
    if len(codes_N) >= QUANTISED_FROM:
        lists = 1 << int(np.log2(2 * np.sqrt(len(codes_N))))
        index = faiss.IndexIVFPQ(index, DIMENSION, lists, CODE_BYTES, 8)
        index.cp.niter = index.pq.cp.niter = CLUSTERING_ROUNDS
        index.nprobe = PROBES
        learnt = np.random.default_rng(0).permutation(len(codes_N))[: LEARNT_PER_LIST * lists]
        index.train(decoded(codes_N[learnt]))
    for start in range(0, len(codes_N), CHUNK):
        index.add(decoded(codes_N[start : start + CHUNK]))
    return index
