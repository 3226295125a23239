"""AVIF (ISO/IEC 14496-12 and 23008-12): boxes, the items that they declare, and every byte of data that is of none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rectoverso.verso.anonymise.remains.fields import of_exif
from rectoverso.verso.anonymise.remains.kinds import Kind, Remain, named, of_trailer, of_xmp

_PROPERTIES = {b"ispe", b"pixi", b"av1C", b"auxC", b"irot", b"imir", b"pasp", b"clap"}
_META = {b"hdlr", b"pitm", b"iloc", b"iinf", b"iprp", b"iref"}
_REFERENCES = {b"auxl", b"dimg", b"prem", b"cdsc"}
_MOST_ITEMS = 4096


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its type, and where its body lies."""

    kind: bytes
    begin: int
    end: int


class _Broken(Exception):
    """The structure is not one."""


def walk(data: bytes) -> Iterator[Remain]:
    """Everything but the coded picture, its alpha, and the properties that decoding needs."""
    try:
        yield from _walk(data)
    except _Broken:
        yield Remain(Kind.UNKNOWN, "boxes", len(data))


def _walk(data: bytes) -> Iterator[Remain]:
    boxes, end = [], 0
    for box in _boxes(data, 0, len(data)):
        boxes.append(box)
        end = box.end
    metas = [box for box in boxes if box.kind == b"meta"]
    for box in boxes:
        if box.kind not in (b"ftyp", b"meta", b"mdat"):
            yield Remain(
                Kind.SECOND_PICTURE if box.kind == b"moov" else Kind.UNKNOWN,
                named(box.kind),
                box.end - box.begin,
            )
    if len(metas) != 1:
        raise _Broken
    inside = list(_boxes(data, metas[0].begin + 4, metas[0].end))
    items = _items(data, inside)
    yield from _meta(data, inside)
    yield from _items_told(data, inside, items)
    yield from _uncovered(boxes, items)
    yield from of_trailer(data[end:])


def _boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    """The boxes that fill a place; what follows the last whole one is for the caller at the top, broken elsewhere."""
    top = end == len(data) and at == 0
    while at + 8 <= end:
        size, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        size = end - at if size == 0 else size
        if size < head or at + size > end:
            break
        yield Box(kind, at + head, at + size)
        at += size
    if not top and at != end:
        raise _Broken


def _only(inside: list[Box], kind: bytes) -> Box | None:
    return next((box for box in inside if box.kind == kind), None)


def _meta(data: bytes, inside: list[Box]) -> Iterator[Remain]:
    for box in inside:
        if box.kind not in _META:
            yield Remain(Kind.UNKNOWN, named(box.kind), box.end - box.begin)
    handler = _only(inside, b"hdlr")
    if handler and data[handler.begin + 24 : handler.end].strip(b"\0"):
        yield Remain(Kind.COMMENT, "hdlr", handler.end - handler.begin - 24)
    references = _only(inside, b"iref")
    for box in _boxes(data, references.begin + 4, references.end) if references else ():
        if box.kind not in _REFERENCES:
            kind = Kind.THUMBNAIL if box.kind == b"thmb" else Kind.UNKNOWN
            yield Remain(kind, named(box.kind), box.end - box.begin)
    properties = _only(inside, b"iprp")
    for group in _boxes(data, properties.begin, properties.end) if properties else ():
        if group.kind == b"ipco":
            yield from _properties(data, group)
        elif group.kind != b"ipma":
            yield Remain(Kind.UNKNOWN, named(group.kind), group.end - group.begin)


def _properties(data: bytes, group: Box) -> Iterator[Remain]:
    for box in _boxes(data, group.begin, group.end):
        if box.kind == b"colr" and data[box.begin : box.begin + 4] == b"nclx":
            continue
        if box.kind not in _PROPERTIES:
            kind = Kind.PROFILE if box.kind == b"colr" else Kind.UNKNOWN
            yield Remain(kind, named(box.kind), box.end - box.begin)


def _items(data: bytes, inside: list[Box]) -> dict[int, list[tuple[int, int]]]:
    """Where the data of each item lies (iloc, versions 0 to 2, in the file itself)."""
    box = _only(inside, b"iloc")
    if box is None:
        raise _Broken
    version, at = data[box.begin], box.begin + 4

    def take(size: int) -> int:
        nonlocal at
        if size and at + size > box.end:
            raise _Broken
        at += size
        return int.from_bytes(data[at - size : at], "big")

    sizes, base_sizes = take(1), take(1)
    wide = 4 if version == 2 else 2
    count = take(wide)
    if version > 2 or count > _MOST_ITEMS:
        raise _Broken
    found: dict[int, list[tuple[int, int]]] = {}
    for _ in range(count):
        item = take(wide)
        if version and take(2) & 0xF:  # its data in idat or in another item: not what a bare picture has
            raise _Broken
        take(2)
        base = take(base_sizes >> 4)
        for _ in range(take(2)):
            if version:
                take(base_sizes & 0xF)
            start, length = base + take(sizes >> 4), take(sizes & 0xF)
            found.setdefault(item, []).append((start, start + length))
    return found


def _items_told(data: bytes, inside: list[Box], items: dict[int, list[tuple[int, int]]]) -> Iterator[Remain]:
    """Items that are no picture, and names of any."""
    box = _only(inside, b"iinf")
    if box is None:
        raise _Broken
    begin = box.begin + (6 if data[box.begin] == 0 else 8)
    for entry in _boxes(data, begin, box.end):
        version = data[entry.begin]
        wide = 4 if version == 3 else 2
        at = entry.begin + 4
        number = int.from_bytes(data[at : at + wide], "big")
        at += wide + 2
        kind, words = data[at : at + 4], data[at + 4 : entry.end]
        body = b"".join(data[start:stop] for start, stop in items.get(number, []))
        if version not in (2, 3):
            yield Remain(Kind.UNKNOWN, "infe", entry.end - entry.begin)
        elif kind == b"Exif":
            yield from of_exif(body[4:], "Exif")
        elif kind == b"mime":
            is_xmp = b"application/rdf+xml" in words
            yield from of_xmp(body, "mime") if is_xmp else [Remain(Kind.UNKNOWN, "mime", len(body))]
        elif kind not in (b"av01", b"grid") or words.replace(b"Color", b"").replace(b"Alpha", b"").strip(
            b"\0"
        ):
            yield Remain(Kind.UNKNOWN, named(kind), len(body) + len(words))


def _uncovered(boxes: list[Box], items: dict[int, list[tuple[int, int]]]) -> Iterator[Remain]:
    """Bytes of the data box that belong to no item."""
    spans = sorted(span for extents in items.values() for span in extents)
    for box in boxes:
        if box.kind != b"mdat":
            continue
        at = box.begin
        for begin, end in [*spans, (box.end, box.end)]:
            if end <= box.begin or begin > box.end:
                continue
            if begin > at:
                yield Remain(Kind.UNKNOWN, "bytes of no item", begin - at)
            at = max(at, end)
