"""PNG: chunks, what the compressed rows end with, and what comes after the end."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from rectoverso.verso.anonymise.remains.fields import of_exif
from rectoverso.verso.anonymise.remains.kinds import Kind, Remain, named, of_trailer, of_xmp
from rectoverso.verso.mark import png
from rectoverso.verso.picture import MAX_PIXELS

_PICTURE = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_KINDS = {b"iCCP": Kind.PROFILE, b"tIME": Kind.COMMENT, b"caBX": Kind.CREDENTIAL}
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_AT_ONCE = 1 << 20
_MOST = 9 * MAX_PIXELS
"""Bytes of rows: larger pictures are not opened, and 16 bits of four samples are eight a pixel."""


def walk(data: bytes) -> Iterator[Remain]:
    """Everything but the header, palette, transparency and rows."""
    at, ended, rows, header = len(png.SIGNATURE), False, [], b""
    for kind, body in png.chunks(data):
        at += 12 + len(body)
        if kind == b"IDAT":
            rows.append(body)
        elif kind == b"IHDR":
            header = header or body
        elif kind not in _PICTURE:
            yield from _chunk(kind, body)
        if kind == b"IEND":
            ended = True
            if body:
                yield Remain(Kind.UNKNOWN, "IEND", len(body))
            break
    yield from _rows(rows, header)
    if not ended:
        yield Remain(Kind.UNKNOWN, "no end of the picture", len(data) - at)
    else:
        yield from of_trailer(data[at:])


def _chunk(kind: bytes, body: bytes) -> Iterator[Remain]:
    place = named(kind)
    if kind == b"eXIf":
        yield from of_exif(body, place)
    elif kind in _TEXTS:
        yield from _text(kind, body)
    else:
        yield Remain(_KINDS.get(kind, Kind.UNKNOWN), place, len(body))


def _text(kind: bytes, body: bytes) -> Iterator[Remain]:
    """A text, compressed or not; EXIF, XMP and IPTC may be in one, in hexadecimal digits."""
    place, (keyword, _, rest) = named(kind), body.partition(b"\0")
    what = keyword.rpartition(b" ")[2].lower() if keyword.startswith(b"Raw profile type") else b""
    if keyword == b"XML:com.adobe.xmp":
        yield from of_xmp(_inflated(kind, rest), place)
    elif what == b"xmp":
        yield from of_xmp(_of_digits(_inflated(kind, rest)), place)
    elif what in (b"exif", b"app1"):
        yield from of_exif(_of_digits(_inflated(kind, rest)), place)
    else:
        yield Remain(Kind.IPTC if what else Kind.COMMENT, place, len(body))


def _inflated(kind: bytes, rest: bytes) -> bytes:
    """What follows a keyword, as far as it is compressed, up to a megabyte; itself where it cannot be."""
    if kind == b"iTXt":
        is_compressed, rest = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
    else:
        is_compressed, rest = kind == b"zTXt", rest[kind == b"zTXt" :]
    if not is_compressed:
        return rest
    try:
        return zlib.decompressobj().decompress(rest, _AT_ONCE)
    except zlib.error:
        return rest


def _of_digits(text: bytes) -> bytes:
    """The bytes of a raw profile: its name and its length on a line each, then digits (as ImageMagick writes them)."""
    try:
        return bytes.fromhex(b"".join(text.split()[2:]).decode("ascii"))
    except ValueError:
        return text


def _rows(bodies: list[bytes], header: bytes) -> Iterator[Remain]:
    """What is compressed beyond the rows of the picture, or lies behind the compressed stream."""
    if len(header) != 13:
        yield Remain(Kind.UNKNOWN, "IHDR", len(header))
        return
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    bits = header[8] * _SAMPLES.get(header[9], 0)
    length = height * (1 + (width * bits + 7) // 8)
    is_interlaced = (
        header[12] != 0
    )  # its rows are cut into seven pictures: a little longer, and never twice as long
    most = min(2 * length + 1024 if is_interlaced else length, _MOST)
    inflater, found = zlib.decompressobj(), 0
    try:
        for body in bodies:
            found += len(inflater.decompress(body, _AT_ONCE))
            while inflater.unconsumed_tail and found <= most:
                found += len(inflater.decompress(inflater.unconsumed_tail, _AT_ONCE))
    except zlib.error:
        yield Remain(Kind.UNKNOWN, "IDAT", sum(map(len, bodies)))
        return
    behind = len(inflater.unused_data)
    if behind or not inflater.eof or found > most or (found < length and not is_interlaced):
        yield Remain(Kind.UNKNOWN, "IDAT", behind or abs(found - length))
