"""What a file is, by its first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.pictures import encoded, picture
from rectoverso.recto.data.sniff import kind_of, webp_size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "PPM", "WebP", "AVIF"])
def test_each_format_is_known_by_its_own_bytes(kind):
    assert kind_of(encoded(picture(1), kind)) == kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"hello", "text"),
        ("图片".encode() * 400, "text"),
        (b"\xef\xbb\xbf  <!doctype HTML>", "HTML"),
        (b"<?xml version='1.0'?>\n<svg/>", "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x20ftypisom", "MP4"),
        (b"\0\0\0\0", "unknown"),
        (b"\xfe\xfd\xfc", "unknown"),
        (b"Peter", "text"),
    ],
)
def test_what_is_no_picture_has_a_name_too(data, kind):
    assert kind_of(data) == kind


@given(st.binary(max_size=64))
def test_any_bytes_have_a_kind(data):
    assert kind_of(data)


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"quality": 80}, {"quality": 80, "exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}]
)
def test_the_size_of_a_webp_is_read_from_each_kind_of_header(options):
    assert webp_size(encoded(picture(1).resize((123, 77)), "WEBP", **options)) == (123, 77)
    assert webp_size(b"RIFF") == (0, 0)
