"""Whatever a file has beside its picture is named and taken out, and the picture stays."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from rectoverso.types import Pixels
from rectoverso.verso.curate.credits import credits_in
from rectoverso.verso.curate.metadata import clean, examined, stripped
from rectoverso.verso.mark import png
from rectoverso.verso.picture import open_picture, to_png
from unit.verso.conftest import decoded, encoded, photo
from unit.verso.curate.crawl import XMP, with_assertion, with_xmp


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    return photo(1, 64, 48)


def with_exif(pixels: Pixels, kind: str = "JPEG", **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x013B] = "SECRET"
    exif.get_ifd(0x8825)[1] = "N"
    return encoded(pixels, kind, exif=exif.tobytes(), **options)


def test_whom_a_file_names_is_read_before_it_is_gone(pixels: Pixels) -> None:
    exif = Image.Exif()
    exif[0x013B], exif[0x8298] = "Anna Muster", "(c) 2026\0 A. Muster"
    data = encoded(pixels, "JPEG", exif=exif.tobytes())
    assert credits_in(data) == {"owner": "Anna Muster", "notice": "(c) 2026 A. Muster"}
    packet = XMP.format(code="DMI-ALLOWED").replace(
        "/></rdf:RDF>",
        ' xmlns:cc="http://creativecommons.org/ns#"><cc:license rdf:resource="https://creativecommons.org/licenses/by/4.0/"/>'
        '<dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Seq><rdf:li>Ben</rdf:li></rdf:Seq></dc:creator>'
        "</rdf:Description></rdf:RDF>",
    )
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet)
    told = credits_in(encoded(pixels, pnginfo=info))
    assert told == {"licence": "https://creativecommons.org/licenses/by/4.0/", "owner": "Ben"}
    assert credits_in(b"no picture") == credits_in(to_png(pixels)) == {}


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpegs_coefficients_stay_as_they_are(pixels: Pixels, progressive: bool) -> None:
    data = with_exif(pixels, progressive=progressive, quality=88)
    written, media_type = clean(data)
    assert media_type == "image/jpeg"
    assert b"SECRET" not in written
    assert np.array_equal(decoded(written), decoded(data))
    assert written == stripped(written)


def test_what_follows_the_picture_is_cut_off(pixels: Pixels) -> None:
    data = encoded(pixels, "JPEG", quality=88)
    assert examined(data + b"more").kinds == ("trailer",)
    assert clean(data + b"more")[0] == data
    assert clean(data + data)[0] == data  # a second picture behind the first
    flat = to_png(pixels)
    assert clean(flat + b"more")[0] == flat


def test_a_thumbnail_inside_jfif_is_taken_out(pixels: Pixels) -> None:
    data = encoded(pixels, "JPEG", quality=88)
    thumbnail = bytes((2, 2)) + b"SECRETSECRET"
    assert data[2:4] == b"\xff\xe0"
    crafted = (
        data[:2]
        + b"\xff\xe0"
        + struct.pack(">H", 2 + 12 + len(thumbnail))
        + data[6:18]
        + thumbnail
        + data[20:]
    )
    assert examined(crafted).kinds
    written, _ = clean(crafted)
    assert b"SECRET" not in written
    assert np.array_equal(decoded(written), decoded(data))


@pytest.mark.parametrize(("transform", "redraw"), [(1, False), (0, True)])
def test_the_note_on_colours_goes_unless_it_changes_them(
    pixels: Pixels, transform: int, redraw: bool
) -> None:
    data = encoded(pixels, "JPEG", quality=88)
    note = b"Adobe" + bytes((0, 100, 0, 0, 0, 0, transform)) + b"SECRET"
    noted = data[:2] + b"\xff\xee" + struct.pack(">H", 2 + len(note)) + note + data[2:]
    assert examined(noted).redraw is redraw
    written, _ = clean(noted, open_picture(noted, "") if redraw else None)
    assert b"SECRET" not in written
    assert np.array_equal(open_picture(written, ""), open_picture(noted, ""))


def test_what_cannot_be_taken_apart_is_drawn_anew(pixels: Pixels) -> None:
    data = encoded(pixels, "JPEG", quality=88)
    odd = data[:-2] + b"\xff\xfe\x00\x08SECRET" + data[-2:]  # a comment after the scan
    assert examined(odd).redraw
    written, media_type = clean(odd, open_picture(odd, ""))
    assert media_type == "image/png"
    assert np.array_equal(decoded(written), open_picture(odd, ""))


def test_a_png_keeps_its_pixels_and_nothing_else(pixels: Pixels) -> None:
    for data in (with_xmp("DMI-ALLOWED", pixels), with_exif(pixels, "PNG"), encoded(pixels, dpi=(300, 300))):
        assert examined(data).kinds
        written, _ = clean(data)
        assert {name for name, _ in png.chunks(written)} == {b"IHDR", b"IDAT", b"IEND"}
        assert np.array_equal(decoded(written), pixels)


def test_a_signed_manifest_is_taken_out(pixels: Pixels) -> None:
    data = with_assertion("cawg.training-mining", {"cawg.ai_training": {"use": "allowed"}}, pixels)
    assert "credential" in examined(data).kinds
    assert b"jumb" not in clean(data)[0]


@pytest.mark.parametrize("kind", ["WEBP", "TIFF", "AVIF", "BMP"])
def test_other_formats_are_drawn_anew(pixels: Pixels, kind: str) -> None:
    data = encoded(pixels, kind) if kind == "BMP" else with_exif(pixels, kind)
    assert examined(data).redraw
    with pytest.raises(ValueError, match="anew"):
        clean(data)
    seen = open_picture(data, "")
    written, media_type = clean(data, seen)
    assert media_type == "image/png"
    assert examined(written).kinds == ()
    assert np.array_equal(decoded(written), seen)


def test_what_would_look_otherwise_is_drawn_anew(pixels: Pixels) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    cmyk = io.BytesIO()
    Image.fromarray(pixels).convert("CMYK").save(cmyk, "JPEG")
    deep = io.BytesIO()
    Image.fromarray(pixels[..., 0].astype(np.uint16) << 8).save(deep, "PNG")
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for data in (
        encoded(pixels, "JPEG", exif=turned.tobytes()),
        cmyk.getvalue(),
        deep.getvalue(),
        encoded(pixels, icc_profile=lab),
    ):
        assert examined(data).redraw
    assert not examined(encoded(pixels, "JPEG", icc_profile=srgb)).redraw
    assert examined(encoded(pixels, "JPEG", icc_profile=srgb)).kinds == ("profile",)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe1\x00\x01",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF" + bytes(8),
    ],
)
def test_nothing_hostile_raises(data: bytes) -> None:
    examined(data)
    examined(data * 40)


def test_a_cut_jpeg_ends_the_search(pixels: Pixels) -> None:
    data = encoded(pixels, "JPEG")
    for length in range(0, len(data), 37):
        assert len(stripped(data[:length])) <= length + 2
