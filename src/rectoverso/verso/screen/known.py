"""The points of all works, ready to be voted for; kept on the home's shelf, so that a start need not write them anew.

    1. Book     What points are written in (codebook.py): the one on the shelf, or one that is learnt from the works.
    2. Parts    Of each part of the shelf the works that are still registered.
    3. Missing  Works that no part has are written, and the parts that they belong to are put back.
    4. Index    All of it in FAISS: 24 bytes a point, 3.6 KB a work.

Few works need no book: their points are compared one by one, as they are.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.store.shelf import Shelf
from rectoverso.store.traces import BOOK, Traces, part_of
from rectoverso.verso.screen import shards
from rectoverso.verso.screen.codebook import DIMENSION, LEARNT_FROM, Codebook
from rectoverso.verso.screen.points import Points, decoded
from rectoverso.verso.screen.shards import ROW, Written
from rectoverso.verso.screen.trace import digest_in, kept_in
from rectoverso.verso.screen.votes import INDEXED_POINTS, Ballot, candidates, named

# Shapes: N points.

BOOK_FROM = 5_000
"""From how many points on there is a book."""

AT_ONCE = 400
PUT_BACK_AT = 20
"""A part is put back when more than one in so many of its works is new; until then new works are written each time."""


def prepare(traces: Traces) -> None:
    """Have what the shelf lacks written now, so that the next who looks need not wait for it.

    Raises as ``KnownPoints.of``.
    """
    ids = list(traces)
    if len(ids) * INDEXED_POINTS >= BOOK_FROM:
        _written(traces, ids, _book(traces, ids, traces.shelf), traces.shelf)


class KnownPoints:
    """The points of works, by the works' numbers; ``names`` has their ids."""

    def __init__(
        self,
        traces: Mapping[str, bytes],
        names: Sequence[str],
        digests: NDArray[np.uint64],
        index: Any,
    ) -> None:
        self.names = names
        self._traces = traces
        self._index = index
        self._order = np.argsort(digests, kind="stable")
        self._digests = digests[self._order]

    @classmethod
    def of(cls, traces: Mapping[str, bytes], only: Container[str] | None = None) -> KnownPoints:
        """Those of ``traces`` (``Trace.to_bytes`` by the works' ids), by what the shelf has of them; ``only`` of these
        works, if that is said: others would be neighbours of a point and keep those that are looked for from it.

        Raises ValueError when a trace that has to be read is not what this version wrote, RecordDamaged when it does
        not open.
        """
        ids = list(traces)
        if len(ids) * INDEXED_POINTS < BOOK_FROM:
            plain = [_plain(*one) for one in traces.items() if only is None or one[0] in only]
            works = [work for work, _ in plain]
            return cls(traces, *_told(works), _compared_one_by_one(works, [bits for _, bits in plain]))
        shelf = traces.shelf if isinstance(traces, Traces) else None
        book = _book(traces, ids, shelf)
        works = [one for one in _written(traces, ids, book, shelf) if only is None or one.work in only]
        told, (rows, points) = _told(works), points_of(works)
        del works  # before as much again is taken by the index
        return cls(traces, *told, filled(book.empty_index(), rows, points))

    def candidates(self, points: Points, *, at_most: int) -> Ballot:
        """The works that points vote for, by their numbers."""
        return candidates(self._index, points, at_most=at_most)

    def identical(self, digest: bytes) -> list[int]:
        """The numbers of the works whose pixels have this digest."""
        head = _head(digest)
        start, end = (int(np.searchsorted(self._digests, head, side)) for side in ("left", "right"))
        numbers = self._order[start:end].tolist()
        return [number for number in numbers if digest_in(self._traces[self.names[number]]) == digest]


def _told(works: Sequence[Written]) -> tuple[list[str], NDArray[np.uint64]]:
    """Their ids, and how their digests begin."""
    return [work.work for work in works], np.array([_head(work.digest) for work in works], np.uint64)


def _head(digest: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(digest[:8], "big"))


