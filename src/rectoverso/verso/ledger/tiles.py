"""Tiles (c2sp.org/tlog-tiles): a ledger as plain files, which any static host can serve and anyone can check.

checkpoint                  the signed head
tile/0/x001/x234/067        256 leaf hashes; a level up, each hash stands for a full tile of the level below
tile/0/x001/x234/068.p/17   the same, while it has only 17
tile/entries/...            the entries themselves, each after its length in two bytes
ledger.pub                  the ledger's public keys (not of the specification)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rectoverso.verso.ledger import merkle
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.merkle import HASH_BYTES, Node
from rectoverso.verso.ledger.note import BadNote

CHECKPOINT = "checkpoint"
KEYS = "ledger.pub"
HEIGHT = 8
WIDTH = 1 << HEIGHT
_LARGEST_BUNDLE = WIDTH * (2 + 2**16)
_LARGEST_TEXT = 1_000_000


class BadTiles(ValueError):
    """A file that the tree's size demands is not there or not of its shape; ``path`` is where it belongs."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """One file of hashes, or with ``level`` -1 of entries: ``width`` of them, the first numbered 256 * ``index``."""

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        """Its place below the export's folder."""
        return self.stem + (f".p/{self.width}" if self.width < WIDTH else "")

    @property
    def stem(self) -> str:
        """The place it has when it is full."""
        digits = f"{self.index:03}"
        digits = digits.zfill(-len(digits) % 3 + len(digits))
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        return f"tile/{'entries' if self.level < 0 else self.level}/{number}"


def tile_at(level: int, index: int, size: int) -> Tile:
    """The tile as a tree of ``size`` has it."""
    return Tile(level, index, min(WIDTH, (size >> HEIGHT * max(level, 0)) - index * WIDTH))


def tiles_of(size: int) -> Iterator[Tile]:
    """Every file of a tree of ``size``: entries first, then hashes, level by level."""
    for level in range(-1, max(1, -(-size.bit_length() // HEIGHT))):
        count = size >> HEIGHT * max(level, 0)
        for index in range(-(-count // WIDTH)):
            yield tile_at(level, index, size)


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as one file."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundled(data: bytes) -> list[bytes]:
    """The entries in such a file; raises ValueError."""
    found, at = [], 0
    while at < len(data):
        begin = at + 2
        at = begin + int.from_bytes(data[at:begin], "big")
        if begin > len(data) or at > len(data):
            raise ValueError("cut short")
        found.append(data[begin:at])
    return found


class TileFolder:
    """An export as a reader sees it. Nothing in it is believed before it leads to a signed root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last: tuple[Tile, list[bytes]] | None = None

    def checkpoint(self) -> bytes | None:
        """The signed head, None when there is none."""
        return self._text(CHECKPOINT)

    def ring(self) -> KeyRing | None:
        """The keys that the export itself names."""
        try:
            return KeyRing.parse((self._text(KEYS) or b"").decode("utf-8", "replace"))
        except BadNote:
            return None

    def nodes(self, size: int, wanted: Iterable[Node]) -> dict[Node, bytes]:
        """The hashes of complete subtrees in a tree of ``size``, from as few files as hold them. Raises BadTiles."""
        found = {}
        for level, position in wanted:
            within = level % HEIGHT
            first = position << within
            hashes = self.hashes(tile_at(level // HEIGHT, first // WIDTH, size))
            begin = first % WIDTH
            found[level, position] = merkle.complete_root(hashes[begin : begin + (1 << within)])
        return found

    def entries(self, begin: int, end: int, size: int) -> Iterator[bytes]:
        """The entries begin <= index < end of a tree of ``size``. Raises BadTiles."""
        for index in range(begin // WIDTH, -(-end // WIDTH)):
            found = self.bundle(tile_at(-1, index, size))
            first = index * WIDTH
            yield from found[max(begin - first, 0) : end - first]

    def hashes(self, tile: Tile) -> list[bytes]:
        """The hashes of one tile. Raises BadTiles."""
        if self._last is None or self._last[0] != tile:
            data = self._file(tile, WIDTH * HASH_BYTES)
            hashes = [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
            if len(data) % HASH_BYTES or len(hashes) < tile.width:
                raise BadTiles(tile.path)
            self._last = tile, hashes[: tile.width]
        return self._last[1]

    def bundle(self, tile: Tile) -> list[bytes]:
        """The entries of one bundle. Raises BadTiles."""
        try:
            entries = unbundled(self._file(tile, _LARGEST_BUNDLE))
        except BadTiles:
            raise
        except ValueError as error:
            raise BadTiles(tile.path) from error
        if len(entries) < tile.width:
            raise BadTiles(tile.path)
        return entries[: tile.width]

    def _file(self, tile: Tile, limit: int) -> bytes:
        """A partial tile's bytes, or those of the full one, which may have taken its place."""
        if tile.width < 1:
            raise BadTiles(tile.path)
        for path in dict.fromkeys((tile.path, tile.stem)):
            data = self._read(path, limit + 1)
            if data is not None and len(data) <= limit:
                return data
        raise BadTiles(tile.path)

    def _text(self, name: str) -> bytes | None:
        return self._read(name, _LARGEST_TEXT)

    def _read(self, name: str, most: int) -> bytes | None:
        """Up to so many bytes of an ordinary file; None where there is none, as for a pipe, which never ends."""
        path = self.folder / name
        try:
            if not path.is_file():
                return None
            with path.open("rb") as file:
                return file.read(most)
        except OSError:
            return None
