"""Comparing all pictures of a curation, block by block, and what hangs together."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rectoverso.store.curation import Curation
from rectoverso.verso.curate.copies import pairs
from rectoverso.verso.curate.prints import Block

BLOCK = 8192
"""Pictures of which two blocks are in memory at a time: 25 MB each."""

Told = Callable[[int, int], None]


def compare(curation: Curation, told: Told, size: int = BLOCK) -> None:
    """Compare every block with every other and itself; those that were compared already are passed over."""
    blocks = curation.blocks(size)
    total = blocks * (blocks + 1) // 2
    for one in range(blocks):
        first = None
        for other in range(one, blocks):
            told(one * blocks - one * (one - 1) // 2 + other - one, total)
            if curation.is_compared(one, other):
                continue
            first = first or _block(curation, one, size)
            second = first if other == one else _block(curation, other, size)
            thumb = lru_cache(maxsize=4096)(curation.thumb)
            found = [(pair.later, pair.earlier, pair.by, pair.score) for pair in pairs(first, second, thumb)]
            curation.keep_pairs(one, other, found)
    told(total, total)


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
