"""The order of marking: every mark is on the file, in its place, and nothing else is."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from rectoverso.errors import (
    LabelTransparent,
    MarkFailed,
    MarkLost,
    SigningFailed,
    TimeStampFailed,
    WatermarkTooSmall,
)
from rectoverso.types import AssetId, Origin
from rectoverso.verso.mark import credential, label, order, png, watermark
from rectoverso.verso.mark.credential import CredentialState
from unit.verso.conftest import ASSET, Studio, decoded, photo, stroke


@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_released_file_carries_all_three_marks(media_type: str, channels: int, studio: Studio) -> None:
    marked = studio.release(photo(1, 64, 80, channels), media_type=media_type)
    assert watermark.detect(marked.pixels).prefix == ASSET
    assert marked.pixels.shape == (64, 80, channels)
    found = label.read(marked.data)
    assert found is not None
    assert (found.asset, found.system, found.created) == (ASSET, "runs/first", "2026-11-23T12:00:00Z")
    reading = credential.read(marked.data, media_type, studio.signer.anchors)
    assert reading.state is CredentialState.TRUSTED
    assert reading.asset == ASSET


def test_the_pixels_are_those_that_anyone_decodes(studio: Studio) -> None:
    for media_type in label.MEDIA_TYPES:
        marked = studio.release(photo(2), media_type=media_type)
        assert np.array_equal(decoded(marked.data), marked.pixels)


def test_alpha_is_kept(studio: Studio) -> None:
    picture = photo(3, channels=4)
    marked = studio.release(picture)
    assert np.array_equal(marked.pixels[..., 3], picture[..., 3])
    with pytest.raises(LabelTransparent):
        studio.release(picture, media_type="image/jpeg")


@pytest.mark.parametrize("media_type", ["image/png", "image/webp", "image/tiff"])
@pytest.mark.parametrize("alpha", [255, 120, None])
def test_a_transparent_rectangle_carries_all_three_marks(
    media_type: str, alpha: int | None, studio: Studio
) -> None:
    """Opaque, evenly seen through (None: from nothing to solid, as a fading edge)."""
    picture = photo(4, 64, 96, channels=4)
    picture[..., 3] = np.linspace(0, 255, 96).round() if alpha is None else alpha
    marked = studio.release(picture, media_type=media_type)
    assert np.array_equal(marked.pixels[..., 3], picture[..., 3])
    assert watermark.detect(marked.pixels).prefix == ASSET
    found = label.read(marked.data)
    assert found is not None
    assert found.asset == ASSET
    reading = credential.read(marked.data, media_type, studio.signer.anchors)
    assert (reading.state, reading.asset) == (CredentialState.TRUSTED, ASSET)


def test_the_file_holds_the_picture_and_the_marks_and_nothing_else(studio: Studio) -> None:
    """No trace of the source's own metadata, no thumbnail, no colour profile."""
    marked = studio.release(photo(1))
    kinds = [kind for kind, _ in png.chunks(marked.data)]
    assert sorted(set(kinds)) == sorted({b"IHDR", b"caBX", b"iTXt", b"IDAT", b"IEND"})
    assert kinds.count(b"iTXt") == kinds.count(b"caBX") == 1
    with Image.open(io.BytesIO(studio.release(photo(1), media_type="image/jpeg").data)) as image:
        assert not image.getexif()
        assert "icc_profile" not in image.info


def test_black_and_white_pictures_get_through(studio: Studio) -> None:
    for seed in range(5):
        assert studio.release(stroke(seed)).pixels.shape == (32, 32, 3)


def test_each_origin_says_the_same_in_label_and_credential(studio: Studio) -> None:
    for origin in Origin:
        marked = studio.release(photo(1), origin=origin)
        reading = credential.read(marked.data, "image/png", studio.signer.anchors)
        found = label.read(marked.data)
        assert found is not None
        assert found.ai_generated == reading.ai_generated


def test_what_cannot_be_marked_does_not_come_out(studio: Studio, stranger: Studio) -> None:
    with pytest.raises(WatermarkTooSmall):
        studio.release(photo(1, 8))
    half = Studio(replace(studio.signer, key=stranger.signer.key))
    with pytest.raises(SigningFailed):
        half.release(photo(1))


def test_a_mark_that_does_not_read_back_does_not_come_out(studio: Studio, stranger: Studio) -> None:
    """Signed well, yet not by whom the root vouches for: nobody could trust it, so it does not leave."""
    unvouched = Studio(replace(studio.signer, anchors=stranger.signer.anchors))
    with pytest.raises(MarkFailed) as caught:
        unvouched.release(photo(1))
    assert isinstance(caught.value, MarkLost | SigningFailed)
    assert caught.value.facts["mark"] == "credential"
    assert caught.value.facts["reason"]


def test_reading_back_notices_another_id_another_label_and_other_pixels(studio: Studio) -> None:
    marked = studio.release(photo(1))
    wanted = label.read(marked.data)
    assert wanted is not None
    keep = {"media_type": "image/png", "signer": studio.signer}
    assert np.array_equal(order._read_back(marked.data, marked.pixels, ASSET, wanted, **keep), marked.pixels)
    stamped = replace(studio.signer, authority="http://127.0.0.1:9/")
    with pytest.raises(TimeStampFailed):
        order._read_back(marked.data, marked.pixels, ASSET, wanted, media_type="image/png", signer=stamped)
    other = marked.pixels.copy()
    other[0, 0, 0] ^= 1
    with pytest.raises(MarkLost, match="file"):
        order._read_back(marked.data, other, ASSET, wanted, **keep)
    with pytest.raises(MarkLost, match="watermark"):
        order._read_back(marked.data, marked.pixels, AssetId("ffffffffffff"), wanted, **keep)
    with pytest.raises(MarkLost, match="label"):
        order._read_back(marked.data, marked.pixels, ASSET, replace(wanted, system="x"), **keep)