def _book(traces: Mapping[str, bytes], ids: Sequence[str], shelf: Shelf | None) -> Codebook:
    """The one on the shelf while it suits, else one learnt from some of the works."""
    count = len(ids) * INDEXED_POINTS
    kept = _kept_book(shelf)
    if kept is not None and count <= kept.suits:
        return kept
    some = np.random.default_rng(0).permutation(len(ids))[: LEARNT_FROM // INDEXED_POINTS]
    bits = [kept_in(traces[ids[index]], at_most=INDEXED_POINTS)[0] for index in sorted(some)]
    book = Codebook.learnt(decoded(np.concatenate(bits)), count)
    if shelf:
        shelf.put(BOOK, book.to_bytes())
    return book


def _kept_book(shelf: Shelf | None) -> Codebook | None:
    data = shelf.read(BOOK) if shelf else None
    try:
        return None if data is None else Codebook.from_bytes(data)
    except ValueError:  # another version's
        return None


def _written(
    traces: Mapping[str, bytes], ids: Sequence[str], book: Codebook, shelf: Shelf | None
) -> list[Written]:
    """Every work in the words of the book, from the shelf or written now; what is new goes to the shelf."""
    members: dict[str, list[str]] = {}
    for name in ids:
        members.setdefault(part_of(name), []).append(name)
    found = {part: _part(shelf, part, book) for part in members}
    missing = [name for part, names in members.items() for name in names if name not in found[part]]
    new = {work.work: work for work in _write(traces, missing, book)}
    for part, names in members.items():
        works = {name: found[part].get(name) or new[name] for name in names}
        added = sum(name in new for name in names)
        gone = len(found[part]) + added > len(names)
        if shelf and (gone or added * PUT_BACK_AT > len(names)):
            shelf.put(part, shards.to_bytes(book.name, works.values()))
        found[part] = works
    return [work for works in found.values() for work in works.values()]


def _part(shelf: Shelf | None, part: str, book: Codebook) -> dict[str, Written]:
    data = shelf.read(part) if shelf else None
    return {} if data is None else shards.from_bytes(data, book.name)


def _write(traces: Mapping[str, bytes], missing: Sequence[str], book: Codebook) -> Iterator[Written]:
    """The missing works, some at a time."""
    todo = iter(missing)
    while names := list(islice(todo, AT_ONCE)):
        plain = [_plain(name, traces[name]) for name in names]
        addresses, codes = book.written(decoded(np.concatenate([bits for _, bits in plain])))
        end = 0
        for work, bits in plain:
            start, end = end, end + len(bits)
            work.rows["address"], work.rows["code"] = addresses[start:end], codes[start:end]
            yield work


def _plain(name: str, trace: bytes) -> tuple[Written, NDArray[np.uint8]]:
    """A work whose points tell only how they lie, and their descriptors as they are kept (N, 32)."""
    bits, turns, octaves = kept_in(trace, at_most=INDEXED_POINTS)
    rows = np.zeros(len(bits), ROW)
    rows["turn"], rows["octave"] = turns, octaves
    return Written(name, digest_in(trace), rows), bits


def _compared_one_by_one(works: Sequence[Written], bits: Sequence[NDArray[np.uint8]]) -> Any:
    import faiss

    index: Any = faiss.IndexIDMap2(faiss.IndexFlatL2(DIMENSION))
    descriptors = decoded(np.concatenate([np.zeros((0, DIMENSION // 4), np.uint8), *bits]))
    index.add_with_ids(descriptors, points_of(works)[1])
    return index


def points_of(works: Sequence[Written]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """All their points as ``ROW`` (N,), and what an index calls them (N,)."""
    rows = np.concatenate([np.zeros(0, ROW), *(work.rows for work in works)])
    numbers = np.repeat(np.arange(len(works), dtype=np.int64), [len(work.rows) for work in works])
    return rows, named(numbers, rows["turn"], rows["octave"])


def filled(index: Any, rows: NDArray[Any], names: NDArray[np.int64]) -> Any:
    """An empty index of their book with all their points: each of its lists is made once, as long as it has to be."""
    import faiss

    order = np.argsort(rows["address"], kind="stable")
    names, codes = names[order], np.ascontiguousarray(rows["code"][order])
    addresses, starts = np.unique(rows["address"][order], return_index=True)
    ends = [*starts[1:].tolist(), len(rows)]
    for address, start, end in zip(addresses.tolist(), starts.tolist(), ends, strict=True):
        here = faiss.swig_ptr(names[start:end]), faiss.swig_ptr(codes[start:end])
        index.invlists.add_entries(address, end - start, *here)
    index.ntotal = len(rows)
    return index
