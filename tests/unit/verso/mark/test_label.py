"""The label in the file: written and read back in three formats, and safe to read from strangers."""

from __future__ import annotations

import io
import time
import zlib
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rectoverso.errors import LabelTransparent, LabelUnsupported
from rectoverso.types import Maker, Origin
from rectoverso.verso.mark import label, png
from unit.verso.conftest import ASSET, decoded, encoded, photo

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LABEL = label.label_for(
    Origin.AI,
    Maker("runs/é & <first>", "dcgan 1"),
    ASSET,
    NOW,
    "rectoverso 0.1",
    prompt='a <"red"> fox & 一只狐狸',
)


@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_written_is_read_back_in_every_format(media_type: str, channels: int) -> None:
    data = label.write(photo(1, 40, 33, channels), label.xmp_packet(LABEL), media_type)
    assert label.read(data) == LABEL
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == label.MEDIA_TYPES[media_type]


def test_png_keeps_the_packet_as_plain_text() -> None:
    """An uncompressed iTXt chunk under the keyword that XMP names, so that any tool finds it."""
    data = label.write(photo(1), label.xmp_packet(LABEL), "image/png")
    texts = [body for kind, body in png.chunks(data) if kind == b"iTXt"]
    assert len(texts) == 1
    assert texts[0].startswith(b"XML:com.adobe.xmp\0\0\0\0\0<?xpacket")


@pytest.mark.parametrize("media_type", ["image/png", "image/webp"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_lossless_formats_keep_every_pixel_also_the_transparent(media_type: str, channels: int) -> None:
    picture = photo(2, 48, 48, channels)
    if channels == 4:
        picture[:16, :, 3] = 0
    again = decoded(label.write(picture, label.xmp_packet(LABEL), media_type))
    assert np.array_equal(again[..., :channels], picture)


@pytest.mark.parametrize(
    ("origin", "word", "ai"),
    [
        (Origin.AI, "trainedAlgorithmicMedia", True),
        (Origin.EDITED, "compositeWithTrainedAlgorithmicMedia", True),
        (Origin.CAPTURED, "digitalCapture", False),
    ],
)
def test_each_origin_has_its_word_at_iptc(origin: Origin, word: str, ai: bool) -> None:
    made = label.label_for(origin, Maker("run", "1"), ASSET, NOW, "rectoverso")
    assert made.source_type == f"http://cv.iptc.org/newscodes/digitalsourcetype/{word}"
    assert made.ai_generated is ai
    assert (made.system is not None) is ai


def test_names_that_xml_cannot_hold_are_made_plain() -> None:
    made = label.label_for(Origin.AI, Maker("a\0b\x1b[2J\n c", ""), ASSET, NOW, "rectoverso")
    assert made.system == "a b [2J c"
    assert made.version is None
    assert label.parse(label.xmp_packet(made)) == made


def test_a_prompt_is_told_as_iptc_names_it_and_only_where_one_is_given() -> None:
    packet = label.xmp_packet(LABEL).decode()
    assert '<Iptc4xmpExt:AIPromptInformation>a &lt;"red"&gt; fox &amp; 一只狐狸<' in packet
    without = label.label_for(Origin.AI, Maker("run", "1"), ASSET, NOW, "rectoverso")
    assert without.prompt is None
    assert b"Prompt" not in label.xmp_packet(without)


def test_a_jpeg_cannot_take_transparency_and_a_gif_is_not_written() -> None:
    with pytest.raises(LabelTransparent):
        label.write(photo(1, channels=4), b"", "image/jpeg")
    with pytest.raises(LabelUnsupported, match="image/gif"):
        label.write(photo(1), b"", "image/gif")


def test_attributes_and_resources_are_read_as_others_write_them() -> None:
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" e:AISystemUsed="Some model">'
        '<e:DigitalSourceType rdf:resource="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"/>'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    found = label.parse(packet.encode())
    assert found.system == "Some model"
    assert found.ai_generated is False


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
    + b"ha" * 2000
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12))
    + b"]><x>&m;</x>"
)


@pytest.mark.parametrize(
    "packet",
    [
        BOMB,
        BOMB.decode().encode("utf-16"),
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b"<a>" * 100_000,
        b"not XML",
        b"",
        b"\xff\xfe\xff",
    ],
)
def test_hostile_packets_are_not_read_and_cost_nothing(packet: bytes) -> None:
    data = png.join(
        [(b"IHDR", bytes(13)), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet), (b"IEND", b"")]
    )
    begin = time.process_time()
    assert label.read(data) is None
    assert time.process_time() - begin < 0.5


def test_a_compressed_packet_is_read_up_to_its_limit_only() -> None:
    def file(packet: bytes) -> bytes:
        body = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet)
        return png.join([(b"IHDR", bytes(13)), (b"iTXt", body), (b"IEND", b"")])

    assert label.read(file(label.xmp_packet(LABEL))) == LABEL
    assert label.read(file(b" " * 30_000_000)) is None


@given(st.binary(max_size=300), st.sampled_from([b"", png.SIGNATURE, b"\xff\xd8", b"RIFF\0\0\0\0WEBP"]))
def test_any_bytes_can_be_asked_for_their_label(data: bytes, start: bytes) -> None:
    assert label.read(start + data) is None


def test_a_file_without_a_label_has_none() -> None:
    assert label.read(encoded(photo(1))) is None
