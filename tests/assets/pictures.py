"""Makes the picture files that the data tests need: good ones, and one bad one of each kind.

    python tests/assets/pictures.py FOLDER

writes them all, to look at or to try commands on. Nothing here is kept as a file in the repository.
"""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image


def picture(number: int, side: int = 40, mode: str = "RGB") -> Image.Image:
    """A smooth picture unlike those of other numbers."""
    y, x = np.mgrid[0:side, 0:side] / side
    waves = [np.sin(2 * np.pi * (x * (1 + number % 3) + y * (1 + channel)) + number) for channel in range(3)]
    return Image.fromarray((127 + 90 * np.stack(waves, axis=2)).astype(np.uint8)).convert(mode)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_bomb(width: int = 40_000, height: int = 40_000) -> bytes:
    """A whole, valid PNG of one grey (height a multiple of 400): 1.6 GB of pixels in under 2 MB."""
    size = height * (1 + width)
    # One flushed block of zeros stands for itself anywhere, so it is made once and repeated.
    deflate = zlib.compressobj(9, wbits=-15)
    block = deflate.compress(bytes(size // 400)) + deflate.flush(zlib.Z_FULL_FLUSH)
    adler = struct.pack(">HH", size % 65_521, 1)
    rows = b"\x78\xda" + block * 400 + b"\x03\0" + adler
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(*part) for part in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    )


def png_liar(width: int = 40_000, height: int = 40_000) -> bytes:
    """A small PNG whose header claims to be large."""
    honest = encoded(picture(1))
    header = struct.pack(">II", width, height) + honest[24:29]
    return honest[:8] + _chunk(b"IHDR", header) + honest[33:]


def animated(kind: str) -> bytes:
    frames = [picture(number) for number in range(3)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


def deep_rgb_png() -> bytes:
    """16 bits a channel in colour, which Pillow reads but does not write."""
    side = 16
    rows = b"".join(b"\0" + bytes(range(6)) * side for _ in range(side))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _cut(data: bytes) -> bytes:
    return data[: len(data) * 6 // 10]


BAD: dict[str, tuple[str, Callable[[], bytes]]] = {
    "empty.png": ("empty", lambda: b""),
    "cut.png": ("truncated", lambda: _cut(encoded(picture(1)))),
    "cut.jpg": ("truncated", lambda: _cut(encoded(picture(2, side=200), "JPEG"))),
    "cut.webp": ("truncated", lambda: _cut(encoded(picture(3, side=200), "WEBP"))),
    "garbled.png": ("damaged", lambda: encoded(picture(1))[:60] + b"\xa5" * 40 + encoded(picture(1))[100:]),
    "text.png": ("wrong_type", lambda: b"not a picture at all\n"),
    "page.jpg": ("wrong_type", lambda: b"<!DOCTYPE html><html><body>404</body></html>"),
    "drawing.svg": ("wrong_type", lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
    "phone.heic": ("wrong_type", lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40)),
    "noise.jpg": ("unknown_type", lambda: bytes(range(128, 256)) * 3),
    "dot.png": ("too_small", lambda: encoded(picture(1, side=1))),
    "thin.png": ("too_small", lambda: encoded(picture(1).resize((400, 7)))),
    "print.jpg": ("cmyk", lambda: encoded(picture(1, mode="CMYK"), "JPEG")),
    "print.tif": ("cmyk", lambda: encoded(picture(1, mode="CMYK"), "TIFF")),
    "deep.png": ("deep", lambda: encoded(Image.fromarray(np.full((16, 16), 40_000, np.uint16)))),
    "deep_rgb.png": ("deep", deep_rgb_png),
    "deep.tif": ("deep", lambda: encoded(Image.fromarray(np.full((16, 16), 40_000, np.uint16)), "TIFF")),
    "deep.pgm": ("deep", lambda: b"P5 16 16 65535\n" + bytes(512)),
    "deep.ppm": ("deep", lambda: b"P6 16 16 1023\n" + bytes(1536)),
    "float.tif": ("deep", lambda: encoded(picture(1, mode="F"), "TIFF")),
    "lab.tif": ("colour_space", lambda: encoded(Image.new("LAB", (16, 16)), "TIFF")),
    "moving.gif": ("animated", lambda: animated("GIF")),
    "moving.png": ("animated", lambda: animated("PNG")),
    "moving.webp": ("animated", lambda: animated("WEBP")),
    "pages.tif": ("animated", lambda: animated("TIFF")),
    "liar.png": ("bomb", png_liar),
    "liar.gif": (
        "bomb",
        lambda: b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + encoded(picture(1), "GIF")[10:],
    ),
    "liar.bmp": ("bomb", lambda: _resized_bmp(40_000)),
    "liar.webp": ("bomb", lambda: _resized_webp(16_383)),
}
"""File name: the kind of fault, and how to make it."""


def _resized_bmp(side: int) -> bytes:
    honest = encoded(picture(1), "BMP")
    return honest[:18] + struct.pack("<ii", side, side) + honest[26:]


def _resized_webp(side: int) -> bytes:
    honest = encoded(picture(1, mode="RGBA"), "WEBP", lossless=True)
    start = honest.index(b"VP8L") + 9
    bits = int.from_bytes(honest[start : start + 4], "little") & ~0xFFFFFFF | (side - 1) | (side - 1) << 14
    return honest[:start] + bits.to_bytes(4, "little") + honest[start + 4 :]


def write_good(folder: Path, classes: tuple[str, ...] = ("cat", "dog"), each: int = 3) -> dict[str, bytes]:
    """Good pictures, ``each`` a class in its sub-folder; returns their bytes by path, in order."""
    files = {}
    for place, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            files[f"{name}/{number}.png"] = encoded(picture(10 * place + number))
    for path, data in files.items():
        (folder / path).write_bytes(data)
    return files


def main(folder: Path) -> None:
    write_good(folder / "good")
    (folder / "bad").mkdir(exist_ok=True)
    for name, (_, make) in BAD.items():
        (folder / "bad" / name).write_bytes(make())
    (folder / "bad" / "bomb.png").write_bytes(png_bomb())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
