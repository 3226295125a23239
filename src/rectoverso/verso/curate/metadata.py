"""What a picture's file says beside its pixels, and the same picture without it.

JPEG and PNG are written anew from the parts that make the pixels, which stay as they are, bit for bit. Whatever would
look otherwise without its metadata (turned by EXIF, in colours of its own profile, CMYK, more than 8 bits), and every
other kind of file, becomes a PNG of what is seen. Whether anything is left is looked for in what was written, not
concluded.

Sources: JPEG, ITU-T T.81, B.1; Exif 2.32, 4.5; PNG 1.2, 4; ISO 15444 and C2PA 2.2, A.3 for what follows the picture.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageCms

from rectoverso.types import Pixels
from rectoverso.verso.mark import png
from rectoverso.verso.picture import FORMATS, sniff, to_png

_ORIENTATION, _EXIF_IFD, _GPS_IFD, _MAKER_NOTE = 0x0112, 0x8769, 0x8825, 0x927C
_THUMBNAIL = 1
_JFIF, _ADOBE, _COMMENT, _SCAN, _END = 0xE0, 0xEE, 0xFE, 0xDA, 0xD9
_ADOBE_BYTES = 12
_APPS = range(0xE0, 0xF0)
_ALONE = {0x01, *range(0xD0, 0xD8)}
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sRGB", b"gAMA", b"cHRM", b"sBIT"}
_APP_KINDS = {
    b"Exif\0": "exif",
    b"http://ns.adobe.com/x": "xmp",
    b"ICC_PROFILE\0": "profile",
    b"Photoshop 3.0\0": "iptc",
    b"MPF\0": "more_pictures",
    b"JP": "manifest",
}
_PNG_KINDS = {b"eXIf": "exif", b"iCCP": "profile", b"caBX": "manifest", b"tIME": "time"}


@dataclass(frozen=True, slots=True)
class Metadata:
    """``kinds`` of what is there, in order: exif, gps, maker_note, thumbnail, xmp, iptc, profile, comment, manifest,
    more_pictures, trailer, time, other. ``redraw``: whether the picture would look otherwise without it.
    """

    kinds: tuple[str, ...]
    redraw: bool


def examined(data: bytes) -> Metadata:
    """What a picture's file has beside its pixels. Never raises for what it holds."""
    kind = sniff(data)
    if kind == "image/jpeg":
        kinds = {found for marker, body in _segments(data) if (found := _of_segment(marker, body))}
        kinds |= {"trailer"} if _jpeg_end(data) < len(data) else set()
    elif kind == "image/png":
        kinds = {_of_chunk(name, body) for name, body in png.chunks(data) if name not in _PNG_KEPT}
        kinds |= {"trailer"} if png.join(png.chunks(data)) != data else set()
    else:
        kinds = set()
    more, redraw = _as_opened(data)
    return Metadata(tuple(sorted(kinds | more)), redraw or kind not in ("image/jpeg", "image/png"))


def stripped(data: bytes) -> bytes:
    """A JPEG or PNG whose pixels need no other drawing, with what makes them and nothing else."""
    if sniff(data) == "image/png":
        return png.join((name, body) for name, body in png.chunks(data) if name in _PNG_KEPT)
    out = [b"\xff\xd8"]
    for marker, body in _segments(data):
        if kept := _kept(marker, body):
            out += [bytes((0xFF, marker)), (len(kept) + 2).to_bytes(2, "big"), kept]
    return b"".join(out) + data[_scan_start(data) : _jpeg_end(data)]


def _kept(marker: int, body: bytes) -> bytes:
    """What of a segment makes the pixels; nothing of most that applications write."""
    if marker == _JFIF and body.startswith(b"JFIF\0"):
        return body[:12] + b"\0\0"  # without its thumbnail
    if marker == _ADOBE and body.startswith(b"Adobe"):
        return body[:_ADOBE_BYTES]  # which colours are meant
    return b"" if marker in _APPS or marker == _COMMENT else body


