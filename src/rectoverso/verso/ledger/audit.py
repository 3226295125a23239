"""The check of a whole ledger: everything recomputed from its rows, every difference named.

1. The rows end where the last signed checkpoint says; nothing lies outside.
2. Every entry hashes to a leaf that the next checkpoint was signed over.
3. Every tree node is the hash of its two children.
4. Every size has a checkpoint, except inside a batch, whose entries say where theirs stands. Each is signed by all
   keys of its time, over the tree of its size.
5. The keys change where an entry says so that the keys before signed, and nowhere else.
6. Checkpoints that others kept are still heads of this ledger.
7. The home's decisions and the ledger's entries answer each other, one for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rectoverso.types import Digest, Message
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.checkpoint import Checkpoint, open_checkpoint
from rectoverso.verso.ledger.entry import parse_entry, sealed_at
from rectoverso.verso.ledger.keyring import KeyRing, first_size_after
from rectoverso.verso.ledger.note import BadNote
from rectoverso.verso.ledger.rotation import KIND as ROTATION
from rectoverso.verso.ledger.rotation import followed

if TYPE_CHECKING:
    from rectoverso.store.database import Transaction
    from rectoverso.store.log import Log

_CHUNK = 4096  # entries read at a time, so that a long ledger needs little memory
_UNKNOWN = bytes(merkle.HASH_BYTES)  # stands for a leaf that is gone; no tree with it is compared to anything


DECISION_KINDS = ("released", "held", "refused", "revoked")
"""The kinds of entry that decide an image: each names its ``asset``. One of the first three, and perhaps the last."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a home's own tables say the ledger holds: a decision of this kind on this asset, at this index."""

    index: int
    kind: str
    asset: str


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What a check found: ``root`` is that of the entries as they are; no problem means it holds together."""

    size: int
    root: Digest
    problems: tuple[Message, ...]


def audit(
    log: Log, tx: Transaction, ring: KeyRing, expected: Iterable[Expected] | None, remembered: Iterable[str]
) -> LedgerState:
    """Carry out the seven steps above."""
    walk = _Walk(log, tx, ring)
    walk.keep_in_mind(remembered)
    size = walk.find_the_end()
    for begin in range(0, size, _CHUNK):
        walk.read(begin, min(begin + _CHUNK, size))
    walk.finish(size)
    if expected is not None:
        walk.compare(expected)
    return LedgerState(size, Digest(merkle.root(walk.peaks).hex()), tuple(walk.problems))


def _plausible(count: int) -> int:
    """An entry numbered past this is a stray, and the numbers up to it are not a thousand million gaps."""
    return 2 * count


@dataclass(frozen=True, slots=True)
class _Row:
    """One entry as it lies there: the hash of its bytes and the leaf stored for it, None when gone."""

    index: int
    hashed: bytes | None
    stored: bytes | None
    fields: dict[str, Any]


class _Walk:
    """One pass over the rows, from the first entry to the last."""

    def __init__(self, log: Log, tx: Transaction, ring: KeyRing) -> None:
        self.problems: list[Message] = []
        self.peaks: list[bytes] = []
        self._log, self._tx, self._ring = log, tx, ring
        self._is_sure = True  # until an entry is gone, or is not the one that was signed
        self._missing_nodes = 0
        self._decisions: dict[int, dict[str, Any]] = {}
        self._kept: dict[int, list[bytes]] = {}
        self._unsigned: list[_Row] = []  # entries since the last checkpoint
        self._nodes: dict[merkle.Node, bytes] = {}  # stored ones that were not judged yet
        self._spoiled: set[int] = set()  # sizes whose checkpoint says nothing, which was reported
        self._wanted: set[int] = set()  # sizes that entries name as that of their checkpoint
        self._eras = {era.first_size for era in ring.eras[1:]}  # those whose entry was not seen yet

    def keep_in_mind(self, remembered: Iterable[str]) -> None:
        for note in remembered:
            head = self._opened(note.encode("utf-8", "backslashreplace"))
            if head is None:
                self._report("kept_unsigned")
            else:
                self._kept.setdefault(head.size, []).append(head.root)

    def find_the_end(self) -> int:
        """Where the rows end; what lies beyond is reported here and left out of the walk."""
        log, tx = self._log, self._tx
        end = log.size(tx)
        latest = log.latest_checkpoint(tx)
        head = self._opened(latest[1]) if latest else None
        signed = head.size if head else 0
        size = min(end, max(signed, log.entry_count(tx, below=_plausible(log.entry_count(tx, below=end)))))
        went_back_from = max([signed, *self._kept])
        if went_back_from > size:
            self._report("went_back", signed=went_back_from, size=size)
        if signed <= size:
            self._report_strays("checkpoint_stray", log.stray_checkpoints(tx, size))
        self._report_strays("entry_stray", log.stray_entries(tx, size))
        return size

    def read(self, begin: int, end: int) -> None:
        """Walk over the entries begin <= index < end."""
        entries = self._log.entries(self._tx, begin, end)
        notes = self._log.checkpoints(self._tx, begin + 1, end + 1)
        self._nodes |= self._stored_nodes(begin, end)
        for index in range(begin, end):
            body = entries.get(index)
            fields = (parse_entry(body) if body is not None else None) or {}
            hashed = None if body is None else merkle.leaf_hash(body)
            self._unsigned.append(_Row(index, hashed, self._nodes.get((0, index)), fields))
            head = self._head(index + 1, notes[index + 1]) if index + 1 in notes else None
            if head:
                self._settle(head)

    def finish(self, size: int) -> None:
        """What can only be said once every entry was seen."""
        if self._unsigned:
            self._settle(None)
        for wanted in sorted(self._wanted - self._spoiled):
            self._report("checkpoint_missing", size=wanted)
        for first_size in sorted(self._eras):
            self._report("rotation_missing", size=first_size)
        expected = sum(size >> level for level in range(size.bit_length()))
        extra = self._log.node_count(self._tx) - (expected - self._missing_nodes)
        if extra:
            self._report("node_stray", count=extra)

    def compare(self, expected: Iterable[Expected]) -> None:
        """Step 7, both ways: what is claimed must be here, and what is here must be claimed."""
        unclaimed = dict(self._decisions)
        for wanted in expected:
            found = self._decisions.get(wanted.index, {})
            if (found.get("kind"), found.get("asset")) == (wanted.kind, wanted.asset):
                unclaimed.pop(wanted.index, None)
            else:
                self._report("asset_unlisted", asset=wanted.asset, kind=wanted.kind, index=wanted.index)
        for index, fields in unclaimed.items():
            self._report("entry_unclaimed", index=index, kind=fields["kind"], asset=fields.get("asset"))

    def _settle(self, head: Checkpoint | None) -> None:
        """Judge the entries up to a checkpoint, or up to the end when none was signed over them."""
        rows, self._unsigned = self._unsigned, []
        leaves = self._signed_leaves(rows, head)
        for row, leaf in zip(rows, leaves, strict=True):
            self._judge_entry(row, is_signed=row.hashed == leaf)
            self.peaks, completed = merkle.grow(row.index, self.peaks, leaf or _UNKNOWN)
            self._judge_node((0, row.index), leaf)
            for node, value in list(completed.items())[1:]:
                self._judge_node(node, value if self._is_sure else None)
            self._judge_kept(row.index + 1)
        if head:
            self._judge_place(head.size, is_whole=leaves == [row.hashed for row in rows])

    def _signed_leaves(self, rows: Sequence[_Row], head: Checkpoint | None) -> list[bytes | None]:
        """The leaves that this checkpoint was signed over; where nobody can tell, the entries' own hashes."""
        own = [row.hashed or row.stored for row in rows]
        if None in own:
            self._is_sure = False
        elif self._is_sure and head is not None:
            for leaves in (own, [row.stored or row.hashed for row in rows]):
                if self._root_with(rows[0].index, leaves) == head.root:
                    return leaves
            self._is_sure = False
            self._report("root_differs", index=rows[0].index, size=head.size)
        return own

    def _root_with(self, size: int, leaves: Sequence[bytes | None]) -> bytes:
        peaks = self.peaks
        for at, leaf in enumerate(leaves, size):
            peaks, _ = merkle.grow(at, peaks, leaf or _UNKNOWN)
        return merkle.root(peaks)

    def _judge_entry(self, row: _Row, *, is_signed: bool) -> None:
        index, fields = row.index, row.fields
        if row.hashed is None:
            self._report("entry_missing", index=index)
        elif fields.get("seq") != index and isinstance(fields.get("seq"), int):
            self._report("entry_moved", index=index, seq=fields["seq"])
        elif not is_signed:
            self._report("entry_edited", index=index)
        else:
            self._wanted.add(sealed_at(index, fields))
        if fields.get("kind") in DECISION_KINDS:
            self._decisions[index] = fields
        if fields.get("kind") == ROTATION:
            self._judge_rotation(index, fields)

    def _judge_rotation(self, index: int, fields: dict[str, Any]) -> None:
        """Step 5: the entry must name the keys that sign from here on, in the name of those before."""
        before = [era for era in self._ring.eras if era.first_size <= index + 1]
        try:
            ring = followed(KeyRing(tuple(before)), index, fields)
        except (BadNote, ValueError):
            self._report("rotation_forged", index=index)
            return
        if ring.newest not in self._ring.eras:
            self._report("rotation_unknown", index=index)
        self._eras.discard(first_size_after(index))

    def _judge_place(self, size: int, *, is_whole: bool) -> None:
        """Step 4: a checkpoint stands where an entry wants it, unless an altered one did; so do all before it."""
        for missing in sorted(wanted for wanted in self._wanted - self._spoiled if wanted < size):
            self._report("checkpoint_missing", size=missing)
        if size not in self._wanted and is_whole and self._is_sure:
            self._report("checkpoint_between", size=size)
        self._wanted = {wanted for wanted in self._wanted if wanted > size}

    def _judge_node(self, node: merkle.Node, right: bytes | None) -> None:
        """Compare a stored node; ``right`` is None when nobody can say any more what it should be."""
        stored = self._nodes.pop(node, None)
        if stored is None:
            self._missing_nodes += 1
            self._report("node_missing", level=node[0], position=node[1])
        elif right is not None and stored != right:
            self._report("node_changed", level=node[0], position=node[1])

    def _judge_kept(self, size: int) -> None:
        if self._is_sure and any(root != merkle.root(self.peaks) for root in self._kept.get(size, ())):
            self._report("kept_differs", size=size)

    def _head(self, size: int, note: bytes) -> Checkpoint | None:
        """The checkpoint of this size, None when it says nothing that counts."""
        head = self._opened(note)
        if head is None:
            self._report("checkpoint_forged", size=size)
        elif head.size != size:
            self._report("checkpoint_moved", size=size, signed=head.size)
            head = None
        if head is None:
            self._spoiled.add(size)
        return head

    def _stored_nodes(self, begin: int, end: int) -> dict[merkle.Node, bytes]:
        """The stored nodes that the entries begin <= index < end complete."""
        return {
            (level, position): value
            for level in range(end.bit_length())
            for position, value in self._log.nodes_between(
                self._tx, level, begin >> level, end >> level
            ).items()
        }

    def _opened(self, note: bytes) -> Checkpoint | None:
        try:
            return open_checkpoint(note, self._ring)
        except BadNote:
            return None

    def _report_strays(self, problem: str, found: list[int]) -> None:
        if found:
            self._report(problem, first=found[0], count=len(found))

    def _report(self, problem: str, **facts: object) -> None:
        self.problems.append(Message(f"ledger.{problem}", facts))
