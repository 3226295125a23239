"""Comparing all pictures of a curation, and what hangs together."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rectoverso.store.curation import Curation
from rectoverso.verso.curate.copies import Index
from rectoverso.verso.curate.prints import Block

INDEXED = 131_072
"""Pictures that are in an index at a time: some 300 MB, however many there are."""
ASKING = 8192
"""Pictures that are looked up in it at a time; after them what was found is on the disk."""

Told = Callable[[int, int], None]


def compare(curation: Curation, told: Told, indexed: int = INDEXED, asking: int = ASKING) -> None:
    """Look all pictures up in one index after the other; what was looked up already is passed over."""
    indices, blocks = curation.blocks(indexed), curation.blocks(asking)
    for one in range(indices):
        index = None
        for other in range(blocks):
            told(one * blocks + other, indices * blocks)
            if not curation.is_compared(one, other):
                index = index or Index(_block(curation, one, indexed))
                thumb = lru_cache(maxsize=4096)(curation.thumb)
                found = index.pairs(_block(curation, other, asking), thumb)
                rows = [(pair.later, pair.earlier, pair.by, pair.score) for pair in found]
                curation.keep_pairs(one, other, rows)
    told(indices * blocks, indices * blocks)


def groups(curation: Curation) -> NDArray[np.int32]:
    """For each place the first place of what hangs together with it: copies of copies are copies. 4 bytes a picture."""
    first = np.arange(curation.places(), dtype=np.int32)

    def root(place: int) -> int:
        while first[place] != place:
            first[place] = first[first[place]]
            place = int(first[place])
        return place

    links = [curation.same_pixels(), ((later, earlier) for later, earlier, _, _ in curation.pairs())]
    for link in links:
        for later, earlier in link:
            one, other = root(later), root(earlier)
            first[max(one, other)] = min(one, other)
    for place in range(len(first)):
        first[place] = root(place)
    return first


def _block(curation: Curation, number: int, size: int) -> Block:
    return Block.of(*curation.prints(number, size))
