"""TIFF's own structure: the fields of the first picture (TIFF 6.0, section 2). No pixel is touched here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

STARTS = (b"II*\0", b"MM\0*")
WIDTH, HEIGHT, XMP = 256, 257, 700
"""Tags; XMP's is Adobe's (XMP specification, part 3)."""
BYTE = 1
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1}
"""Bytes a value of each type that is read here: BYTE, ASCII, SHORT, LONG, UNDEFINED."""
_MOST_FIELDS = 512


@dataclass(frozen=True, slots=True)
class Entry:
    """One field and the bytes of all its values."""

    tag: int
    value: bytes
    order: Literal["little", "big"]

    @property
    def number(self) -> int:
        """A field that holds one whole number."""
        return int.from_bytes(self.value, self.order)


def entries(data: bytes) -> Iterator[Entry]:
    """The fields of the first picture whose values lie in the file, in order, until one is cut short."""
    order: Literal["little", "big"] = "little" if data.startswith(b"II") else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)

    start = number(4, 4)
    for index in range(min(number(start, 2), _MOST_FIELDS)):
        at = start + 2 + 12 * index
        if at + 12 > len(data):
            return
        length = _SIZES.get(number(at + 2, 2), 0) * number(at + 4, 4)
        place = at + 8 if length <= 4 else number(at + 8, 4)
        if length and place + length <= len(data):
            yield Entry(number(at, 2), data[place : place + length], order)
