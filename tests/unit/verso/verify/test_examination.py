"""What a stranger's file says beside its picture is read in the bounded process, and believed in its form alone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rectoverso.verso.curate import examination
from rectoverso.verso.curate.signal import Says, SignalKind, Source
from rectoverso.verso.verify import frames
from rectoverso.verso.verify.belief import believed
from rectoverso.verso.verify.bounded import BoundedVerifier, shared
from rectoverso.verso.verify.bounds import Job
from unit.verso.conftest import encoded, photo
from unit.verso.curate.crawl import XMP, with_assertion, with_xmp

FILE, BESIDE = Source("a.png", "0" * 64), Source("a.xmp", "1" * 64)


@pytest.fixture(scope="module")
def verifier() -> BoundedVerifier:
    return shared()


def signed() -> bytes:
    return with_assertion(
        "cawg.training-mining", {"cawg.data_mining": {"use": "notAllowed"}}, photo(3, 64, 48)
    )


def photographed(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x013B], exif[0x0112] = "Anna", 6
    return encoded(photo(1, 64, 48), kind, exif=exif.tobytes())


def test_it_says_what_is_said_in_this_process(verifier: BoundedVerifier) -> None:
    packets = (XMP.format(code="DMI-PROHIBITED").encode(), b"<broken DataMining")
    files = [signed(), with_xmp("DMI-ALLOWED", photo(2, 48)), b"no picture", signed()[:-200]]
    for data in [*files, *map(photographed, ("JPEG", "WEBP", "TIFF", "AVIF"))]:
        found = verifier.examine(data, packets, name="a.png")
        said, pixels = examination.examined(data, packets)
        here = examination.believed(json.loads(json.dumps(said)), pixels, 3)
        assert (found.problem, found.signals, found.credits) == (here.problem, here.signals, here.credits)
        assert (found.kinds, found.redraw) == (here.kinds, here.redraw)
        assert (found.pixels is None) == (here.pixels is None)
        if found.pixels is not None and here.pixels is not None:
            assert np.array_equal(found.pixels, here.pixels)
    (of_manifest,) = verifier.examine(signed(), name="a.png").said(FILE)
    assert (of_manifest.kind, of_manifest.says, of_manifest.source) == (SignalKind.CAWG, Says.RESERVED, FILE)
    beside = verifier.examine(b"no picture", packets, name="").said(FILE, BESIDE, BESIDE)
    assert [(one.says, one.source) for one in beside] == [(Says.RESERVED, BESIDE), (Says.UNCLEAR, BESIDE)]


GOOD: dict[str, Any] = {
    "problem": "image_damaged",
    "signals": [[["cawg", "reserved", "words"]]],
    "credits": {"owner": "Anna"},
    "kinds": ["exif"],
    "redraw": True,
}


@pytest.mark.parametrize(
    "lie",
    [
        {"problem": "perhaps"},
        {"problem": None},
        {"signals": []},
        {"signals": [[["fax", "reserved", ""]]]},
        {"signals": [[["cawg", "perhaps", ""]]]},
        {"signals": [[["cawg", "reserved", "again"]] * (examination.MOST_SIGNALS + 2)]},
        {"credits": {"anything": "at all"}},
        {"kinds": ["<script>"]},
        {"signals": 3},
    ],
)
def test_what_nobody_says_is_not_believed(lie: dict[str, object]) -> None:
    job = Job(asks="examination")
    assert believed({"examination": GOOD, "picture": None}, job, bytes)
    with pytest.raises(frames.PipeEnded):
        believed({"examination": GOOD | lie, "picture": None}, job, bytes)


def test_a_picture_of_another_size_than_told_is_not_believed() -> None:
    said = {"examination": GOOD | {"problem": None}, "picture": [2, 2, 3]}
    assert believed(said, Job(asks="examination"), lambda: bytes(12))
    for shape, raw in (([2, 2, 3], bytes(11)), ([2, 2, 2], bytes(8)), ([10**6, 10**6, 3], b"")):
        with pytest.raises(frames.PipeEnded):
            believed(said | {"picture": shape}, Job(asks="examination"), lambda raw=raw: raw)


def test_more_words_than_anybody_has_are_told_as_unclear() -> None:
    many = XMP.format(code="DMI-ALLOWED").replace(
        "/></rdf:RDF>",
        ">"
        + "".join(f"<plus:DataMining>DMI-X{at}</plus:DataMining>" for at in range(500))
        + "</rdf:Description></rdf:RDF>",
    )
    said, _ = examination.examined(b"", (many.encode(),))
    assert len(said["signals"][1]) == examination.MOST_SIGNALS + 1
    assert said["signals"][1][-1][1] == "unclear"
