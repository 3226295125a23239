"""Every XMP packet of a picture's file, also where few readers look.

| where | source |
| --- | --- |
| what does not fit one segment of a JPEG | XMP Specification 3 (2020), 1.1.3.1: extended XMP |
| ``Raw profile type xmp`` in a PNG, in hexadecimal digits | ImageMagick |
| ``XMP DataXMP`` in a GIF | XMP Specification 3, 1.1.2 |

A packet that has a reservation in it must not be lost for where it lies; one of more than ``MOST_BYTES`` is cut there.
"""

from __future__ import annotations

from collections.abc import Iterator

from rectoverso.verso.mark import label, png
from rectoverso.verso.picture import sniff

MOST_BYTES = 4_000_000
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_GUID_BYTES = 32
_RAW_PROFILE = b"Raw profile type xmp"
_GIF, _GIF_END = b"XMP DataXMP", b"\x01\xff\xfe\xfd"


def every_packet(data: bytes) -> list[bytes]:
    """The packets of a file. Never raises for what it holds."""
    found = label.every_packet(data, MOST_BYTES)
    match sniff(data):
        case "image/jpeg":
            found += _extended(data)
        case "image/png":
            found += _raw_profiles(data)
        case "image/gif":
            found += _of_gif(data)
    return [packet[:MOST_BYTES] for packet in found]


def _extended(data: bytes) -> list[bytes]:
    """Each is in pieces, which tell their place: after an identifier the length of the whole and the offset."""
    pieces: dict[bytes, dict[int, bytes]] = {}
    for body in label.app1_segments(data):
        if body.startswith(_EXTENSION):
            at = len(_EXTENSION) + _GUID_BYTES
            offset = int.from_bytes(body[at + 4 : at + 8], "big")
            pieces.setdefault(body[len(_EXTENSION) : at], {})[offset] = body[at + 8 :]
    return [b"".join(piece for _, piece in sorted(found.items())) for found in pieces.values()]


def _raw_profiles(data: bytes) -> Iterator[bytes]:
    for keyword, text in png.texts(data, 3 * MOST_BYTES):
        if keyword == _RAW_PROFILE:
            # A line break, the name, the length in bytes, then the digits.
            digits = b"".join(text.split()[2:])
            try:
                yield bytes.fromhex(digits.decode("ascii"))
            except ValueError:
                yield text  # one that cannot be read, and is told as that


def _of_gif(data: bytes) -> Iterator[bytes]:
    at = data.find(_GIF)
    while at >= 0:
        start = at + len(_GIF)
        end = data.find(_GIF_END, start)
        yield data[start : end if end >= 0 else len(data)]
        at = data.find(_GIF, start)
