"""A part of the data for an experiment: the first so many of a fixed shuffled order, the classes in turn.

The order depends on nothing but the number of pictures and their classes, so a smaller part lies within a larger one,
and two runs with other seeds are trained on the same pictures.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

SEED = 0


def taken(labels: Sequence[Hashable], count: int) -> NDArray[np.int64]:
    """The places of ``count`` pictures, ascending, by the label of each (all alike where there are none).

    Each class gives as many as the others until it has no more.
    """
    order = np.random.Generator(np.random.PCG64(SEED)).permutation(len(labels))
    seen: dict[Hashable, int] = {}
    ranks = np.zeros(len(labels), dtype=np.int64)
    for turn, place in enumerate(order):
        label = labels[place]
        ranks[turn] = seen.get(label, 0)
        seen[label] = int(ranks[turn]) + 1
    return np.sort(order[np.argsort(ranks, kind="stable")[:count]])
