"""Every way of saying no is understood, and nothing is taken for a yes that is none."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from rectoverso.types import Pixels
from rectoverso.verso.curate import embedded, headers, pages, preference, robots, tdmrep
from rectoverso.verso.curate.beside import Facts, said
from rectoverso.verso.curate.iscc import Declarations, image_bits, unit_of
from rectoverso.verso.curate.signal import Says, Signal, SignalKind, Source, strictest
from rectoverso.verso.picture import to_png
from unit.verso.conftest import photo
from unit.verso.curate.crawl import iscc_unit, with_assertion, with_xmp

HERE = Source("here", "0" * 64)


def only(signals: object) -> tuple[SignalKind, Says]:
    (signal,) = signals  # type: ignore[misc]
    assert isinstance(signal, Signal)
    return signal.kind, signal.says


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("tdm-reservation: 1", (SignalKind.TDMREP_HEADER, Says.RESERVED)),
        ("TDM-Reservation: 0", (SignalKind.TDMREP_HEADER, Says.ALLOWED)),
        ("tdm-reservation: yes", (SignalKind.TDMREP_HEADER, Says.UNCLEAR)),
        ("Content-Usage: train-ai=n", (SignalKind.AIPREF_HEADER, Says.RESERVED)),
        ("content-usage: train-ai=y, search=n", (SignalKind.AIPREF_HEADER, Says.ALLOWED)),
        ("content-usage: train-ai=perhaps", (SignalKind.AIPREF_HEADER, Says.UNCLEAR)),
        ("content-usage: train-ai=n;v=2", (SignalKind.AIPREF_HEADER, Says.RESERVED)),
        ("X-Robots-Tag: NoAI", (SignalKind.NOAI_HEADER, Says.RESERVED)),
        ("X-Robots-Tag: otherbot: noindex, noimageai", (SignalKind.NOAI_HEADER, Says.RESERVED)),
        ("X-Robots-Tag: noindex,\n  noai", (SignalKind.NOAI_HEADER, Says.RESERVED)),
    ],
)
def test_header_fields(lines: str, expected: tuple[SignalKind, Says]) -> None:
    answer = f"HTTP/1.1 200 OK\r\nDate: today\r\n{lines}\r\nContent-Type: image/png\r\n\r\n"
    assert only(headers.signals(headers.parsed(answer), HERE)) == expected


@pytest.mark.parametrize(
    "lines", ["content-usage: search=n", "x-robots-tag: noindex, nofollow", "x-noai: 1", ""]
)
def test_fields_that_say_nothing_of_training(lines: str) -> None:
    assert not list(headers.signals(headers.parsed(lines), HERE))


def test_a_reservation_before_a_redirect_still_counts() -> None:
    answers = "HTTP/1.1 302 Found\ntdm-reservation: 1\n\nHTTP/1.1 200 OK\nContent-Usage: train-ai=y\n"
    found = [signal.says for signal in headers.signals(headers.parsed(answers), HERE)]
    assert strictest(found) is Says.RESERVED


def test_the_policy_is_kept_with_the_reservation() -> None:
    (signal,) = headers.signals([("tdm-reservation", "1"), ("tdm-policy", "https://a.example/p")], HERE)
    assert "https://a.example/p" in signal.raw


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ('<meta name="tdm-reservation" content="1">', (SignalKind.TDMREP_META, Says.RESERVED)),
        ("<META content=0 NAME='TDM-Reservation'>", (SignalKind.TDMREP_META, Says.ALLOWED)),
        ('<meta name="robots" content="noimageai"/>', (SignalKind.NOAI_META, Says.RESERVED)),
        ('<meta name="SomeBot" content="all, noml">', (SignalKind.NOAI_META, Says.RESERVED)),
    ],
)
def test_meta_tags(meta: str, expected: tuple[SignalKind, Says]) -> None:
    assert only(pages.signals(f"<html><head>{meta}</head></html>", HERE)) == expected


@pytest.mark.parametrize(
    "html",
    [
        '<!-- <meta name="robots" content="noai"> -->',
        '<script>document.write(\'<meta name="robots" content="noai">\')</script>',
        '<meta name="description" content="noai">',
        '<meta content="noai">',
        '<meta name="robots" content="noairplanes">',
    ],
)
def test_meta_tags_that_are_none(html: str) -> None:
    assert not list(pages.signals(html, HERE))


def test_a_tag_after_a_comment_counts_and_entities_are_read() -> None:
    html = '<!-- x --><META NAME=robots CONTENT="index,&#32;no&#97;i">'
    assert only(pages.signals(html, HERE)) == (SignalKind.NOAI_META, Says.RESERVED)


@pytest.mark.parametrize("piece", ["<!", "<!--", "<meta ", "<meta name=", "<a b='", "<script"])
def test_a_hostile_page_takes_no_time(piece: str) -> None:
    start = time.process_time()
    list(pages.signals(piece * (pages.MOST_CHARACTERS // len(piece)), HERE))
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("User-agent: GPTBot\nDisallow: /", "/a.jpg", Says.RESERVED),
        ("user-agent: gptbot\nuser-agent: other\nDISALLOW: /a", "/a.jpg", Says.RESERVED),
        ("User-agent: GPTBot\nDisallow: /\nAllow: /open/", "/open/a.jpg", None),
        ("User-agent: GPTBot\nDisallow: /a.jpg\nAllow: /a.jpg", "/a.jpg", None),
        ("User-agent: GPTBot\nDisallow: /*.jpg$", "/b/a.jpg", Says.RESERVED),
        ("User-agent: GPTBot\nDisallow: /*.jpg$", "/b/a.jpg?x", None),
        ("User-agent: GPTBot\nDisallow:", "/a.jpg", None),
        ("User-agent: *\nDisallow: /", "/a.jpg", Says.RESERVED),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Googlebot\nAllow: /", "/a.jpg", Says.RESERVED),
        ("User-agent: Googlebot\nDisallow: /", "/a.jpg", None),
        ("User-agent: GPTBot\nDisallow: /p%C3%A9/", "/pé/a.jpg", Says.RESERVED),
        (
            "\N{ZERO WIDTH NO-BREAK SPACE}User-agent: CCBot # Common Crawl\nDisallow: / # all",
            "/a",
            Says.RESERVED,
        ),
    ],
)
def test_robots_for_ai(text: str, path: str, expected: Says | None) -> None:
    found = [signal.says for signal in robots.signals(text, path, HERE)]
    assert found == ([expected] if expected else [])


DRAFT = """User-Agent: *
Allow: /
Disallow: /never/
Content-Usage: train-ai=n
Content-Usage: /ai-ok/ train-ai=y

