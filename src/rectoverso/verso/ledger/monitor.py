"""Watching a ledger from outside: what it says today must contain what it said before.

1. The latest checkpoint is signed by the keys known here, or by keys that these handed on to in entries.
2. The tree that is shown has the signed root.
3. It begins with the tree of the checkpoint seen last: no fewer entries, and none of them another.

A monitor that remembers is what keeps a ledger from telling different people different histories: the ledger's owner
holds the keys and could sign anew, but not what somebody else has already seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from rectoverso.types import Message
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.checkpoint import Checkpoint, open_checkpoint, stated
from rectoverso.verso.ledger.entry import parse_entry
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.note import BadNote
from rectoverso.verso.ledger.rotation import KIND as ROTATION
from rectoverso.verso.ledger.rotation import followed
from rectoverso.verso.ledger.tiles import BadTiles


class Source(Protocol):
    """A ledger to watch: an export's folder, or a home. What is asked for and not there is left out or BadTiles."""

    def checkpoint(self) -> bytes | None: ...

    def nodes(self, size: int, wanted: Iterable[merkle.Node]) -> dict[merkle.Node, bytes]: ...

    def entries(self, begin: int, end: int, size: int) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """What a monitor remembers: the last checkpoint that held, and the keys known by then."""

    checkpoint: bytes
    ring: KeyRing

    @property
    def text(self) -> str:
        """As its file keeps it."""
        return json.dumps({"checkpoint": self.checkpoint.decode(), "keys": self.ring.text}, indent=2) + "\n"

    @classmethod
    def parse(cls, text: str) -> Seen:
        """What such a file says; its checkpoint must open with its keys. Raises BadNote."""
        try:
            kept = json.loads(text)
            seen = cls(kept["checkpoint"].encode(), KeyRing.parse(kept["keys"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadNote("not what a monitor keeps") from error
        open_checkpoint(seen.checkpoint, seen.ring)
        return seen


@dataclass(frozen=True, slots=True)
class Watched:
    """What was found: ``seen`` is what to remember from now on, None when there are problems.

    ``before`` is the size seen last, None the first time; ``rotations`` the entries in which new keys were named.
    """

    size: int
    root: bytes
    before: int | None
    rotations: tuple[int, ...]
    problems: tuple[Message, ...]
    seen: Seen | None


class _No(Exception):
    """The answer is no; ``problem`` says why."""

    def __init__(self, name: str, **facts: object) -> None:
        super().__init__(name)
        self.problem = Message(f"ledger.{name}", facts)


def watch(source: Source, ring: KeyRing, seen: Seen | None) -> Watched:
    """Carry out the three steps. ``ring``: the keys to begin with, where nothing was seen yet."""
    note = source.checkpoint()
    known = seen.ring if seen else ring
    last = open_checkpoint(seen.checkpoint, seen.ring) if seen else None
    before = last.size if last else None
    claimed = Checkpoint(ring.origin, 0, merkle.EMPTY_ROOT)
    try:
        claimed = _stated(note, known)
        known, rotations = _known(source, note or b"", known, before or 0)
        head = _opened(note or b"", known)
        if last:
            _demand_no_less(head, last)
        _demand_tree(source, head)
        if last and 0 < last.size < head.size:
            _demand_consistent(source, last, head)
    except _No as no:
        return Watched(claimed.size, claimed.root, before, (), (no.problem,), None)
    except BadTiles as missing:
        problem = Message("ledger.export_file", {"file": missing.path})
        return Watched(claimed.size, claimed.root, before, (), (problem,), None)
    return Watched(head.size, head.root, before, rotations, (), Seen(note or b"", known))


def _stated(note: bytes | None, ring: KeyRing) -> Checkpoint:
    try:
        claimed = stated(note or b"")
    except BadNote as error:
        raise _No("export_no_checkpoint") from error
    if claimed.origin != ring.origin:
        raise _No("watch_another", origin=claimed.origin, known=ring.origin)
    return claimed


def _demand_no_less(head: Checkpoint, last: Checkpoint) -> None:
    """Step 3, as far as it needs no proof."""
    if head.size < last.size:
        raise _No("watch_went_back", seen=last.size, size=head.size)
    if head.size == last.size and head.root != last.root:
        raise _No("watch_forked", size=head.size)


def _known(source: Source, note: bytes, ring: KeyRing, since: int) -> tuple[KeyRing, tuple[int, ...]]:
    """Step 1: the ring, and what it became through rotations since, where the checkpoint does not open with it.

    What is read here is believed only because the old keys signed it; that it stands in the tree is checked too.
    """
    try:
        open_checkpoint(note, ring)
    except BadNote:
        head = stated(note)
    else:
        return ring, ()
    rotations = []
    for index, body in enumerate(source.entries(since, head.size, head.size), since):
        fields = (parse_entry(body) or {}) if ROTATION.encode() in body else {}
        if fields.get("kind") != ROTATION or index + 1 < ring.newest.first_size:
            continue
        try:
            ring = followed(ring, index, fields)
        except BadNote as error:
            raise _No("rotation_forged", index=index) from error
        if source.nodes(head.size, [(0, index)]).get((0, index)) != merkle.leaf_hash(body):
            raise _No("watch_tiles", size=head.size)
        rotations.append(index)
    return ring, tuple(rotations)


def _opened(note: bytes, ring: KeyRing) -> Checkpoint:
    try:
        return open_checkpoint(note, ring)
    except BadNote as error:
        raise _No("checkpoint_forged", size=stated(note).size) from error


def _demand_tree(source: Source, head: Checkpoint) -> None:
    """Step 2."""
    if _hashes(source, [(0, head.size)], head.size) != [head.root]:
        raise _No("watch_tiles", size=head.size)


def _demand_consistent(source: Source, last: Checkpoint, head: Checkpoint) -> None:
    """Step 3, by the proof of RFC 9162."""
    path = _hashes(source, merkle.consistency_ranges(last.size, head.size), head.size)
    if merkle.roots_from_consistency(last.size, head.size, last.root, path) != (last.root, head.root):
        raise _No("watch_rewritten", seen=last.size, size=head.size)


def _hashes(source: Source, ranges: list[merkle.Range], size: int) -> list[bytes]:
    nodes = source.nodes(size, merkle.nodes_of(ranges))
    try:
        return merkle.hashes_of(ranges, nodes)
    except KeyError as error:
        level, position = error.args[0]
        raise _No("node_missing", level=level, position=position) from error
