"""TIFF 6.0: the fields of its one picture, the strips that they point at, and every byte that nothing points at."""

from __future__ import annotations

from collections.abc import Iterator

from rectoverso.verso.anonymise.remains.fields import (
    EXIF_IFD,
    GPS_IFD,
    MAKER_NOTE,
    Directory,
    Field,
    Fields,
)
from rectoverso.verso.anonymise.remains.kinds import Kind, Remain, of_xmp

_STRIPS, _STRIP_LENGTHS, _TILES, _TILE_LENGTHS = 273, 279, 324, 325
_PICTURE = {
    *(256, 257, 258, 259, 262, 266, 277, 278, 282, 283, 284, 296, 317, 320, 322, 323, 338, 339),
    *(_STRIPS, _STRIP_LENGTHS, _TILES, _TILE_LENGTHS),
}
"""Sides, bits, compression, photometry, samples, resolution, predictor, palette, tiles, alpha; strips and lengths."""
_KINDS = {
    700: Kind.XMP,
    33723: Kind.IPTC,
    34377: Kind.IPTC,
    34675: Kind.PROFILE,
    330: Kind.SECOND_PICTURE,
    EXIF_IFD: Kind.EXIF,
    GPS_IFD: Kind.GPS,
    52545: Kind.CREDENTIAL,
}
_WORDS = {269, 270, 271, 272, 285, 305, 306, 315, 316, 33432, *range(40091, 40096)}
"""Document, description, make, model, page, software, date, artist, host, copyright, and Windows' own."""


def walk(data: bytes) -> Iterator[Remain]:
    """Everything but the fields that a picture needs, and its strips or tiles."""
    fields = Fields(data)
    first = fields.first()
    if not first.is_whole:
        yield Remain(Kind.UNKNOWN, "directory", len(data))
        return
    for field in first.fields:
        yield from _field(data, fields, field)
    if first.following:
        yield Remain(Kind.SECOND_PICTURE, "second directory", 0)
    yield from _uncovered(data, fields, first)


def _field(data: bytes, fields: Fields, field: Field) -> Iterator[Remain]:
    if field.tag in _PICTURE:
        return
    place = f"tag {field.tag}"
    if field.tag == 700:
        yield from of_xmp(data[field.place : field.place + field.length], place)
        return
    yield Remain(
        _KINDS.get(field.tag, Kind.COMMENT if field.tag in _WORDS else Kind.UNKNOWN), place, field.length
    )
    if field.tag == EXIF_IFD and field.count:
        note = fields.directory(fields.values(field)[0]).field(MAKER_NOTE)
        if note:
            yield Remain(Kind.MAKER_NOTE, place, note.length)


def _uncovered(data: bytes, fields: Fields, first: Directory) -> Iterator[Remain]:
    """Bytes that neither the header, the directory, a field nor a strip covers; one zero, to align, is none of them."""
    spans = [(0, 8), (first.place, first.place + first.length)]
    spans += [(field.place, field.place + field.length) for field in first.fields]
    for places, lengths in ((_STRIPS, _STRIP_LENGTHS), (_TILES, _TILE_LENGTHS)):
        starts, sizes = first.field(places), first.field(lengths)
        if starts and sizes:
            pairs = zip(fields.values(starts), fields.values(sizes), strict=False)
            spans += [(start, start + size) for start, size in pairs]
    at = 0
    for begin, end in sorted([*spans, (len(data), len(data))]):
        gap = data[at:begin]
        if len(gap) > 1 or gap.strip(b"\0"):
            yield Remain(Kind.TRAILER if begin == len(data) else Kind.UNKNOWN, "bytes of no field", len(gap))
        at = max(at, end)
