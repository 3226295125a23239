"""The fields of TIFF 6.0 (section 2), which EXIF blocks are made of too: where each lies, and how long it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rectoverso.verso.anonymise.remains.kinds import Kind, Remain

EXIF_IFD, GPS_IFD, MAKER_NOTE = 34665, 34853, 37500
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MOST_FIELDS = 4096
_INLINE = 4


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its values are ``data[place : place + length]``."""

    tag: int
    kind: int
    count: int
    place: int
    length: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory: where it lies, its fields, and where the next one is (0 for none)."""

    place: int
    length: int
    fields: tuple[Field, ...]
    following: int
    is_whole: bool

    def field(self, tag: int) -> Field | None:
        return next((one for one in self.fields if one.tag == tag), None)


class Fields:
    """A TIFF structure in bytes. Nothing raises: what lies outside is left out and the directory is not whole."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order: Literal["little", "big"] = "big" if data.startswith(b"MM") else "little"

    def number(self, place: int, size: int) -> int:
        return int.from_bytes(self._data[place : place + size], self._order)

    def first(self) -> Directory:
        return self.directory(self.number(4, 4))

    def directory(self, place: int) -> Directory:
        count = self.number(place, 2) if 8 <= place < len(self._data) else 0
        end = place + 2 + 12 * count
        fields = tuple(self._fields(place, min(count, _MOST_FIELDS)))
        whole = 0 < count <= _MOST_FIELDS and end + 4 <= len(self._data) and len(fields) == count
        return Directory(place, end + 4 - place, fields, self.number(end, 4) if whole else 0, whole)

    def values(self, field: Field) -> list[int]:
        """The whole numbers of a field of bytes, shorts or longs."""
        size = _SIZES[field.kind]
        return [self.number(field.place + size * index, size) for index in range(field.count)]

    def _fields(self, place: int, count: int) -> Iterator[Field]:
        for index in range(count):
            at = place + 2 + 12 * index
            tag, kind, many = self.number(at, 2), self.number(at + 2, 2), self.number(at + 4, 4)
            length = _SIZES.get(kind, 0) * many
            start = at + 8 if length <= _INLINE else self.number(at + 8, 4)
            if kind in _SIZES and start + length <= len(self._data):
                yield Field(tag, kind, many, start, length)


def of_exif(block: bytes, place: str) -> list[Remain]:
    """What an EXIF block holds (CIPA DC-008): itself, and the parts of it that say the most."""
    tiff = block.removeprefix(b"Exif\0\0")
    found = [Remain(Kind.EXIF, place, len(block))]
    if not tiff.startswith((b"II*\0", b"MM\0*")):
        return found
    fields = Fields(tiff)
    first = fields.first()
    if first.field(GPS_IFD):
        found.append(Remain(Kind.GPS, place, 0))
    own = first.field(EXIF_IFD)
    note = fields.directory(fields.values(own)[0]).field(MAKER_NOTE) if own and own.count else None
    if note:
        found.append(Remain(Kind.MAKER_NOTE, place, note.length))
    if first.following:
        found.append(Remain(Kind.THUMBNAIL, place, 0))
    return found
