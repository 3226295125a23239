"""Step 0: look at a stranger's file without trusting it.

Only the standard library is used, and nothing is decoded: size, kind and the width and height in the header are
enough to turn away what would cost too much. Everything heavier is imported after this.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from rectoverso.types import Message

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"

_OTHERS = {
    "gif": "GIF",
    "avif": "AVIF",
    "heif": "HEIF",
    "tiff": "TIFF",
    "svg": "SVG",
    "bmp": "BMP",
    "pdf": "PDF",
}
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers that begin a frame and hold its size (JPEG, table B.1)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: bytes on disk, and pixels once decoded."""

    max_bytes: int = 100_000_000
    max_pixels: int = 64_000_000


@dataclass(frozen=True, slots=True)
class Header:
    """What a file claims to be."""

    media_type: str
    width: int
    height: int


class NotChecked(Exception):
    """The file cannot be checked; ``reason`` says why, for people."""

    def __init__(self, name: str, **facts: object) -> None:
        super().__init__(name)
        self.reason = Message(f"verify.reason.{name}", facts)


def read_file(path: Path, limits: Limits) -> bytes:
    """The bytes of an ordinary file within the limits. Raises NotChecked."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise NotChecked("not_a_file")
        if found.st_size > limits.max_bytes:
            raise _too_many_bytes(found.st_size, limits)
        with path.open("rb") as file:
            # One byte more than allowed: a file may grow between the look and the reading.
            data = file.read(limits.max_bytes + 1)
    except FileNotFoundError as error:
        raise NotChecked("missing") from error
    except PermissionError as error:
        raise NotChecked("not_permitted") from error
    except (OSError, ValueError) as error:
        system = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise NotChecked("system", system=system) from error
    return data


def look(data: bytes, limits: Limits) -> Header:
    """What the file claims to be, within the limits and of a kind that is checked. Raises NotChecked."""
    if not data:
        raise NotChecked("empty")
    if len(data) > limits.max_bytes:
        raise _too_many_bytes(len(data), limits)
    header = _header(data)
    if header is None:
        other = _other_kind(data)
        raise NotChecked("other_kind", kind=other) if other else NotChecked("not_a_picture")
    if header.width < 1 or header.height < 1:
        raise NotChecked("damaged")
    if header.width * header.height > limits.max_pixels:
        size = {"width": f"{header.width:,}", "height": f"{header.height:,}"}
        raise NotChecked("too_many_pixels", limit=limits.max_pixels // 1_000_000, **size)
    return header


def _too_many_bytes(count: int, limits: Limits) -> NotChecked:
    return NotChecked("too_many_bytes", size=f"{count / 1e6:,.0f}", limit=f"{limits.max_bytes / 1e6:,.0f}")


def _header(data: bytes) -> Header | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        if data[12:16] != b"IHDR" or len(data) < 33:
            raise NotChecked("damaged")
        return Header(PNG, int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def _jpeg(data: bytes) -> Header:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in _JPEG_SIZES:
            height, width = (
                int.from_bytes(data[at + 5 : at + 7], "big"),
                int.from_bytes(data[at + 7 : at + 9], "big"),
            )
            return Header(JPEG, width, height)
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    raise NotChecked("damaged")


def _webp(data: bytes) -> Header:
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise NotChecked("damaged")
    if kind == b"VP8X":
        return Header(WEBP, 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
    if kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return Header(WEBP, 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")
        return Header(WEBP, width & 0x3FFF, height & 0x3FFF)
    raise NotChecked("damaged")


def _other_kind(data: bytes) -> str | None:
    """The name of a picture format that is known but not checked."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    signs = {
        "gif": data.startswith((b"GIF87a", b"GIF89a")),
        "tiff": data.startswith((b"II*\0", b"MM\0*")),
        "avif": brand in (b"avif", b"avis"),
        "heif": brand in (b"heic", b"heix", b"mif1", b"msf1"),
        "bmp": data.startswith(b"BM"),
        "pdf": data.startswith(b"%PDF-"),
        "svg": start.startswith(b"<svg")
        or (start.startswith((b"<?xml", b"<!doctype svg")) and b"<svg" in data[:4096]),
    }
    return next((_OTHERS[kind] for kind, is_it in signs.items() if is_it), None)