User-Agent: ExampleBot
Allow: /
Content-Usage: train-ai=y
"""


@pytest.mark.parametrize(("path", "expected"), [("/test", Says.RESERVED), ("/ai-ok/test", Says.ALLOWED)])
def test_preferences_in_robots_as_the_draft_has_them(path: str, expected: Says) -> None:
    assert only(robots.signals(DRAFT, path, HERE)) == (SignalKind.AIPREF_ROBOTS, expected)


def test_preferences_of_equal_paths_and_of_an_ai_agent_count_by_the_strictest() -> None:
    equal = "User-agent: *\nContent-Usage: /a train-ai=y\nContent-Usage: /a train-ai=n"
    assert only(robots.signals(equal, "/a", HERE)) == (SignalKind.AIPREF_ROBOTS, Says.RESERVED)
    agent = "User-agent: *\nContent-Usage: train-ai=y\n\nUser-agent: GPTBot\nContent-Usage: train-ai=n"
    assert only(robots.signals(agent, "/a", HERE)) == (SignalKind.AIPREF_ROBOTS, Says.RESERVED)


def test_a_preference_without_any_agent_is_for_all() -> None:
    assert only(robots.signals("Content-Signal: ai-train=no", "/a", HERE)) == (
        SignalKind.CONTENT_SIGNAL,
        Says.RESERVED,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("User-Agent: *\nDisallow: *.jpg\nAllow: *.png", Says.RESERVED),
        ("User-Agent: *\nDisallow: *.png\nAllow: *.jpg", Says.ALLOWED),
        ("User-Agent: *\nDisallow: .JPG", Says.RESERVED),
        ("User-Agent: *\nDisallow: /\nAllow: /img/", Says.ALLOWED),
        ("User-Agent: *\nDisallow: *.txt", None),
    ],
)
def test_ai_txt(text: str, expected: Says | None) -> None:
    found = [signal.says for signal in robots.ai_txt_signals(text, "/img/a.jpg", HERE)]
    assert found == ([expected] if expected else [])


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    text = "User-agent: GPTBot\nDisallow: /" + "*a" * 5000 + "b"
    start = time.process_time()
    assert not list(robots.signals(text, "/" + "a" * 20_000, HERE))
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ([{"location": "/", "tdm-reservation": 1}], "/a.jpg", Says.RESERVED),
        (
            [{"location": "/open/", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}],
            "/open/a",
            Says.ALLOWED,
        ),
        ([{"location": "/*.jpg", "tdm-reservation": "1"}], "/b/a.jpg", Says.RESERVED),
        ([{"location": "/b/", "tdm-reservation": 1}], "/a.jpg", None),
        ([{"location": "/", "tdm-reservation": 2}], "/a.jpg", Says.UNCLEAR),
        ({"location": "/"}, "/a.jpg", Says.UNCLEAR),
    ],
)
def test_tdmrep_files(rules: object, path: str, expected: Says | None) -> None:
    found = [signal.says for signal in tdmrep.signals(json.dumps(rules), path, HERE)]
    assert found == ([expected] if expected else [])


def test_a_broken_tdmrep_file_is_no_yes() -> None:
    assert only(tdmrep.signals("[{", "/", HERE)) == (SignalKind.TDMREP_FILE, Says.UNCLEAR)


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    return photo(3, 96)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("DMI-PROHIBITED", Says.RESERVED),
        ("DMI-PROHIBITED-AIMLTRAINING", Says.RESERVED),
        ("DMI-PROHIBITED-GENAIMLTRAINING", Says.RESERVED),
        ("DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING", Says.RESERVED),
        ("DMI-PROHIBITED-SEECONSTRAINT", Says.CONSTRAINED),
        ("DMI-ALLOWED", Says.ALLOWED),
        ("DMI-SOMETHING-NEW", Says.UNCLEAR),
        ("DMI-UNSPECIFIED", None),
    ],
)
def test_plus_data_mining(code: str, expected: Says | None, pixels: Pixels) -> None:
    found = [signal.says for signal in embedded.signals(with_xmp(code, pixels), HERE)]
    assert found == ([expected] if expected else [])


def test_xmp_that_cannot_be_read_is_no_yes() -> None:
    packet = b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>DataMining</a>"
    assert only(embedded.packet_signals(packet, HERE)) == (SignalKind.PLUS_XMP, Says.UNCLEAR)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"ai_generative_training": {"use": "notAllowed"}}, Says.RESERVED),
        ({"ai_training": {"use": "allowed"}, "data_mining": {"use": "notAllowed"}}, Says.RESERVED),
        ({"ai_training": {"use": "constrained"}}, Says.RESERVED),
        ({"ai_training": {"use": "constrained", "constraint_info": "ask me"}}, Says.CONSTRAINED),
        ({"ai_generative_training": {"use": "allowed"}}, Says.ALLOWED),
        ({"ai_inference": {"use": "notAllowed"}}, None),
        ({"ai_training": {"use": "maybe"}}, Says.UNCLEAR),
    ],
)
def test_the_words_of_c2pa_and_cawg(entries: dict[str, object], expected: Says | None) -> None:
    named = {f"cawg.{name}": value for name, value in entries.items()}
    assert embedded._use({"entries": named}) is expected


@pytest.mark.parametrize("prefix", ["cawg", "c2pa"])
def test_assertions_in_signed_files_are_read(prefix: str, pixels: Pixels) -> None:
    data = with_assertion(
        f"{prefix}.training-mining", {f"{prefix}.ai_training": {"use": "notAllowed"}}, pixels
    )
    assert only(embedded.signals(data, HERE)) == (SignalKind(prefix), Says.RESERVED)


def test_what_a_broken_signature_allows_it_does_not_and_what_it_reserves_stands(pixels: Pixels) -> None:
    for use, expected in (("allowed", Says.UNCLEAR), ("notAllowed", Says.RESERVED)):
        data = bytearray(
            with_assertion("cawg.training-mining", {"cawg.ai_generative_training": {"use": use}}, pixels)
        )
        at = data.rindex(b"IDAT") + 10
        data[at] ^= 1
        assert only(embedded.signals(bytes(data), HERE)) == (SignalKind.CAWG, expected)


def test_a_manifest_that_cannot_be_read_is_no_yes(pixels: Pixels) -> None:
    data = with_assertion("cawg.training-mining", {"cawg.ai_training": {"use": "allowed"}}, pixels)
    at = data.index(b"jumdc2pa")
    broken = data[: at + 40] + bytes(60) + data[at + 100 :]
    assert only(embedded.signals(broken, HERE)) == (SignalKind.CAWG, Says.UNCLEAR)


def test_a_picture_that_says_nothing(pixels: Pixels) -> None:
    assert not list(embedded.signals(to_png(pixels), HERE))


@pytest.mark.parametrize(
    "code",
    [
        "ISCC:EEA34SKMB4D3NJ4J",
        "ISCC:KECT67CM7US7QP56XZEUYDYHW2TYTSBY4U2T4JSZSVJLOEWNL223VEY",
    ],
)
def test_the_image_unit_is_that_of_the_reference(code: str) -> None:
    """As iscc-core 1.5.0 gives them, of the picture alone, and in a whole code with metadata, data and instance."""
    assert unit_of(code) == image_bits(photo(0, 120, 90))


def test_codes_without_an_image_unit_have_none() -> None:
    assert {unit_of(code) for code in ("", "ISCC:", "ISCC:GAAQ", "no code!", "ISCC:KACT")} == {None}


def test_iscc_records_are_found_by_what_the_picture_looks_like(pixels: Pixels) -> None:
    bits = image_bits(pixels)
    text = json.dumps(
        [{"iscc": iscc_unit(bits), "train": "reserved"}, {"iscc": "ISCC:KACT", "train": "reserved"}]
    )
    declared = Declarations.read(text, HERE)
    assert only(declared.signals(image_bits(np.ascontiguousarray(pixels[::2, ::2]))))[0] is SignalKind.ISCC
    assert only(declared.signals(bits)) == (SignalKind.ISCC, Says.RESERVED)
    near = bytes([bits[0] ^ 0b11, *bits[1:]])
    assert only(declared.signals(near)) == (SignalKind.ISCC, Says.CONSTRAINED)
    assert not list(declared.signals(image_bits(photo(8, 96))))


def test_records_that_cannot_be_compared_are_counted_and_broken_ones_are_mistakes() -> None:
    records = (
        {"iscc": "ISCC:MAACAJINXFXA2SQX", "train": "reserved"},
        {"iscc": "ISCC:EEA34SKMB4D3NJ4J", "search": "open"},
    )
    text = "\n".join(map(json.dumps, records))
    declared = Declarations.read(text, HERE)
    assert (len(declared), declared.left_out) == (0, 2)
    assert not list(declared.signals(bytes(8)))
    for broken in ("{", "[1]", '{"iscc": "x"}\nnot json'):
        with pytest.raises(ValueError, match=r"Expect|object"):
            Declarations.read(broken, HERE)


def test_an_iscc_record_that_allows_speaks_of_no_other_picture(pixels: Pixels) -> None:
    bits = image_bits(pixels)
    declared = Declarations.read(json.dumps({"iscc": iscc_unit(bits), "tdm_reservation": False}), HERE)
    assert only(declared.signals(bits)) == (SignalKind.ISCC, Says.ALLOWED)
    assert not list(declared.signals(bytes([bits[0] ^ 1, *bits[1:]])))


def test_sidecars_say_the_same_however_their_headers_were_saved() -> None:
    for saved in (
        {"TDM-Reservation": "1"},
        [["tdm-reservation", 1]],
        "tdm-reservation: 1",
        '{"tdm-reservation": ["1"]}',
    ):
        found = list(said("a.json", {"url": "https://a.example/x.png", "headers": saved}).signals())
        assert [signal.says for signal in found] == [Says.RESERVED], saved


@pytest.mark.parametrize("headers", ['{"tdm-reservation": "1"', "[" * 100_000, "[[1]]]"])
def test_headers_that_cannot_be_read_are_not_taken_for_none(headers: str) -> None:
    found = said("a.json", {"headers": headers, "html": "half a letter: \ud800"})
    assert found.broken == ("a.json: headers",)
    assert not list(found.signals())


def test_a_sidecar_cannot_smuggle_a_line_into_the_headers() -> None:
    found = list(
        said("a.json", {"headers": {"x": "a\ntdm-reservation: 0", "tdm-reservation": "1"}}).signals()
    )
    assert [signal.says for signal in found] == [Says.RESERVED]


def test_facts_are_found_under_their_other_names_and_odd_addresses_are_none() -> None:
    facts = Facts.of({"license": "CC0-1.0", "artist": "Anna", "url": "http://[broken", "consent": True})
    assert (facts.licence, facts.owner, facts.consent) == ("CC0-1.0", "Anna", "yes")
    assert (facts.host, facts.path) == ("", "/")


def test_preferences_read_the_drafts_before() -> None:
    assert preference.says("genai=n") is preference.says("bots=y, train-ai=n") is Says.RESERVED
    assert preference.says("search=n") is None
