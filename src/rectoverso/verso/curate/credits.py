"""Whom a picture's file names, and under what it says it may be used: kept before the file's metadata is taken out.

| fact | XMP | EXIF |
| --- | --- | --- |
| ``owner`` | ``dc:creator`` | ``Artist`` |
| ``licence`` | ``cc:license``, ``xmpRights:WebStatement`` | |
| ``notice`` | ``dc:rights`` | ``Copyright`` |

Sources: IPTC Photo Metadata Standard 2023.1; ccREL; Exif 2.32, 4.6.5.
"""

from __future__ import annotations

import io
from xml.parsers import expat

from PIL import Image

from rectoverso.verso.curate.beside import MOST_CHARACTERS
from rectoverso.verso.curate.packets import every_packet
from rectoverso.verso.mark import xmp
from rectoverso.verso.picture import FORMATS

_DC = "http://purl.org/dc/elements/1.1/"
_RIGHTS = "http://ns.adobe.com/xap/1.0/rights/"
_CC = "http://creativecommons.org/ns#"
_XMP = {
    f"{_DC} creator": "owner",
    f"{_CC} license": "licence",
    f"{_RIGHTS} WebStatement": "licence",
    f"{_DC} rights": "notice",
}
_EXIF = {0x013B: "owner", 0x8298: "notice"}
NAMES = frozenset({*_XMP.values(), *_EXIF.values()})


def credits_in(data: bytes) -> dict[str, str]:
    """What a picture's file says, as far as it does. Never raises for what it holds."""
    told: dict[str, str] = {}
    for name, value in [*_of_xmp(data), *_of_exif(data)]:
        text = " ".join(value.replace("\0", " ").split())[:MOST_CHARACTERS]
        if text:
            told.setdefault(name, text)
    return told


def _of_xmp(data: bytes) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for packet in every_packet(data):
        try:
            found += [(_XMP[name], value) for name, value in xmp.properties(packet, _XMP)]
        except (expat.ExpatError, UnicodeError, ValueError):
            continue
    return found


def _of_exif(data: bytes) -> list[tuple[str, str]]:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            exif = image.getexif()
            return [(name, str(exif[tag])) for tag, name in _EXIF.items() if tag in exif]
    except Exception:  # noqa: BLE001 - readers throw anything on damaged files, which then say nothing
        return []
