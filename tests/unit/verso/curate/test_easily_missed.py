"""Signals that stand where few look, or are written as few expect, are heard; and no yes is heard where none is."""

from __future__ import annotations

import io
import json
import struct
import time
from pathlib import PurePosixPath

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from rectoverso.types import Pixels
from rectoverso.verso.curate import embedded, headers, pages, robots, tdmrep
from rectoverso.verso.curate.beside import Beside, Site, decoded, said
from rectoverso.verso.curate.consent import Consent, consent_of, strictest_words
from rectoverso.verso.curate.credits import credits_in
from rectoverso.verso.curate.packets import MOST_BYTES
from rectoverso.verso.curate.shelf import MOST_BYTES as MOST_SIDECAR_BYTES
from rectoverso.verso.curate.shelf import Shelf
from rectoverso.verso.curate.signal import Says, SignalKind, Source
from rectoverso.verso.picture import to_png
from unit.verso.conftest import encoded, photo
from unit.verso.curate.crawl import XMP

HERE = Source("here", "0" * 64)
RESERVED = XMP.format(code="DMI-PROHIBITED").encode()


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    return photo(3, 48)


def says(signals: object) -> list[Says]:
    return [signal.says for signal in signals]  # type: ignore[attr-defined]


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


@pytest.mark.parametrize(
    "name", ["GPTBot/1.2", "Googlebot, GPTBot", "gptbot , CCBot", "YouBot", "FirecrawlAgent"]
)
def test_an_agent_with_a_version_or_among_others_is_meant(name: str) -> None:
    assert says(robots.signals(f"User-agent: {name}\nDisallow: /", "/a", HERE)) == [Says.RESERVED]


@pytest.mark.parametrize(
    ("pattern", "path", "is_refused"),
    [
        ("/foo-%24", "/foo-$", True),
        ("/a%2Ab", "/a*b", True),
        ("/a%2Ab", "/axb", False),
        ("/caf%E9/", "/caf%E9/x", True),
        ("/caf%E9/", "/caf%E8/x", False),
        ("/price$list", "/price$list/a", True),
    ],
)
def test_an_encoded_star_is_no_pattern_and_octets_are_compared(
    pattern: str, path: str, is_refused: bool
) -> None:
    found = says(robots.signals(f"User-agent: GPTBot\nDisallow: {pattern}", path, HERE))
    assert found == [Says.RESERVED] * is_refused
    rules = json.dumps([{"location": pattern, "tdm-reservation": 1}])
    assert says(tdmrep.signals(rules, path, HERE)) == [Says.RESERVED] * is_refused


def test_a_preference_after_a_tab_is_read() -> None:
    text = "User-agent: *\nContent-Usage: /a\ttrain-ai=n"
    assert says(robots.signals(text, "/a", HERE)) == [Says.RESERVED]


def test_licence_terms_for_machines_are_conditions() -> None:
    address = "https://a.example/license.xml"
    page = f'<link rel="license" type="application/rsl+xml" href="{address}">'
    for found in (
        robots.signals(f"License: {address}\nUser-agent: *\nAllow: /", "/a", HERE),
        headers.signals([("Link", f'<{address}>; rel="license"; type="application/rsl+xml"')], HERE),
        pages.signals(page, HERE),
    ):
        assert [(one.kind, one.says) for one in found] == [(SignalKind.RSL, Says.CONSTRAINED)]


def test_content_signals_stand_in_header_fields_too() -> None:
    (found,) = headers.signals([("Content-Signal", "search=yes, ai-train=no")], HERE)
    assert (found.kind, found.says) == (SignalKind.CONTENT_SIGNAL, Says.RESERVED)


@pytest.mark.parametrize(
    "html",
    [
        '<script>var a = "<!--";</script><meta name="robots" content="noai">',
        '<!--><meta name="robots" content="noai">',
        '<!-- a --!><meta name="robots" content="noai">',
        '\u0130\u0130<style>a</style><meta name="robots" content="noai">',
        '<meta data-text="a > b < c" name="robots" content="noai">',
        '<meta name="google-extended" content="noai">',
        '<meta property="robots" content="noai">',
        '<meta name=robots content=noai">',
    ],
)
def test_a_tag_that_a_browser_sees_is_seen(html: str) -> None:
    assert says(pages.signals(html, HERE)) == [Says.RESERVED]