def clean(data: bytes, pixels: Pixels | None = None) -> tuple[bytes, str]:
    """The picture without anything beside it, and its media type; ``pixels`` are what is seen, where it is redrawn.

    Raises ValueError when something is left all the same, or ``pixels`` are missing.
    """
    if examined(data).redraw:
        if pixels is None:
            raise ValueError("this picture has to be drawn anew")
        written = to_png(pixels)
    else:
        written = stripped(data)
    if left := examined(written).kinds:
        raise ValueError(f"left after cleaning: {', '.join(left)}")
    return written, sniff(written)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of each segment before the first scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _ALONE:  # fill bytes, and markers without a body
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (_SCAN, _END):
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker, data[at + 4 : at + 2 + length]
        at += 2 + max(2, length)


def _scan_start(data: bytes) -> int:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in (_SCAN, _END):
            return at
        at += (
            1
            if marker == 0xFF
            else 2
            if marker in _ALONE
            else 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
        )
    return len(data)


def _jpeg_end(data: bytes) -> int:
    """Where the picture ends: after the end marker that follows its last scan. Progressive ones have several scans."""
    at = _scan_start(data)
    while 0 <= at + 1 < len(data):
        marker = data[at + 1]
        if marker == _END:
            return at + 2
        if marker not in _ALONE and marker not in (0x00, 0xFF):
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
        else:
            at += 1 if marker == 0xFF else 2
        at = data.find(b"\xff", at)
        if at < 0:
            break
    return len(data)


def _of_segment(marker: int, body: bytes) -> str | None:
    if marker == _COMMENT:
        return "comment"
    is_adobes = marker == _ADOBE and body.startswith(b"Adobe")
    if marker not in _APPS or (is_adobes and len(body) <= _ADOBE_BYTES):
        return None
    if marker == _JFIF and body.startswith(b"JFIF\0"):
        return "thumbnail" if body[12:14] not in (b"", b"\0\0") else None
    return next((kind for start, kind in _APP_KINDS.items() if body.startswith(start)), "other")


def _of_chunk(name: bytes, body: bytes) -> str:
    if name in (b"tEXt", b"zTXt", b"iTXt"):
        return (
            "xmp"
            if body.startswith(b"XML:com.adobe.xmp\0")
            else "exif"
            if b"exif" in body[:40]
            else "comment"
        )
    return _PNG_KINDS.get(name, "other")


def _as_opened(data: bytes) -> tuple[set[str], bool]:
    """What only a reader of the whole format knows, and whether the picture would look otherwise without it."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            exif = image.getexif()
            kinds = _of_exif(exif) | _of_info(image.info)
            turned = exif.get(_ORIENTATION, 1) not in (0, 1)
            deep = image.mode.startswith(("I", "F")) or (image.format == "PNG" and data[24] > 8)
            odd = image.mode in ("CMYK", "YCCK", "LAB")
            return kinds, turned or deep or odd or _is_coloured(image.info.get("icc_profile"))
    except Exception:  # noqa: BLE001 - readers throw anything on damaged files; these are redrawn or dropped
        return set(), True


def _of_exif(exif: Any) -> set[str]:
    if not len(exif):
        return set()
    kinds = {"exif"}
    if exif.get_ifd(_GPS_IFD):
        kinds.add("gps")
    if _MAKER_NOTE in exif.get_ifd(_EXIF_IFD):
        kinds.add("maker_note")
    if exif.get_ifd(_THUMBNAIL):
        kinds.add("thumbnail")
    return kinds


def _of_info(info: dict[Any, Any]) -> set[str]:
    names = {
        "exif": "exif",
        "xmp": "xmp",
        "comment": "comment",
        "icc_profile": "profile",
        "photoshop": "iptc",
    }
    return {kind for name, kind in names.items() if info.get(name)}


def _is_coloured(profile: bytes | None) -> bool:
    """Whether a profile means other colours than those that everybody assumes."""
    if not profile:
        return False
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return False
    return "srgb" not in name.lower()
