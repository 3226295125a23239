"""Step 0: a stranger's file is looked at without decoding it, and turned away calmly."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rectoverso.i18n import say
from rectoverso.verso.verify.opening import Header, Limits, NotChecked, look, read_file
from unit.verso.conftest import encoded, photo

PICTURE = photo(1, 30, 47)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (encoded(PICTURE, "PNG"), "image/png"),
        (encoded(PICTURE, "JPEG"), "image/jpeg"),
        (encoded(PICTURE, "JPEG", progressive=True, comment=b"x" * 60_000), "image/jpeg"),
        (encoded(PICTURE, "WEBP"), "image/webp"),
        (encoded(PICTURE, "WEBP", lossless=True), "image/webp"),
        (encoded(PICTURE, "WEBP", xmp=b"<x/>"), "image/webp"),
        (encoded(PICTURE, "TIFF"), "image/tiff"),
        (encoded(PICTURE, "TIFF", compression="tiff_lzw"), "image/tiff"),
        (encoded(PICTURE, "AVIF"), "image/avif"),
        (encoded(photo(2, 30, 47, 4), "AVIF"), "image/avif"),
    ],
)
def test_width_and_height_are_read_from_the_header(data: bytes, media_type: str) -> None:
    assert look(data, Limits()) == Header(media_type, 47, 30)


def reason(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(NotChecked) as caught:
        look(data, limits or Limits())
    assert say(caught.value.reason, "zh") != say(caught.value.reason)
    return say(caught.value.reason)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello, world", "not a picture of a kind that is known"),
        (b"GIF89a" + bytes(20), "kind GIF"),
        (b"II*\0" + bytes(20), "cut short or damaged"),
        (b"II*\0\x08\0\0\0\xff\xff" + bytes(20), "cut short or damaged"),
        (b"MM\0*\xff\xff\xff\xff", "cut short or damaged"),
        (b"\0\0\0\x1cftypavif" + bytes(20), "cut short or damaged"),
        (b"\0\0\0\x10ftypavif\0\0\0\0" + b"\0\0\0\x08free" * 5000, "cut short or damaged"),
        (b"\0\0\0\x10ftypavif\0\0\0\0\0\0\0\1meta" + b"\xff" * 8, "cut short or damaged"),
        (b"\0\0\0\x1cftypheic" + bytes(20), "kind HEIF"),
        (b"BM" + bytes(20), "kind BMP"),
        (b"%PDF-1.7", "kind PDF"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "kind SVG"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<svg/>', "kind SVG"),
        (b"\x89PNG\r\n\x1a\n", "cut short or damaged"),
        (b"\xff\xd8\xff\xe0", "cut short or damaged"),
        (b"RIFF\0\0\0\0WEBPVP8X", "cut short or damaged"),
        (b"RIFF\0\0\0\0WEBPXXXX" + bytes(40), "cut short or damaged"),
    ],
)
def test_what_cannot_be_checked_is_told_in_words(data: bytes, words: str) -> None:
    assert words in reason(data)


def test_a_header_that_claims_too_much_is_not_opened() -> None:
    data = bytearray(encoded(PICTURE))
    data[16:24] = struct.pack(">II", 40_000, 40_000)
    assert "40,000 x 40,000" in reason(bytes(data))
    assert "30 x 47" not in reason(encoded(PICTURE), Limits(max_pixels=100))
    data[16:24] = struct.pack(">II", 0, 5)
    assert "damaged" in reason(bytes(data))


def test_more_bytes_than_allowed_are_not_read(tmp_path: Path) -> None:
    assert "MB" in reason(encoded(PICTURE), Limits(max_bytes=100))
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(10**12)  # sparse: it takes no space
    with pytest.raises(NotChecked) as caught:
        read_file(huge, Limits())
    assert "1,000,000 MB" in say(caught.value.reason)


@pytest.mark.parametrize("name", ["missing.png", ".", "pipe", "a\0b"])
def test_what_is_no_ordinary_file_is_told_in_words(name: str, tmp_path: Path) -> None:
    """A pipe would wait forever, a folder cannot be read: neither is tried."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotChecked) as caught:
        read_file(tmp_path / name, Limits())
    assert say(caught.value.reason).endswith(".")


@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"]),
    st.binary(max_size=200),
)
def test_any_bytes_have_a_header_or_a_reason(start: bytes, rest: bytes) -> None:
    try:
        header = look(start + rest, Limits())
    except NotChecked as answer:
        told = say(answer.reason)
    else:
        told = f"{header.width} x {header.height}"
        assert 0 < header.width * header.height <= Limits().max_pixels
    assert told


@pytest.mark.parametrize(("kind", "sides"), [("TIFF", b"\x2f\0"), ("AVIF", b"\0\0\0\x2f\0\0\0\x1e")])
def test_a_container_that_claims_too_much_is_not_opened(kind: str, sides: bytes) -> None:
    data = encoded(PICTURE, kind)
    claims = data.replace(sides, b"\xff\xff" if kind == "TIFF" else b"\0\0\xff\xff" * 2)
    assert "65,535" in reason(claims, Limits(max_pixels=1_000_000))


@given(st.data())
def test_spoilt_containers_are_turned_away_or_measured(data: st.DataObject) -> None:
    original = encoded(PICTURE, data.draw(st.sampled_from(["TIFF", "AVIF"])))
    at = data.draw(st.integers(0, len(original) - 1))
    spoilt = original[:at] + data.draw(st.binary(max_size=8)) + original[at + data.draw(st.integers(0, 8)) :]
    try:
        header = look(spoilt, Limits())
    except NotChecked:
        return
    assert 0 < header.width * header.height <= Limits().max_pixels
