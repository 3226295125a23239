"""Every byte of a file is accounted for."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

import planted
from rectoverso.errors import NotVerified
from rectoverso.verso.anonymise import bare as bare_module
from rectoverso.verso.anonymise.bare import bare, bare_type, without_unseen
from rectoverso.verso.anonymise.remains import Kind, remains
from rectoverso.verso.mark.label import SUFFIXES
from rectoverso.verso.picture import open_picture

EXPECTED = {
    "image/jpeg": set(Kind) - {Kind.TRAILER},
    "image/png": {
        *(Kind.EXIF, Kind.GPS, Kind.MAKER_NOTE, Kind.THUMBNAIL, Kind.XMP, Kind.OPT_OUT),
        *(Kind.IPTC, Kind.PROFILE, Kind.COMMENT, Kind.UNKNOWN, Kind.TRAILER),
    },
    "image/webp": {
        *(Kind.EXIF, Kind.GPS, Kind.MAKER_NOTE, Kind.THUMBNAIL, Kind.XMP, Kind.OPT_OUT),
        *(Kind.PROFILE, Kind.CREDENTIAL, Kind.TRAILER),
    },
    "image/tiff": {
        *(Kind.EXIF, Kind.GPS, Kind.MAKER_NOTE, Kind.XMP, Kind.OPT_OUT, Kind.IPTC),
        *(Kind.PROFILE, Kind.COMMENT, Kind.SECOND_PICTURE, Kind.TRAILER),
    },
    "image/avif": {
        *(Kind.EXIF, Kind.GPS, Kind.MAKER_NOTE, Kind.THUMBNAIL, Kind.XMP, Kind.OPT_OUT),
        *(Kind.PROFILE, Kind.UNKNOWN, Kind.TRAILER),
    },
}


@pytest.mark.parametrize("media_type", planted.FILES)
def test_everything_that_was_planted_is_told(media_type: str) -> None:
    found = {remain.kind for remain in remains(planted.FILES[media_type]())}
    assert EXPECTED[media_type] <= found


@pytest.mark.parametrize("media_type", planted.FILES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_bare_file_holds_its_picture_and_nothing_else(media_type: str, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (33, 47, channels), np.uint8)
    written = bare(pixels, bare_type(media_type, pixels))
    assert remains(written) == ()
    assert open_picture(written, "x").shape[:2] == (33, 47)


@pytest.mark.parametrize("media_type", planted.FILES)
def test_of_what_was_planted_no_byte_comes_along(media_type: str) -> None:
    data = planted.tiff(1) if media_type == "image/tiff" else planted.FILES[media_type]()
    assert planted.NAME in data
    written = bare(open_picture(data, "x"), media_type)
    assert planted.NAME not in written
    assert b"GPS" not in written
    assert remains(written) == ()


@pytest.mark.parametrize("media_type", planted.FILES)
@pytest.mark.parametrize("behind", [b"x", b"\0", b"\0\0\0\0", b"\xff\xd9", b"II*\0"])
def test_a_single_byte_behind_the_end_is_told(media_type: str, behind: bytes) -> None:
    written = bare(np.full((16, 16, 3), 90, np.uint8), media_type)
    if media_type == "image/tiff" and behind == b"\0":
        pytest.skip("a TIFF may end with one zero, to be of even length")
    assert remains(written + behind)


@pytest.mark.parametrize("media_type", planted.FILES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_walking_a_damaged_file_never_raises(media_type: str, data: st.DataObject) -> None:
    file = bytearray(planted.FILES[media_type]())
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(12, len(file) - 1))] = data.draw(st.integers(0, 255))
    remains(bytes(file[: data.draw(st.integers(12, len(file)))]))


@pytest.mark.parametrize("media_type", planted.FILES)
def test_a_file_that_was_cut_short_is_not_bare(media_type: str) -> None:
    written = bare(np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8), media_type)
    if media_type == "image/webp":  # the container's length no longer fits
        assert remains(written[:-3])
    assert remains(written[: len(written) // 2])


def test_what_no_walk_knows_is_told_as_a_whole() -> None:
    out = io.BytesIO()
    Image.new("L", (4, 4)).save(out, "GIF")
    assert [remain.kind for remain in remains(out.getvalue())] == [Kind.UNKNOWN]


def test_a_writer_that_leaves_something_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is judged by its bytes, not by what was asked of who wrote it."""
    written = bare_module._written
    monkeypatch.setattr(bare_module, "_written", lambda *given: written(*given) + planted.NAME)
    with pytest.raises(NotVerified, match="trailer"):
        bare(np.full((16, 16, 3), 90, np.uint8), "image/png")


@pytest.mark.parametrize("how", ["zTXt", "iTXt", "hexadecimal", "UTF-16"])
def test_a_reservation_is_told_however_it_is_written(how: str) -> None:
    out, texts = io.BytesIO(), PngImagePlugin.PngInfo()
    if how == "hexadecimal":
        digits = f"\nxmp\n{len(planted.XMP):8}\n{planted.XMP.hex()}\n"
        texts.add_text("Raw profile type xmp", digits, zip=True)
    elif how == "zTXt":
        texts.add_text("XML:com.adobe.xmp", planted.XMP.decode(), zip=True)
    else:
        texts.add_itxt("XML:com.adobe.xmp", planted.XMP.decode(), zip=how == "iTXt")
    planted.picture().save(out, "PNG", pnginfo=texts)
    data = out.getvalue()
    if how == "UTF-16":
        wide = planted.XMP.decode().encode("utf-16")
        data = planted.jpeg()[:2] + b"\xff\xe1" + (len(wide) + 31).to_bytes(2, "big")
        data += b"http://ns.adobe.com/xap/1.0/\0" + wide + b"\xff\xd9"
    assert Kind.OPT_OUT in {remain.kind for remain in remains(data)}


def test_a_place_is_told_where_exif_is_written_as_digits() -> None:
    out, texts = io.BytesIO(), PngImagePlugin.PngInfo()
    block = planted.exif()
    texts.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{block.hex()}\n", zip=True)
    planted.picture().save(out, "PNG", pnginfo=texts)
    assert {Kind.EXIF, Kind.GPS, Kind.MAKER_NOTE} <= {remain.kind for remain in remains(out.getvalue())}


def test_colours_that_nobody_sees_are_gone() -> None:
    """Under an alpha of nothing a whole picture may lie, and every program brings it out."""
    hidden = np.full((4, 4, 4), 77, np.uint8)
    hidden[:2, :, 3] = 0
    seen = without_unseen(hidden)
    assert not seen[:2].any()
    assert np.array_equal(seen[2:], hidden[2:])
    opaque = np.full((4, 4, 3), 7, np.uint8)
    assert without_unseen(opaque) is opaque


def test_only_what_a_type_can_hold_is_written_as_it() -> None:
    clear = np.zeros((4, 4, 4), np.uint8)
    assert bare_type("image/jpeg", clear) == bare_type("image/gif", clear[..., :3]) == "image/png"
    assert set(SUFFIXES) == set(planted.FILES)
