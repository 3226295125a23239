"""A stranger's file is opened within bounds, and every trouble has its own name."""

from __future__ import annotations

import io
import os
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rectoverso.errors import (
    ImageAnimated,
    ImageDamaged,
    ImageEmpty,
    ImageNotFound,
    ImageTooLarge,
    ImageUnreadable,
    ImageUnsupported,
)
from rectoverso.verso.picture import open_picture, read_picture, sniff


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("side", [9_000, 40_000])
def test_a_bomb_is_refused_by_its_header_at_once(side: int) -> None:
    started = time.process_time()
    with pytest.raises(ImageTooLarge, match=r"bomb\.png"):
        open_picture(png_claiming(side, side), "bomb.png")
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", ImageEmpty),
        (b"hello, this is a letter", ImageUnsupported),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", ImageUnsupported),
        (saved(Image.effect_noise((64, 64), 50))[:700], ImageDamaged),
        (saved(Image.effect_noise((64, 64), 50), "JPEG")[:700], ImageDamaged),
        (png_claiming(100, 100), ImageDamaged),
    ],
    ids=["empty", "text", "postscript", "cut-png", "cut-jpeg", "png-without-pixels"],
)
def test_what_is_no_whole_picture_is_named_for_what_it_is(data: bytes, error: type[ImageUnreadable]) -> None:
    with pytest.raises(error, match=r"^file\.png"):
        open_picture(data, "file.png")


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_refused_because_its_other_frames_would_go_unchecked(kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    with pytest.raises(ImageAnimated):
        open_picture(data, "film")


@pytest.mark.parametrize(
    ("image", "kind", "channels"),
    [
        (Image.new("1", (9, 7)), "PNG", 1),
        (Image.new("L", (9, 7)), "PNG", 1),
        (Image.new("RGB", (9, 7)), "WEBP", 3),
        (Image.new("RGBA", (9, 7)), "PNG", 4),
        (Image.new("LA", (9, 7)), "PNG", 4),
        (Image.new("P", (9, 7)), "GIF", 3),
        (Image.new("CMYK", (9, 7)), "JPEG", 3),
        (Image.new("I;16", (9, 7)), "PNG", 1),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else str(value),
)
def test_every_mode_becomes_eight_bits_with_one_three_or_four_channels(
    image: Image.Image, kind: str, channels: int
) -> None:
    pixels = open_picture(saved(image, kind), "file")
    assert pixels.dtype == np.uint8
    assert pixels.shape == (7, 9, channels)


def test_sixteen_bits_keep_their_brightness() -> None:
    data = saved(Image.fromarray(np.full((4, 4), 0x80FF, np.uint16)))
    assert open_picture(data, "file").tolist() == np.full((4, 4, 1), 0x80).tolist()


def test_a_transparent_palette_keeps_its_transparency() -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    pixels = open_picture(saved(image, "PNG", transparency=0), "file")
    assert pixels.shape == (4, 4, 4)
    assert not pixels[..., 3].any()


def test_a_photograph_is_turned_upright() -> None:
    image = Image.new("RGB", (40, 20), "red")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    assert open_picture(saved(image, "JPEG", exif=exif), "file").shape == (40, 20, 3)


def test_exif_that_cannot_be_read_does_not_keep_a_picture_from_being_opened() -> None:
    data = saved(Image.new("RGB", (40, 20)), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert open_picture(data, "file").shape == (20, 40, 3)


def test_a_missing_file_says_what_the_system_says(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFound, match="No such file"):
        read_picture(tmp_path / "none.png")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImageNotFound, match="not an ordinary file"):
        read_picture(tmp_path / "pipe")


def test_a_file_is_read_once_into_bytes_and_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(saved(Image.new("RGB", (3, 2), "blue")))
    data, pixels = read_picture(path)
    assert data == path.read_bytes()
    assert pixels[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_the_media_type_comes_from_the_bytes(kind: str) -> None:
    assert sniff(saved(Image.new("RGB", (16, 16)), kind)) == f"image/{kind.lower()}"


def test_unknown_bytes_have_no_media_type_of_a_picture() -> None:
    assert sniff(b"hello") == sniff(b"") == "application/octet-stream"
