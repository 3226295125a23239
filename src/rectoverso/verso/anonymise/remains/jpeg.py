"""JPEG (ITU-T T.81, annex B): segments, the coded scans, and what comes after the end."""

from __future__ import annotations

from collections.abc import Iterator

from rectoverso.verso.anonymise.remains.fields import of_exif
from rectoverso.verso.anonymise.remains.kinds import Kind, Remain, of_trailer, of_xmp

_EOI, _SOS, _COM = 0xD9, 0xDA, 0xFE
_CODING = {0xC0, 0xC1, 0xC2, 0xC4, 0xDB, 0xDD}
"""Frames that Pillow writes and reads, Huffman and quantisation tables, the restart interval."""
_WITHIN = {0x00, *range(0xD0, 0xD8)}
"""What may follow 0xFF within a scan: a stuffed zero, or a restart."""
_JFIF_LENGTH = 14
_XMP, _XMP_MORE = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_BEGINNINGS = (
    (0xE2, b"ICC_PROFILE\0", Kind.PROFILE),
    (0xE2, b"MPF\0", Kind.SECOND_PICTURE),
    (0xEB, b"JP", Kind.CREDENTIAL),
    (0xED, b"Photoshop 3.0\0", Kind.IPTC),
    (0xE0, b"JFXX\0", Kind.THUMBNAIL),
)


def walk(data: bytes) -> Iterator[Remain]:
    """Everything but the coded picture and a plain JFIF header."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _EOI:
            break
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if length < 2 or len(body) != length - 2:
            break
        yield from _segment(marker, body)
        at += 2 + length
        if marker == _SOS:
            at = _end_of_scan(data, at)
    if data[at : at + 2] == bytes((0xFF, _EOI)):
        yield from of_trailer(data[at + 2 :])
    else:
        yield Remain(Kind.UNKNOWN, "no end of the picture", len(data) - at)


def _segment(marker: int, body: bytes) -> Iterator[Remain]:
    if marker in _CODING or marker == _SOS:
        return
    place = (
        "COM" if marker == _COM else f"APP{marker - 0xE0}" if 0xE0 <= marker <= 0xEF else f"0x{marker:02X}"
    )
    if marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) == _JFIF_LENGTH and not any(body[-2:]):
        return
    if marker == 0xE1 and body.startswith(b"Exif\0"):
        yield from of_exif(body, place)
    elif marker == 0xE1 and body.startswith((_XMP, _XMP_MORE)):
        yield from of_xmp(body, place)
    else:
        kinds = (kind for one, start, kind in _BEGINNINGS if marker == one and body.startswith(start))
        yield Remain(next(kinds, Kind.COMMENT if marker == _COM else Kind.UNKNOWN), place, len(body))


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the next marker is that does not belong to the scan."""
    while (at := data.find(b"\xff", at)) >= 0:
        if at + 1 >= len(data):
            return at
        if data[at + 1] not in _WITHIN:
            return at
        at += 2
    return len(data)
