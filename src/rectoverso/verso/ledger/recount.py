"""The check of an export from its files alone: every hash computed anew, every difference named.

1. Every entry hashes to its place in the tiles of level 0, and knows its own number.
2. Every hash of a higher tile is that of the full tile below it.
3. The keys change where an entry says so that the keys before signed, and nowhere else.
4. The checkpoint is signed by the keys of its size, over the root of these entries.
"""

from __future__ import annotations

from rectoverso.types import Digest, Message
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.audit import LedgerState
from rectoverso.verso.ledger.checkpoint import open_checkpoint, stated
from rectoverso.verso.ledger.entry import parse_entry
from rectoverso.verso.ledger.keyring import KeyRing, first_size_after
from rectoverso.verso.ledger.note import BadNote
from rectoverso.verso.ledger.rotation import KIND as ROTATION
from rectoverso.verso.ledger.rotation import followed
from rectoverso.verso.ledger.tiles import WIDTH, BadTiles, TileFolder, tile_at


def recount(export: TileFolder, ring: KeyRing) -> LedgerState:
    """Carry out the four steps above. ``ring``: the keys to trust, at least those that the ledger began with."""
    note = export.checkpoint()
    try:
        claimed = stated(note or b"")
    except BadNote:
        return LedgerState(0, Digest(merkle.EMPTY_ROOT.hex()), (_problem("export_no_checkpoint"),))
    count = _Recount(export, ring, claimed.size)
    try:
        for index in range(-(-claimed.size // WIDTH)):
            count.read(index)
        count.finish()
    except BadTiles as missing:
        count.report("export_file", file=missing.path)
    root = merkle.root(count.peaks)
    try:
        head = open_checkpoint(note or b"", count.ring)
        if not count.problems and head.root != root:
            count.report("export_root", size=head.size)
    except BadNote:
        count.report("checkpoint_forged", size=claimed.size)
    known = tuple(era for era in ring.eras if era.first_size <= claimed.size + 1)
    if known[1:] != count.ring.eras[1 : len(known)]:
        count.report("rotation_other", size=claimed.size)
    return LedgerState(claimed.size, Digest(root.hex()), tuple(count.problems))


class _Recount:
    """The tree as it grows from the entries, beside the tiles."""

    def __init__(self, export: TileFolder, ring: KeyRing, size: int) -> None:
        self.problems: list[Message] = []
        self.peaks: list[bytes] = []
        self.ring = KeyRing(ring.eras[:1])  # later eras have to follow from the entries
        self._export, self._size = export, size
        self._growing: list[list[bytes]] = []  # the hashes of each level's last tile
        self._full: list[int] = []  # how many tiles of each level are full

    def read(self, bundle: int) -> None:
        """The entries of one bundle, and whatever tiles they complete."""
        for index, body in enumerate(self._export.bundle(tile_at(-1, bundle, self._size)), bundle * WIDTH):
            leaf = merkle.leaf_hash(body)
            self.peaks, _ = merkle.grow(index, self.peaks, leaf)
            self._add(0, leaf)
            self._judge(index, body)

    def finish(self) -> None:
        """The tiles that are not full."""
        for level, hashes in enumerate(self._growing):
            if hashes:
                self._compare(level, hashes)

    def report(self, problem: str, **facts: object) -> None:
        self.problems.append(_problem(problem, **facts))

    def _add(self, level: int, value: bytes) -> None:
        if level == len(self._growing):
            self._growing.append([])
            self._full.append(0)
        hashes = self._growing[level]
        hashes.append(value)
        if len(hashes) == WIDTH:
            self._compare(level, hashes)
            self._full[level] += 1
            self._growing[level] = []
            self._add(level + 1, merkle.complete_root(hashes))

    def _compare(self, level: int, hashes: list[bytes]) -> None:
        tile = tile_at(level, self._full[level], self._size)
        stored = self._export.hashes(tile)
        for at, (right, found) in enumerate(zip(hashes, stored, strict=True)):
            if right != found:
                self.report("export_tile", file=tile.path, index=(tile.index * WIDTH + at) * WIDTH**level)

    def _judge(self, index: int, body: bytes) -> None:
        fields = parse_entry(body) or {}
        if fields.get("seq") != index:
            self.report("export_number", index=index)
        if fields.get("kind") == ROTATION and first_size_after(index) > self.ring.newest.first_size:
            try:
                self.ring = followed(self.ring, index, fields)
            except BadNote:
                self.report("rotation_forged", index=index)


def _problem(problem: str, **facts: object) -> Message:
    return Message(f"ledger.{problem}", facts)
