"""WebP (RFC 9649): the chunks of its RIFF container, and what comes after it."""

from __future__ import annotations

from collections.abc import Iterator

from rectoverso.verso.anonymise.remains.fields import of_exif
from rectoverso.verso.anonymise.remains.kinds import Kind, Remain, named, of_trailer, of_xmp

_PICTURE = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
_KINDS = {
    b"ICCP": Kind.PROFILE,
    b"C2PA": Kind.CREDENTIAL,
    b"ANIM": Kind.SECOND_PICTURE,
    b"ANMF": Kind.SECOND_PICTURE,
}
_ALPHA = 0x10
_EXTENDED_LENGTH = 10


def walk(data: bytes) -> Iterator[Remain]:
    """Everything but the coded picture and its alpha."""
    end = 8 + int.from_bytes(data[4:8], "little")
    at = 12
    while at + 8 <= min(end, len(data)):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + length]
        if len(body) != length:
            break
        yield from _chunk(kind, body)
        at += 8 + length + length % 2
        if length % 2 and data[at - 1 : at].strip(b"\0"):
            yield Remain(Kind.UNKNOWN, "padding", 1)
    if at != end:
        yield Remain(Kind.UNKNOWN, "no end of the picture", abs(len(data) - at))
    yield from of_trailer(data[max(at, end) :])


def _chunk(kind: bytes, body: bytes) -> Iterator[Remain]:
    place = named(kind)
    if kind == b"VP8X":
        if len(body) != _EXTENDED_LENGTH or body[0] & ~_ALPHA or any(body[1:4]):
            yield Remain(Kind.UNKNOWN, place, len(body))
    elif kind == b"EXIF":
        yield from of_exif(body, place)
    elif kind == b"XMP ":
        yield from of_xmp(body, place)
    elif kind not in _PICTURE:
        yield Remain(_KINDS.get(kind, Kind.UNKNOWN), place, len(body))
