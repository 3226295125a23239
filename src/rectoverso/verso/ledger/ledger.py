"""The ledger of one home: entries in one order, each under a signed checkpoint, each provable to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from rectoverso.errors import EntryNotFound, LedgerBroken
from rectoverso.i18n import say
from rectoverso.protocols import Clock
from rectoverso.types import Message
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.audit import Expected, LedgerState, audit
from rectoverso.verso.ledger.checkpoint import BadNote, Checkpoint, NoteKey, open_checkpoint, sign_checkpoint
from rectoverso.verso.ledger.entry import Json, entry_bytes, parse_entry
from rectoverso.verso.ledger.proof import write_proof

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from rectoverso.store.database import Database, Transaction
    from rectoverso.store.log import Log

__all__ = ["Expected", "Ledger", "LedgerState"]


class Ledger:
    """Append, prove, check. ``origin`` is the ledger's name in its checkpoints, no space or plus in it."""

    def __init__(
        self, database: Database, log: Log, signing_key: Ed25519PrivateKey, origin: str, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._signing_key = signing_key
        self._clock = clock
        self.key = NoteKey(origin, signing_key.public_key())

    def append(self, tx: Transaction, kind: str, facts: Mapping[str, Json]) -> int:
        """Write entry, tree nodes and signed checkpoint in the caller's transaction; returns its index.

        Raises LedgerBroken when the last checkpoint does not fit: an altered ledger is not signed again.
        """
        size = self._log.size(tx)
        peaks = self._signed_peaks(tx, size)
        body = entry_bytes(size, self._clock.now(), kind, facts)
        grown, completed = merkle.grow(size, peaks, merkle.leaf_hash(body))
        head = Checkpoint(self.key.name, size + 1, merkle.root(grown))
        self._log.add_entry(tx, size, body)
        self._log.add_nodes(tx, completed)
        self._log.add_checkpoint(tx, head.size, sign_checkpoint(head, self._signing_key).encode())
        return size

    def size(self) -> int:
        """How many entries there are."""
        with self._database.read() as tx:
            return self._log.size(tx)

    def entry_bytes(self, index: int) -> bytes:
        """The entry as it was hashed: what a proof is verified against. Raises EntryNotFound."""
        with self._database.read() as tx:
            body = self._log.entry(tx, index)
            if body is None:
                raise EntryNotFound(index=index, size=self._log.size(tx))
            return body

    def entry(self, index: int) -> dict[str, Any]:
        """The entry's fields; raises EntryNotFound, and LedgerBroken when the row is no entry at all."""
        fields = parse_entry(self.entry_bytes(index))
        if fields is None:
            raise _broken(Message("ledger.entry_edited", {"index": index}))
        return fields

    def checkpoint(self) -> str | None:
        """The latest signed checkpoint, to be kept by somebody else; None while the ledger is empty."""
        with self._database.read() as tx:
            latest = self._log.latest_checkpoint(tx)
        return None if latest is None else latest[1].decode("utf-8", "replace")

    def prove(self, index: int) -> str:
        """The tlog-proof of one entry against the latest checkpoint; raises EntryNotFound, LedgerBroken."""
        with self._database.read() as tx:
            size = self._log.size(tx)
            body = self._log.entry(tx, index)
            if body is None:
                raise EntryNotFound(index=index, size=size)
            head, note = self._latest(tx, size)
            path = self._hashes(tx, merkle.inclusion_ranges(index, size))
        if merkle.root_from_inclusion(index, size, merkle.leaf_hash(body), path) != head.root:
            raise _broken(Message("ledger.entry_edited", {"index": index}))
        return write_proof(index, path, note)

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
            return audit(self._log, reading, self.key, expected, remembered)

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
            return Checkpoint(self.key.name, 0, merkle.EMPTY_ROOT), b""
        try:
            head = open_checkpoint(latest[1] if latest else b"", self.key)
        except BadNote as error:
            raise _broken(Message("ledger.checkpoint_forged", {"size": size})) from error
        if latest is None or (latest[0], head.size) != (size, size):
            raise _broken(Message("ledger.went_back", {"signed": head.size, "size": size}))
        return head, latest[1]

    def _hashes(self, tx: Transaction, ranges: list[merkle.Range]) -> list[bytes]:
        nodes = self._log.nodes(tx, merkle.nodes_of(ranges))
        try:
            return merkle.hashes_of(ranges, nodes)
        except KeyError as error:
            level, position = error.args[0]
            raise _broken(Message("ledger.node_missing", {"level": level, "position": position})) from error


def _broken(problem: Message) -> LedgerBroken:
    return LedgerBroken(problem=say(problem))
