"""The ledger of one home: entries in one order under signed checkpoints, each provable to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from rectoverso.errors import EntryNotFound, LedgerBroken
from rectoverso.i18n import Phrase
from rectoverso.protocols import Clock
from rectoverso.types import Message
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.audit import Expected, LedgerState, audit
from rectoverso.verso.ledger.checkpoint import Checkpoint, is_signed_by, open_checkpoint, with_kinds
from rectoverso.verso.ledger.entry import Json, entry_bytes, parse_entry, sealed_at
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.note import BadNote, KeyKind, read_note
from rectoverso.verso.ledger.proof import write_proof
from rectoverso.verso.ledger.rotation import KIND as ROTATION
from rectoverso.verso.ledger.rotation import rotation_facts
from rectoverso.verso.ledger.signing import SigningKeys, sign_checkpoint

if TYPE_CHECKING:
    from rectoverso.store.database import Database, Transaction
    from rectoverso.store.log import Log

__all__ = ["Expected", "Ledger", "LedgerState"]

BATCH = 4096
"""Entries under one checkpoint at most: a check never holds more of them in memory."""
Fact = tuple[str, Mapping[str, Json]]
"""The kind of an entry, and what it says."""


class Ledger:
    """Append, prove, check.

    ``keys`` are the generations of signing keys, by the entry that brought them in (0 for the first). One counts only
    once the checkpoint over its entry bears its signatures: a generation made by a process that was killed does not.
    """

    def __init__(self, database: Database, log: Log, keys: Mapping[int, SigningKeys], clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._made = dict(sorted(keys.items()))
        self._counting: dict[int, SigningKeys] | None = None

    @property
    def origin(self) -> str:
        """The ledger's name in its checkpoints."""
        return next(iter(self._made.values())).origin

    @property
    def ring(self) -> KeyRing:
        """The public keys with their eras: what others verify with."""
        with self._database.read() as tx:
            return self._ring(tx)

    def append(self, tx: Transaction, kind: str, facts: Mapping[str, Json]) -> int:
        """Write entry, tree nodes and signed checkpoint in the caller's transaction; returns its index.

        Raises LedgerBroken when the last checkpoint does not fit: an altered ledger is not signed again.
        """
        return self.append_many(tx, [(kind, facts)])[0]

    def append_many(self, tx: Transaction, entries: Sequence[Fact]) -> range:
        """The same for many, with one checkpoint for each ``BATCH`` of them; returns their indexes."""
        start = size = self._log.size(tx)
        peaks = self._signed_peaks(tx, size)
        signer = self._signer(tx)
        for at in range(0, len(entries), BATCH):
            group = entries[at : at + BATCH]
            peaks = self._write(tx, size, peaks, group, [signer])
            size += len(group)
        return range(start, size)

    def rotate(self, tx: Transaction, new: SigningKeys, more: Mapping[str, Json]) -> int:
        """Let ``new`` sign from here on; the old keys say so in an entry, whose index is returned. ``more``: what the
        entry says beside.

        The keys must have been kept under that index, which is the size before, by the time the transaction ends.
        """
        size = self._log.size(tx)
        peaks, old = self._signed_peaks(tx, size), self._signer(tx)
        facts = {**rotation_facts(self.origin, size, old, new.public), **more}
        self._write(tx, size, peaks, [(ROTATION, facts)], [old, new])
        self._made[size], self._counting = new, None
        return size

    def size(self) -> int:
        """How many entries there are."""
        with self._database.read() as tx:
            return self._log.size(tx)

    def entry_bytes(self, index: int) -> bytes:
        """The entry as it was hashed: what a proof is verified against. Raises EntryNotFound."""
        with self._database.read() as tx:
            return self._body(tx, index)

    def entry(self, index: int) -> dict[str, Any]:
        """The entry's fields; raises EntryNotFound, and LedgerBroken when the row is no entry at all."""
        return _fields(index, self.entry_bytes(index))

    def kinds_since(self, tx: Transaction, begin: int) -> set[str]:
        """The kinds of the entries from ``begin`` on, each found to be what the last checkpoint was signed over.

        Raises LedgerBroken for an entry that is not, and where there are fewer.
        """
        size = self._log.size(tx)
        if begin > size:
            raise _broken(Message("ledger.went_back", {"signed": begin, "size": size}))
        peaks = self._hashes(
            tx, [(at << level, (at + 1) << level) for level, at in merkle.range_nodes(0, begin)]
        )
        kinds = set()
        for start in range(begin, size, BATCH):
            end = min(start + BATCH, size)
            bodies = self._log.entries(tx, start, end)
            for index in range(start, end):
                body = bodies.get(index, b"")
                peaks, _ = merkle.grow(index, peaks, merkle.leaf_hash(body))
                kinds.add(str(_fields(index, body).get("kind")))
        if self._latest(tx, size)[0].root != merkle.root(peaks):
            raise _broken(Message("ledger.tail_altered", {"size": size}))
        return kinds

    def demand_continues(self, tx: Transaction, note: bytes) -> None:
        """Raise LedgerBroken unless this ledger goes on from a checkpoint that was kept, with all that it was over."""
        try:
            kept = open_checkpoint(note, self._ring(tx))
        except BadNote as error:
            raise _broken(Message("ledger.kept_unsigned")) from error
        size = self._log.size(tx)
        if kept.size > size:
            raise _broken(Message("ledger.went_back", {"signed": kept.size, "size": size}))
        path = self._hashes(tx, merkle.consistency_ranges(kept.size, size))
        roots = merkle.roots_from_consistency(kept.size, size, kept.root, path)
        if roots != (kept.root, self._latest(tx, size)[0].root):
            raise _broken(Message("ledger.kept_differs", {"size": kept.size}))

    def checkpoint(self) -> str | None:
        """The latest signed checkpoint, to be kept by somebody else; None while the ledger is empty."""
        with self._database.read() as tx:
            latest = self._log.latest_checkpoint(tx)
        return None if latest is None else latest[1].decode("utf-8", "replace")

    def root_at(self, size: int) -> bytes | None:
        """The root of the first ``size`` entries as the stored tree has it; None if there are not so many."""
        with self._database.read() as tx:
            if not 0 < size <= self._log.size(tx):
                return None
            return self._hashes(tx, [(0, size)])[0]

    def prove(
        self, index: int, *, kinds: Iterable[KeyKind] = (KeyKind.ED25519,), sealed: bool = False
    ) -> str:
        """The tlog-proof of one entry, with the entry in it; raises EntryNotFound, LedgerBroken.

        Against the latest checkpoint, or with ``sealed`` against the first over this entry: that proof is the same for
        all time. ``kinds``: whose signatures it carries. Those of ML-DSA-44 take 3.3 KB.
        """
        with self._database.read() as tx:
            body = self._body(tx, index)
            size = sealed_at(index, _fields(index, body)) if sealed else self._log.size(tx)
            head, note = self._head(tx, size) if sealed else self._latest(tx, size)
            path = self._hashes(tx, merkle.inclusion_ranges(index, size))
            ring = self._ring(tx)
        if merkle.root_from_inclusion(index, size, merkle.leaf_hash(body), path) != head.root:
            raise _broken(Message("ledger.entry_edited", {"index": index}))
        return write_proof(index, path, with_kinds(note, kinds, ring), body)

    def prove_consistency(self, old: int) -> tuple[bytes, ...]:
        """The hashes which show that the first ``old`` entries are unchanged up to the latest checkpoint."""
        with self._database.read() as tx:
            size = self._log.size(tx)
            if not 0 < old <= size:
                raise EntryNotFound(index=old - 1, size=size)
            return tuple(self._hashes(tx, merkle.consistency_ranges(old, size)))

    def check(
        self,
        expected: Iterable[Expected] | None = None,
        remembered: Iterable[str] = (),
        *,
        tx: Transaction | None = None,
    ) -> LedgerState:
        """Recompute everything from the rows alone and name every problem.

        ``expected``: what the home's tables say must be there, compared both ways when given; pass the ``tx`` they
        were read in, or a decision made meanwhile looks like a problem. ``remembered``: checkpoints that somebody
        kept; the ledger must still contain what they signed.
        """
        with nullcontext(tx) if tx else self._database.read() as reading:
            return audit(self._log, reading, self._ring(reading), expected, remembered)

    def _write(
        self,
        tx: Transaction,
        size: int,
        peaks: list[bytes],
        group: Sequence[Fact],
        signers: Sequence[SigningKeys],
    ) -> list[bytes]:
        """Entries, nodes and the checkpoint over them; returns the peaks of the tree they end with."""
        now = self._clock.now()
        end = size + len(group)
        batch = end if len(group) > 1 else None
        bodies = [
            entry_bytes(at, now, kind, facts, batch=batch) for at, (kind, facts) in enumerate(group, size)
        ]
        nodes: dict[merkle.Node, bytes] = {}
        for at, body in enumerate(bodies, size):
            peaks, completed = merkle.grow(at, peaks, merkle.leaf_hash(body))
            nodes |= completed
        head = Checkpoint(self.origin, end, merkle.root(peaks))
        self._log.add_entries(tx, dict(enumerate(bodies, size)))
        self._log.add_nodes(tx, nodes)
        self._log.add_checkpoint(tx, end, sign_checkpoint(head, signers, int(now.timestamp())).encode())
        return peaks

    def _generations(self, tx: Transaction) -> dict[int, SigningKeys]:
        """Those that count: the first, and every one that signed the checkpoint over its own entry."""
        if self._counting is None:
            self._counting = {
                index: keys
                for index, keys in self._made.items()
                if index == 0 or is_signed_by(self._log.checkpoint(tx, index + 1) or b"", keys.public)
            }
        return self._counting

    def _signer(self, tx: Transaction) -> SigningKeys:
        return list(self._generations(tx).values())[-1]

    def _ring(self, tx: Transaction) -> KeyRing:
        first, *later = self._generations(tx).items()
        ring = KeyRing.of(*first[1].public)
        for index, keys in later:
            ring = ring.rotated(index, keys.public)
        return ring

    def _signed_peaks(self, tx: Transaction, size: int) -> list[bytes]:
        """The tree's complete subtrees, from left to right, if the last checkpoint was signed over them."""
        wanted = merkle.range_nodes(0, size)
        next_leaf = (0, size)
        found = self._log.nodes(tx, [*wanted, next_leaf])
        if next_leaf in found or any(node not in found for node in wanted):
            raise _broken(Message("ledger.tail_altered", {"size": size}))
        peaks = [found[node] for node in wanted]
        if self._latest(tx, size)[0].root != merkle.root(peaks):
            raise _broken(Message("ledger.tail_altered", {"size": size}))
        return peaks

    def _latest(self, tx: Transaction, size: int) -> tuple[Checkpoint, bytes]:
        latest = self._log.latest_checkpoint(tx)
        if latest is None and size == 0:
            return Checkpoint(self.origin, 0, merkle.EMPTY_ROOT), b""
        head = self._opened(tx, size, latest[1] if latest else b"")
        if latest is None or (latest[0], head.size) != (size, size):
            raise _broken(Message("ledger.went_back", {"signed": head.size, "size": size}))
        return head, latest[1]

    def _head(self, tx: Transaction, size: int) -> tuple[Checkpoint, bytes]:
        note = self._log.checkpoint(tx, size)
        if note is None:
            raise _broken(Message("ledger.checkpoint_missing", {"size": size}))
        head = self._opened(tx, size, note)
        if head.size != size:
            raise _broken(Message("ledger.checkpoint_moved", {"size": size, "signed": head.size}))
        return head, note

    def _opened(self, tx: Transaction, size: int, note: bytes) -> Checkpoint:
        try:
            head = open_checkpoint(note, self._ring(tx))
            _demand_known_signers(note, self._ring(tx))
        except BadNote as error:
            raise _broken(Message("ledger.checkpoint_forged", {"size": size})) from error
        return head

    def _body(self, tx: Transaction, index: int) -> bytes:
        body = self._log.entry(tx, index)
        if body is None:
            raise EntryNotFound(index=index, size=self._log.size(tx))
        return body

    def _hashes(self, tx: Transaction, ranges: list[merkle.Range]) -> list[bytes]:
        nodes = self._log.nodes(tx, merkle.nodes_of(ranges))
        try:
            return merkle.hashes_of(ranges, nodes)
        except KeyError as error:
            level, position = error.args[0]
            raise _broken(Message("ledger.node_missing", {"level": level, "position": position})) from error


def _demand_known_signers(note: bytes, ring: KeyRing) -> None:
    """Raises BadNote when keys sign in this ledger's name that were loaded too early to know of."""
    known = [key for era in ring.eras for key in era.keys]
    for signature in read_note(note)[1]:
        if signature.name == ring.origin and not any(signature.is_by(key) for key in known):
            raise BadNote("signed by newer keys")


def _fields(index: int, body: bytes) -> dict[str, Any]:
    fields = parse_entry(body)
    if fields is None:
        raise _broken(Message("ledger.entry_edited", {"index": index}))
    return fields


def _broken(problem: Message) -> LedgerBroken:
    return LedgerBroken(problem=Phrase(problem))
