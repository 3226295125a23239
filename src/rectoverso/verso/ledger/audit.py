"""The check of a whole ledger: everything recomputed from its rows, every difference named.

1. The rows end where the last signed checkpoint says; nothing lies outside.
2. Every entry hashes to the leaf that the checkpoint of its size was signed over.
3. Every tree node is the hash of its two children.
4. Every size has a checkpoint, signed by the ledger's key, over the tree of that size.
5. Checkpoints that others kept are still heads of this ledger.
6. The home's decisions and the ledger's entries answer each other, one for one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rectoverso.types import Digest, Message
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.checkpoint import BadNote, Checkpoint, NoteKey, open_checkpoint
from rectoverso.verso.ledger.entry import parse_entry

if TYPE_CHECKING:
    from rectoverso.store.database import Transaction
    from rectoverso.store.log import Log

_CHUNK = 4096  # entries read at a time, so that a long ledger needs little memory
_UNKNOWN = bytes(merkle.HASH_BYTES)  # stands for a leaf that is gone; no tree with it is compared to anything


DECISION_KINDS = ("released", "held", "refused")
"""The kinds of entry that decide an image: each names its ``asset``, and each asset has exactly one."""


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
    log: Log, tx: Transaction, key: NoteKey, expected: Iterable[Expected] | None, remembered: Iterable[str]
) -> LedgerState:
    """Carry out the six steps above."""
    walk = _Walk(log, tx, key)
    walk.keep_in_mind(remembered)
    size = walk.find_the_end()
    for begin in range(0, size, _CHUNK):
        walk.read(begin, min(begin + _CHUNK, size))
    walk.count_nodes(size)
    if expected is not None:
        walk.compare(expected)
    return LedgerState(size, Digest(merkle.root(walk.peaks).hex()), tuple(walk.problems))


def _plausible(count: int) -> int:
    """An entry numbered past this is a stray, and the numbers up to it are not a thousand million gaps."""
    return 2 * count


class _Walk:
    """One pass over the rows, from the first entry to the last."""

    def __init__(self, log: Log, tx: Transaction, key: NoteKey) -> None:
        self.problems: list[Message] = []
        self.peaks: list[bytes] = []
        self._log, self._tx, self._key = log, tx, key
        self._is_sure = True  # until an entry is gone, or is not the one that was signed
        self._missing_nodes = 0
        self._decisions: dict[int, dict[str, Any]] = {}
        self._kept: dict[int, list[bytes]] = {}

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
        nodes = self._nodes(begin, end)
        for index in range(begin, end):
            self._step(index, entries.get(index), nodes, notes.get(index + 1))

    def count_nodes(self, size: int) -> None:
        expected = sum(size >> level for level in range(size.bit_length()))
        extra = self._log.node_count(self._tx) - (expected - self._missing_nodes)
        if extra:
            self._report("node_stray", count=extra)

    def compare(self, expected: Iterable[Expected]) -> None:
        """Step 6, both ways: what is claimed must be here, and what is here must be claimed."""
        unclaimed = dict(self._decisions)
        for wanted in expected:
            found = self._decisions.get(wanted.index, {})
            if (found.get("kind"), found.get("asset")) == (wanted.kind, wanted.asset):
                unclaimed.pop(wanted.index, None)
            else:
                self._report("asset_unlisted", asset=wanted.asset, kind=wanted.kind, index=wanted.index)
        for index, fields in unclaimed.items():
            self._report("entry_unclaimed", index=index, kind=fields["kind"], asset=fields.get("asset"))

    def _step(
        self, index: int, body: bytes | None, nodes: dict[merkle.Node, bytes], note: bytes | None
    ) -> None:
        hashed = None if body is None else merkle.leaf_hash(body)
        stored = nodes.get((0, index))
        head = self._head(index + 1, note)
        leaf = self._signed_leaf(index, [value for value in (hashed, stored) if value is not None], head)
        self._judge_entry(index, body, is_signed=hashed == leaf)
        self.peaks, completed = merkle.grow(index, self.peaks, leaf or _UNKNOWN)
        self._judge_node((0, index), leaf, stored)
        for node, value in list(completed.items())[1:]:
            self._judge_node(node, value if self._is_sure else None, nodes.get(node))
        self._judge_kept(index + 1)

    def _signed_leaf(self, index: int, candidates: list[bytes], head: Checkpoint | None) -> bytes | None:
        """The leaf that was signed by this size's checkpoint; where nobody can tell, the entry's own hash."""
        if self._is_sure and head is not None:
            for leaf in candidates:
                if merkle.root(merkle.grow(index, self.peaks, leaf)[0]) == head.root:
                    return leaf
            self._is_sure = False
            if candidates:
                self._report("root_differs", index=index, size=index + 1)
        elif not candidates:
            self._is_sure = False
        return candidates[0] if candidates else None

    def _judge_entry(self, index: int, body: bytes | None, *, is_signed: bool) -> None:
        fields = (parse_entry(body) if body is not None else None) or {}
        if body is None:
            self._report("entry_missing", index=index)
        elif fields.get("seq") != index and isinstance(fields.get("seq"), int):
            self._report("entry_moved", index=index, seq=fields["seq"])
        elif not is_signed:
            self._report("entry_edited", index=index)
        if fields.get("kind") in DECISION_KINDS:
            self._decisions[index] = fields

    def _judge_node(self, node: merkle.Node, right: bytes | None, stored: bytes | None) -> None:
        """Compare a stored node; ``right`` is None when nobody can say any more what it should be."""
        if stored is None:
            self._missing_nodes += 1
            self._report("node_missing", level=node[0], position=node[1])
        elif right is not None and stored != right:
            self._report("node_changed", level=node[0], position=node[1])

    def _judge_kept(self, size: int) -> None:
        if self._is_sure and any(root != merkle.root(self.peaks) for root in self._kept.get(size, ())):
            self._report("kept_differs", size=size)

    def _head(self, size: int, note: bytes | None) -> Checkpoint | None:
        """The checkpoint of this size, None when it says nothing that counts."""
        if note is None:
            self._report("checkpoint_missing", size=size)
            return None
        head = self._opened(note)
        if head is None:
            self._report("checkpoint_forged", size=size)
        elif head.size != size:
            self._report("checkpoint_moved", size=size, signed=head.size)
            return None
        return head

    def _nodes(self, begin: int, end: int) -> dict[merkle.Node, bytes]:
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
            return open_checkpoint(note, self._key)
        except BadNote:
            return None

    def _report_strays(self, problem: str, found: list[int]) -> None:
        if found:
            self._report(problem, first=found[0], count=len(found))

    def _report(self, problem: str, **facts: object) -> None:
        self.problems.append(Message(f"ledger.{problem}", facts))