@pytest.mark.parametrize(
    "piece", ['<meta "', "<meta '\"", "<meta a='", "<!--><script", '<link b="c" ', "<meta " + "a" * 5000]
)
def test_hostile_tags_take_no_time(piece: str) -> None:
    start = time.process_time()
    list(pages.signals(piece * (pages.MOST_CHARACTERS // len(piece)), HERE))
    assert time.process_time() - start < 3


@pytest.mark.parametrize("code", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_files_in_other_codes_are_read(code: str) -> None:
    mark = "\ufeff" if code == "utf-16-be" else ""
    data = f"{mark}tdm-reservation: 1".encode(code)
    assert says(headers.signals(headers.parsed(decoded(data)), HERE)) == [Says.RESERVED]
    site = Site("robots.txt", ("robots.txt", f"{mark}User-agent: GPTBot\nDisallow: /".encode(code)), "/a")
    assert says(Beside(sites=(site,)).signals()) == [Says.RESERVED]


@pytest.mark.parametrize(
    "row",
    [
        {"headers": [{"name": "TDM-Reservation", "value": "1"}]},
        {"headers": b"tdm-reservation: 1"},
        {"headers": "tdm-reservation : 1"},
        {"HEADERS": {"tdm-reservation": "1", "x": None}},
        {"html": b'<meta name="tdm-reservation" content="1">'},
        {"robots_txt": b"User-agent: *\nDisallow: /"},
        {"tdmrep": [{"location": "/", "tdm-reservation": 1}]},
    ],
)
def test_what_a_crawl_saved_in_another_way_is_heard(row: dict[str, object]) -> None:
    found = said("row", row)
    assert (says(found.signals()), found.broken) == ([Says.RESERVED], ())


@pytest.mark.parametrize("name", ["headers", "html", "robots_txt", "ai_txt", "tdmrep"])
def test_what_is_there_and_not_understood_is_broken(name: str) -> None:
    assert said("row", {name: 7}).broken == (f"row: {name}",)
    assert said("row", {name: None}).broken == ()


def test_fields_without_a_value_say_nothing() -> None:
    assert not list(said("row", {"headers": {"tdm-reservation": None}}).signals())


def test_facts_are_read_in_capital_letters_from_bytes_and_without_half_letters() -> None:
    facts = said("row", {"URL": "https://A.example/x", "LICENSE": b"CC0-1.0", "title": "a\ud800b"}).facts
    assert (facts.host, facts.licence, facts.title) == ("a.example", "CC0-1.0", "a?b")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("No.", Consent.REFUSED),
        ("denied", Consent.REFUSED),
        ("False", Consent.REFUSED),
        ("撤回", Consent.REFUSED),
        ("for research only", Consent.UNCLEAR),
        ('{"status": "withdrawn"}', Consent.UNCLEAR),
        ("", Consent.UNKNOWN),
        ("n/a", Consent.UNKNOWN),
        ("Yes", Consent.GIVEN),
    ],
)
def test_words_on_consent(words: str, expected: Consent) -> None:
    assert consent_of(words) is expected


def test_of_several_words_on_consent_the_strictest_count() -> None:
    assert strictest_words("yes", "withdrawn") == strictest_words("withdrawn", "yes") == "withdrawn"
    assert strictest_words("", "yes") == "yes"


def test_a_sidecars_refusal_is_not_hidden_by_the_table() -> None:
    files = {PurePosixPath("a.png.json"): b'{"consent": "withdrawn", "licence": "CC-BY-NC-4.0"}'}
    shelf = Shelf(lambda path, _: files.get(path))
    found = shelf.beside(PurePosixPath("a.png"), {"consent": "yes", "licence": "CC0-1.0"}, "row")
    assert found.facts.consent == "withdrawn"
    assert found.licences == ("CC0-1.0", "CC-BY-NC-4.0")


def test_what_lies_beside_and_cannot_be_read_to_its_end_is_broken() -> None:
    def read(path: PurePosixPath, most: int) -> bytes | None:
        if path.name == "a.png.json":
            raise PermissionError
        return bytes(most) if path.name in ("a.html", "robots.txt") else None

    found = Shelf(read).beside(PurePosixPath("a.png"), None, "a.png")
    assert set(found.broken) == {"a.png.json", "a.html", "robots.txt", ".well-known/robots.txt"}
    assert MOST_SIDECAR_BYTES < 10_000_000


def test_xmp_beyond_one_segment_is_read(pixels: Pixels) -> None:
    data = encoded(pixels, "JPEG")
    parts = [RESERVED[:100], RESERVED[100:]]
    offsets = (0, 100)
    extended = b"".join(
        segment(
            0xE1,
            b"http://ns.adobe.com/xmp/extension/\0"
            + b"A" * 32
            + struct.pack(">II", len(RESERVED), offset)
            + part,
        )
        for offset, part in reversed(list(zip(offsets, parts, strict=True)))
    )
    assert says(embedded.signals(data[:2] + extended + data[2:], HERE)) == [Says.RESERVED]


def test_a_byte_that_fills_does_not_hide_a_segment(pixels: Pixels) -> None:
    data = encoded(pixels, "JPEG")
    packet = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + RESERVED)
    assert says(embedded.signals(data[:2] + b"\xff" + packet + data[2:], HERE)) == [Says.RESERVED]


def test_xmp_in_hexadecimal_digits_and_in_a_gif_is_read(pixels: Pixels) -> None:
    info = PngInfo()
    info.add_text("Raw profile type xmp", f"\nxmp\n{len(RESERVED):8d}\n{RESERVED.hex()}\n", zip=True)
    assert says(embedded.signals(encoded(pixels, pnginfo=info), HERE)) == [Says.RESERVED]
    file = io.BytesIO()
    Image.fromarray(pixels).convert("P").save(file, "GIF")
    extension = b"\x21\xff\x0bXMP DataXMP" + RESERVED + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    gif = file.getvalue()[:-1] + extension + b"\x3b"
    assert says(embedded.signals(gif, HERE)) == [Says.RESERVED]


def test_a_packet_that_nobody_can_read_to_its_end_is_no_yes(pixels: Pixels) -> None:
    long = XMP.format(code="DMI-PROHIBITED").replace("<rdf:RDF", f"<!--{'x' * (MOST_BYTES + 9)}--><rdf:RDF")
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", long, zip=True)
    assert says(embedded.signals(encoded(pixels, pnginfo=info), HERE)) == [Says.UNCLEAR]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<rdf:Bag><rdf:li>DMI-ALLOWED</rdf:li><rdf:li>DMI-PROHIBITED</rdf:li></rdf:Bag>", [Says.RESERVED]),
        ("DMI-ALLOWED2", [Says.UNCLEAR]),
        ('<rdf:Description rdf:value="DMI-PROHIBITED"/>', [Says.UNCLEAR]),
        ("", [Says.UNCLEAR]),
        ("DMI-UNSPECIFIED", []),
    ],
)
def test_data_mining_in_other_forms(value: str, expected: list[Says]) -> None:
    packet = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"><plus:DataMining>'
        f"{value}</plus:DataMining></rdf:Description></rdf:RDF>"
    )
    assert says(embedded.packet_signals(packet.encode(), HERE)) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("1", Says.RESERVED), ("0", Says.ALLOWED), ("x", Says.UNCLEAR)]
)
def test_a_tdm_reservation_in_xmp(value: str, expected: Says) -> None:
    packet = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        f'xmlns:tdm="http://www.w3.org/ns/tdmrep/" tdm:reservation="{value}"/></rdf:RDF>'
    )
    (found,) = embedded.packet_signals(packet.encode(), HERE)
    assert (found.kind, found.says) == (SignalKind.TDMREP_XMP, expected)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"cawg.ai_training": {"use": "allowed"}}, None),
        ({"cawg.data_mining": {"use": "allowed"}, "cawg.ai_training": {"use": "allowed"}}, None),
        ({"com.example.ai_generative_training": {"use": "allowed"}}, None),
        ({"com.example.ai_generative_training": {"use": "notAllowed"}}, Says.RESERVED),
        ({"c2pa.ai_generative_training": {"use": "allowed"}}, Says.ALLOWED),
        ({"cawg.data_mining": {"use": "constrained", "constraints_info": "CC-BY-4.0"}}, Says.CONSTRAINED),
        ({"cawg.data_mining": {"use": "constrained", "constraint_info": " "}}, Says.RESERVED),
    ],
)
def test_what_is_allowed_to_others_is_not_allowed_to_generators(
    entries: dict[str, object], expected: Says | None
) -> None:
    assert embedded._use({"entries": entries}) is expected


def test_credits_are_read_wherever_signals_are(pixels: Pixels) -> None:
    packet = RESERVED.replace(
        b"/></rdf:RDF>",
        b' xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="Ben"/></rdf:RDF>',
    )
    info = PngInfo()
    info.add_text("Raw profile type xmp", f"\nxmp\n{len(packet):8d}\n{packet.hex()}\n")
    assert credits_in(encoded(pixels, pnginfo=info)) == {"owner": "Ben"}
    assert credits_in(to_png(pixels)) == {}
