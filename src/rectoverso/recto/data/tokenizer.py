"""Words to numbers: byte pairs, learned from the captions of a run.

Byte-pair encoding (Sennrich, Haddow and Birch 2016, algorithm 1) over UTF-8 bytes: the most frequent neighbours become
one token, again and again. Captions are lower-cased and split at blanks; each word ends in one, so that ``a b`` and
``ab`` differ. Bytes that were never merged are tokens by themselves: every text can be written. What was learned is a
tuple of texts, the merged bytes in the order in which they were found, and stands in the config of a run.

Shapes: N captions, T places of a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BYTES = 256
END = " "
"""What each word ends in."""
MOST_WORDS = 4096
"""Different words that are looked at, the most frequent."""
LEAST_COUNT = 2
"""What occurs less often is not merged."""
PADDING = -1


class Tokenizer:
    """Writes captions as ``vocabulary`` different tokens: bytes, then ``merges``, each one's bytes as Latin-1."""

    def __init__(self, merges: Sequence[str]) -> None:
        self.rank = {chr(byte): byte for byte in range(BYTES)}
        self.rank |= {merged: BYTES + place for place, merged in enumerate(merges)}

    @property
    def vocabulary(self) -> int:
        return len(self.rank)

    def encode(self, caption: str) -> list[int]:
        """The tokens of a caption."""
        return [self.rank[part] for word in words_of(caption) for part in self._parts(word)]

    def batch(self, captions: Sequence[str], length: int) -> NDArray[np.int64]:
        """Captions (N,) as tokens (N, T): what is longer than ``length`` is cut, what is shorter is padded with -1."""
        token_NT = np.full((len(captions), length), PADDING, np.int64)
        for row_T, caption in zip(token_NT, captions, strict=True):
            tokens = self.encode(caption)[:length]
            row_T[: len(tokens)] = tokens
        return token_NT

    def _parts(self, word: str) -> list[str]:
        """A word in tokens: neighbours are merged, those that were learned first before others."""
        parts = list(word)
        while len(parts) > 1:
            merged = min(
                (a + b for a, b in pairwise(parts)), key=lambda both: self.rank.get(both, len(self.rank))
            )
            if merged not in self.rank:
                break
            parts = joined(parts, merged)
        return parts


def words_of(caption: str) -> list[str]:
    """The words of a caption, a character for each of their bytes, each with its end."""
    return [word.encode().decode("latin-1") + END for word in caption.lower().split()]


def learn_merges(captions: Iterable[str], count: int) -> tuple[str, ...]:
    """At most ``count`` merges, the most frequent neighbours first; of equally frequent ones, the first by alphabet."""
    return _learned(tuple(captions), count)


@lru_cache(maxsize=4)
def _learned(captions: tuple[str, ...], count: int) -> tuple[str, ...]:
    counts = Counter(word for caption in captions for word in words_of(caption))
    often = sorted(counts, key=lambda word: (-counts[word], word))[:MOST_WORDS]
    parts = {word: list(word) for word in often}
    merges: list[str] = []
    while len(merges) < count and (merged := _most_frequent(parts, counts)) is not None:
        merges.append(merged)
        parts = {word: joined(split, merged) if merged in word else split for word, split in parts.items()}
    return tuple(merges)


def _most_frequent(parts: dict[str, list[str]], counts: Counter[str]) -> str | None:
    """What two neighbours make that occurs most often; None where nothing occurs twice."""
    pairs: Counter[str] = Counter()
    for word, split in parts.items():
        for a, b in pairwise(split):
            pairs[a + b] += counts[word]
    best = min(pairs, key=lambda both: (-pairs[both], both), default=None)
    return best if best is not None and pairs[best] >= LEAST_COUNT else None


def joined(parts: Sequence[str], merged: str) -> list[str]:
    """The parts, with each two neighbours that make ``merged`` as one."""
    made: list[str] = []
    for part in parts:
        if made and len(made[-1]) < len(merged) and made[-1] + part == merged:
            made[-1] = merged
        else:
            made.append(part)
    return made
