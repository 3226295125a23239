"""Merkle tree hashing and proofs (RFC 9162, section 2.1; the same tree as in RFC 6962). Pure.

A *node* is a complete subtree, named (level, position): 2**level leaves from position * 2**level on. A *range*
[begin, end) of leaves is the part of a tree that one hash of a proof stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

Node = tuple[int, int]
Range = tuple[int, int]

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


class BadProof(ValueError):
    """The proof has not the shape that its index and sizes demand."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry (RFC 9162, 2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def range_nodes(begin: int, end: int) -> list[Node]:
    """The complete subtrees that make up a range of a tree, from left to right."""
    found: list[Node] = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin:
            level = min(level, (begin & -begin).bit_length() - 1)
        found.append((level, begin >> level))
        begin += 1 << level
    return found


def root(peaks: Sequence[bytes]) -> bytes:
    """The hash over complete subtrees of falling size, from left to right: ``range_nodes(0, size)``."""
    if not peaks:
        return EMPTY_ROOT
    *rest, last = peaks
    for left in reversed(rest):
        last = node_hash(left, last)
    return last


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """The hash of a complete subtree over the hashes of equal ones: 1, 2, 4, 8 ... of them."""
    row = list(hashes)
    if not row or len(row) & (len(row) - 1):
        raise BadProof("no complete subtree")
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def grow(size: int, peaks: Iterable[bytes], leaf: bytes) -> tuple[list[bytes], dict[Node, bytes]]:
    """Add a leaf to a tree of ``size`` leaves: the new peaks, and the nodes it completes, the leaf first."""
    stack, value, level, at = list(peaks), leaf, 0, size
    completed = {(level, at): value}
    while at & 1:
        value = node_hash(stack.pop(), value)
        level, at = level + 1, at >> 1
        completed[level, at] = value
    return [*stack, value], completed


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """What an inclusion proof is made of, from the leaf's sibling up (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise BadProof(f"no leaf {index} in a tree of {size}")
    begin, end, ranges = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """What a proof is made of that the first ``old`` leaves of a tree of ``new`` are unchanged (2.1.4.1)."""
    if not 0 < old <= new:
        raise BadProof(f"no tree of {old} inside one of {new}")
    begin, end, ranges = 0, new, []
    while end != old:
        middle = begin + _split(end - begin)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    if begin:  # else the old root itself is this hash, and the verifier has it
        ranges.append((begin, end))
    return ranges[::-1]


def nodes_of(ranges: Iterable[Range]) -> Iterator[Node]:
    """Every node needed to hash these ranges."""
    for begin, end in ranges:
        yield from range_nodes(begin, end)


def hashes_of(ranges: Iterable[Range], nodes: Mapping[Node, bytes]) -> list[bytes]:
    """One hash a range, from the nodes' hashes; a missing node raises KeyError."""
    return [root([nodes[node] for node in range_nodes(begin, end)]) for begin, end in ranges]


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root this proof leads to (RFC 9162, 2.1.3.2), to compare with the signed one. Raises BadProof."""
    if not 0 <= index < size:
        raise BadProof(f"no leaf {index} in a tree of {size}")
    at, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise BadProof("the proof is too long")
        if at & 1 or at == last:
            value = node_hash(sibling, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise BadProof("the proof is too short")
    return value


def roots_from_consistency(old: int, new: int, old_root: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The old and the new root this proof leads to (RFC 9162, 2.1.4.2); compare both. Raises BadProof."""
    if not 0 < old <= new:
        raise BadProof(f"no tree of {old} inside one of {new}")
    if old == new:
        if path:
            raise BadProof("the proof is too long")
        return old_root, old_root
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes:
        raise BadProof("the proof is too short")
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    return _both_roots(at, last, hashes)


def _both_roots(at: int, last: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise BadProof("the proof is too long")
        if at & 1 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise BadProof("the proof is too short")
    return before, after


def _split(width: int) -> int:
    """The largest power of two below ``width``: where RFC 9162 divides a tree."""
    return 1 << ((width - 1).bit_length() - 1)
