"""Step 0: look at a stranger's file without trusting it.

Only the standard library is used, and nothing is decoded: size, kind and the width and height in the header are
enough to turn away what would cost too much. Everything heavier is imported after this.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rectoverso.types import Message
from rectoverso.verso.mark import tiff

PNG, JPEG, WEBP, TIFF, AVIF = "image/png", "image/jpeg", "image/webp", "image/tiff", "image/avif"

_OTHERS = {
    "gif": "GIF",
    "heif": "HEIF",
    "svg": "SVG",
    "bmp": "BMP",
    "pdf": "PDF",
}
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers that begin a frame and hold its size (JPEG, table B.1)."""
_MOST_SEGMENTS = 10_000
"""Before the frame; the largest metadata takes one for every 64 KB."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: bytes on disk, and pixels once decoded.

    A picture of 8192 x 8192 passes, and its four channels without any compression too.
    """

    max_bytes: int = 300_000_000
    max_pixels: int = 8192 * 8192


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
    if data.startswith(tiff.STARTS):
        return _tiff(data)
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return _avif(data)
    return None


def _jpeg(data: bytes) -> Header:
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if at + 9 > len(data) or data[at] != 0xFF:
            break
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


def _tiff(data: bytes) -> Header:
    sides = {entry.tag: entry.number for entry in tiff.entries(data)}
    if tiff.WIDTH not in sides or tiff.HEIGHT not in sides:
        raise NotChecked("damaged")
    return Header(TIFF, sides[tiff.WIDTH], sides[tiff.HEIGHT])


_AVIF_PATH = (b"meta", b"iprp", b"ipco")
"""The boxes around the properties of the pictures in an AVIF file (ISO 23008-12, 9.3)."""
_MOST_BOXES = 1000


def _avif(data: bytes) -> Header:
    """The size of the largest picture in the file, whichever is shown (``ispe``: ISO 23008-12, 6.5.3)."""
    at, end = 0, len(data)
    for kind in _AVIF_PATH:
        within = next(((start, last) for name, start, last in _boxes(data, at, end) if name == kind), None)
        if within is None:
            raise NotChecked("damaged")
        at, end = within[0] + (4 if kind == b"meta" else 0), within[1]
    sides = [
        (
            int.from_bytes(data[start + 4 : start + 8], "big"),
            int.from_bytes(data[start + 8 : start + 12], "big"),
        )
        for name, start, last in _boxes(data, at, end)
        if name == b"ispe" and last - start >= 12
    ]
    if not sides:
        raise NotChecked("damaged")
    return Header(AVIF, *max(sides, key=lambda pair: pair[0] * pair[1]))


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The type of each box and where its contents lie, until one does not fit (ISO 14496-12, 4.2)."""
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        size = size or end - at
        if size < head or at + size > end:
            return
        yield data[at + 4 : at + 8], at + head, at + size
        at += size


def _other_kind(data: bytes) -> str | None:
    """The name of a picture format that is known but not checked."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    signs = {
        "gif": data.startswith((b"GIF87a", b"GIF89a")),
        "heif": brand in (b"heic", b"heix", b"mif1", b"msf1"),
        "bmp": data.startswith(b"BM"),
        "pdf": data.startswith(b"%PDF-"),
        "svg": start.startswith(b"<svg")
        or (start.startswith((b"<?xml", b"<!doctype svg")) and b"<svg" in data[:4096]),
    }
    return next((_OTHERS[kind] for kind, is_it in signs.items() if is_it), None)
