"""What a picture's file says beside its pixels, and the same picture without it.

JPEG and PNG are written anew from the parts that make the pixels, which stay as they are, bit for bit. Whatever would
look otherwise without its metadata (turned by EXIF, in colours of its own, CMYK, more than 8 bits), cannot be taken
apart so, or is of another kind, becomes a PNG of what is seen. What is left is looked for in what was written, by the
account of every byte that `anonymise.remains` keeps.

Sources: JPEG, ITU-T T.81, B.1; Adobe Technical Note 5116 for APP14; PNG 1.2, 4.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageCms

from rectoverso.types import Pixels
from rectoverso.verso.anonymise.remains import remains
from rectoverso.verso.mark import png
from rectoverso.verso.picture import FORMATS, sniff, to_png

_JPEG, _PNG = "image/jpeg", "image/png"
_UNACCOUNTED = ("image/gif", "image/bmp", "application/octet-stream")
"""Kinds of files that no account is kept of: they are always drawn anew."""
_ORIENTATION = 0x0112
_JFIF, _ADOBE, _COMMENT, _SCAN, _END = 0xE0, 0xEE, 0xFE, 0xDA, 0xD9
_JFIF_BYTES = 12
_APPS = range(0xE0, 0xF0)
_ALONE = {0x01, *range(0xD0, 0xD8)}
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"}
_DEEP = 8
_BIT_DEPTH_AT = 24


@dataclass(frozen=True, slots=True)
class Metadata:
    """``kinds`` of what is there, in the words of `anonymise.remains`, in order. ``redraw``: whether the picture has to
    be drawn anew to be without it.
    """

    kinds: tuple[str, ...]
    redraw: bool


def examined(data: bytes) -> Metadata:
    """What a picture's file has beside its pixels. Never raises for what it holds."""
    kind = sniff(data)
    found = () if kind in _UNACCOUNTED else remains(data)
    redraw = kind not in (_JPEG, _PNG) or _looks_otherwise(data) or bool(remains(stripped(data)))
    return Metadata(tuple(sorted({remain.kind.value for remain in found})), redraw)


def stripped(data: bytes) -> bytes:
    """A JPEG or PNG with what makes its pixels, and nothing else that is known not to."""
    if sniff(data) == _PNG:
        return png.join((name, body) for name, body in png.chunks(data) if name in _PNG_KEPT)
    out = [b"\xff\xd8"]
    for marker, body in _segments(data):
        if kept := _kept(marker, body):
            out += [bytes((0xFF, marker)), (len(kept) + 2).to_bytes(2, "big"), kept]
    return b"".join(out) + data[_scan_start(data) : _jpeg_end(data)]


def clean(data: bytes, pixels: Pixels | None = None) -> tuple[bytes, str]:
    """The picture without anything beside it, and its media type; ``pixels`` are what is seen, where it has to be drawn
    anew (`examined`).

    Raises ValueError when something is left all the same.
    """
    if pixels is None and sniff(data) not in (_JPEG, _PNG):
        raise ValueError("this picture has to be drawn anew")
    written = stripped(data) if pixels is None else to_png(pixels)
    if left := remains(written):
        raise ValueError(f"left after cleaning: {', '.join(remain.place for remain in left)}")
    return written, sniff(written)


def _kept(marker: int, body: bytes) -> bytes:
    """What of a segment makes the pixels; nothing of what applications write."""
    if marker == _JFIF and body.startswith(b"JFIF\0"):
        return body[:_JFIF_BYTES] + b"\0\0"  # without its thumbnail
    return b"" if marker in _APPS or marker == _COMMENT else body


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of each segment before the first scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in (_SCAN, _END):
            return
        if marker == 0xFF or marker in _ALONE:  # fill bytes, and markers without a body
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker, data[at + 4 : at + 2 + length]
        at += 2 + max(2, length)


def _scan_start(data: bytes) -> int:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in (_SCAN, _END):
            return at
        step = 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
        at += 1 if marker == 0xFF else 2 if marker in _ALONE else step
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


def _looks_otherwise(data: bytes) -> bool:
    """Whether the picture would look otherwise without its metadata; one that cannot be opened is not known not to."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            turned = image.getexif().get(_ORIENTATION, 1) not in (0, 1)
            deep = image.mode.startswith(("I", "F")) or (
                image.format == "PNG" and data[_BIT_DEPTH_AT] > _DEEP
            )
            # Without Adobe's note everybody takes three planes for brightness and colour.
            odd = (
                image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA")
                or image.info.get("adobe_transform") == 0
            )
            return turned or deep or odd or _is_coloured(image.info.get("icc_profile"))
    except Exception:  # noqa: BLE001 - readers throw anything on damaged files
        return True


def _is_coloured(profile: bytes | None) -> bool:
    """Whether a profile means other colours than those that everybody assumes."""
    if not profile:
        return False
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return False
    return "srgb" not in name.lower()
