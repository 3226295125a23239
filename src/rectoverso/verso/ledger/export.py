"""Writing a ledger as tiles: new files first, the checkpoint that speaks of them last."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.errors import ExportForeign, LedgerBroken
from rectoverso.i18n import say
from rectoverso.store.atomic import write_atomically
from rectoverso.types import Message
from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.checkpoint import open_checkpoint
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.note import BadNote
from rectoverso.verso.ledger.tiles import CHECKPOINT, HEIGHT, KEYS, WIDTH, Tile, TileFolder, bundle, tiles_of

if TYPE_CHECKING:
    from rectoverso.store.database import Transaction
    from rectoverso.store.log import Log

_PUBLIC_FILE = 0o644
_STAGING = ".unfinished"


@dataclass(frozen=True, slots=True)
class Exported:
    """``size`` entries lie in the folder; ``before`` did already; ``written`` files are new."""

    size: int
    before: int
    written: int


def export_tiles(log: Log, tx: Transaction, ring: KeyRing, folder: Path) -> Exported:
    """Bring the folder up to the latest checkpoint; what an earlier call wrote stays, and partial tiles that are full
    now go.

    Killed at any instant, the folder still is the export it was, and the next call goes on. Raises LedgerBroken when
    the ledger no longer holds what the folder holds, ExportForeign when the folder is none of this ledger's.
    """
    size, note = log.latest_checkpoint(tx) or (0, b"")
    before = _size_before(log, tx, ring, folder)
    if before > size:
        raise _broken("went_back", signed=before, size=size)
    staging = folder / _STAGING
    staging.mkdir(parents=True, exist_ok=True)
    written = 0
    for tile in tiles_of(size):
        if not _is_there(folder, tile, before):
            _put(folder / tile.path, _bytes_of(log, tx, tile), staging)
            written += 1
    _put(folder / KEYS, ring.text.encode(), staging)
    if note:
        _put(folder / CHECKPOINT, note, staging)
    shutil.rmtree(staging, ignore_errors=True)
    _clear_partial(folder, size, before)
    return Exported(size, before, written)


def _size_before(log: Log, tx: Transaction, ring: KeyRing, folder: Path) -> int:
    """How many entries the folder holds under a checkpoint of this ledger that the ledger still stands by."""
    note = TileFolder(folder).checkpoint()
    if note is None:
        is_strange = folder.is_dir() and any(
            path.name not in (_STAGING, KEYS, "tile") for path in folder.iterdir()
        )
        if is_strange or (folder.exists() and not folder.is_dir()):
            raise ExportForeign(folder=folder)
        return 0
    try:
        head = open_checkpoint(note, ring)
    except BadNote as error:
        raise ExportForeign(folder=folder) from error
    wanted = merkle.range_nodes(0, head.size)
    found = log.nodes(tx, wanted)
    if len(found) == len(wanted) and merkle.root([found[node] for node in wanted]) != head.root:
        raise _broken("export_differs", size=head.size)
    return head.size


def _is_there(folder: Path, tile: Tile, before: int) -> bool:
    """Whether an earlier call wrote it and spoke of it: then it is what it should be."""
    is_covered = tile.index * WIDTH + tile.width <= before >> HEIGHT * max(tile.level, 0)
    return is_covered and (folder / tile.path).is_file()


def _bytes_of(log: Log, tx: Transaction, tile: Tile) -> bytes:
    begin = tile.index * WIDTH
    end = begin + tile.width
    if tile.level < 0:
        bodies = log.entries(tx, begin, end)
        if len(bodies) != tile.width:
            raise _broken("entry_missing", index=next(at for at in range(begin, end) if at not in bodies))
        return bundle(bodies.values())
    hashes = log.nodes_between(tx, tile.level * HEIGHT, begin, end)
    for position in range(begin, end):
        if position not in hashes:
            raise _broken("node_missing", level=tile.level * HEIGHT, position=position)
    return b"".join(hashes[position] for position in range(begin, end))


def _put(path: Path, data: bytes, staging: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data, staging=staging, mode=_PUBLIC_FILE)


def _clear_partial(folder: Path, size: int, before: int) -> None:
    """Partial tiles of the checkpoint before, where the full tile has taken their place."""
    for old in tiles_of(before):
        full = Tile(old.level, old.index, WIDTH)
        if old.width < WIDTH and (old.index + 1) * WIDTH <= size >> HEIGHT * max(old.level, 0):
            shutil.rmtree((folder / full.path).with_name(Path(full.path).name + ".p"), ignore_errors=True)


def _broken(problem: str, **facts: object) -> LedgerBroken:
    return LedgerBroken(problem=say(Message(f"ledger.{problem}", facts)))
