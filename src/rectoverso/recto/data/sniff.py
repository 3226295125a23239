"""What a file is, by its first bytes. Names lie: a JPEG called .png is fine, a text called .png is not."""

from __future__ import annotations

PICTURES = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "PPM", "WebP", "AVIF")
"""The formats that are read."""

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"8BPS", "Photoshop"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "Parquet"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"SQLite format 3", "SQLite"),
    (b"\x1aE\xdf\xa3", "Matroska/WebM"),
    (b"MZ", "Windows program"),
    (b"\x7fELF", "Linux program"),
    (b"\x93NUMPY", "NumPy"),
)
_BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"mif1": "HEIC",
    b"qt  ": "MOV",
}


def kind_of(data: bytes) -> str:
    """The name of the format, ``text``, ``HTML`` or ``SVG``; ``unknown`` when nothing tells."""
    if data[:4] == b"RIFF":
        return {b"WEBP": "WebP", b"AVI ": "AVI", b"WAVE": "WAV"}.get(data[8:12], "RIFF")
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "MP4")
    if data[:1] == b"P" and data[1:2] in b"123456Ff" and data[2:3].isspace():
        return "PPM"
    return next((name for start, name in _STARTS if data.startswith(start)), None) or _text_kind(data[:1024])


def _text_kind(head: bytes) -> str:
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not merely a character cut by the limit
            return "unknown"
        text = head[: error.start].decode("utf-8-sig")
    if not text or not all(letter.isprintable() or letter.isspace() for letter in text):
        return "unknown"
    lower = text.lstrip().lower()
    if lower.startswith(("<!doctype html", "<html")):
        return "HTML"
    return "SVG" if "<svg" in lower else "text"


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height that a WebP declares, read before its decoder sets aside memory for them.

    Source: RFC 9649, sections 2.5-2.7. (0, 0) when the header is too short.
    """
    chunk = data[12:16]
    if len(data) < 30:
        return 0, 0
    if chunk == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
