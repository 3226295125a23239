"""A credential that a file lost, asked for at a service that was named: whom, for what, and what is believed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from rectoverso.errors import ResolverUnusable
from rectoverso.i18n import explain, say
from rectoverso.types import Report, ReportOutcome
from rectoverso.verso.mark import binding, signature, watermark
from rectoverso.verso.picture import to_png
from rectoverso.workflow import lost_credential as module
from rectoverso.workflow.ledgers import revoke
from rectoverso.workflow.lost_credential import Elsewhere
from rectoverso.workflow.named_host import NamedHost, Unanswered
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.verify import export_recovered, plain, reports
from serving import answering, reply, running
from unit.verso.conftest import decoded, encoded, photo


class Place:
    """A home, and what was released there: two pictures of 288 pixels and one of 48, if nothing else is wanted."""

    def __init__(self, folder: Path, sides: tuple[int, ...] = (288, 288, 48)) -> None:
        self.folder, self.home = folder, folder / "home"
        drafts = [folder / f"{number}.png" for number in range(len(sides))]
        for number, (draft, side) in enumerate(zip(drafts, sides, strict=True)):
            draft.write_bytes(to_png(photo(160 + number, side)))
        passages = seal_files(drafts, folder / "out", self.home).passages
        self.files = [passage.path.read_bytes() for passage in passages if passage.path]
        self.assets = [passage.asset.id for passage in passages]
        self.url = ""

    def stripped(self, number: int, name: str = "stripped.jpg") -> Path:
        """Without any metadata, saved as JPEG."""
        return self.kept(encoded(decoded(self.files[number]), "JPEG", quality=80), name)

    def kept(self, data: bytes, name: str) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def store(self, number: int) -> bytes:
        return signature.store_of(self.files[number]) or b""

    def name(self, number: int) -> str:
        return signature.manifest_id(self.store(number)) or ""

    def told(self, file: Path, url: str | None = None, *, trusted: bool = False) -> Report:
        """The report of somebody without a home."""
        trust = [self.home / "keys" / "ca.pem"] if trusted else []
        asked = Elsewhere(self.url if url is None else url)
        (report,) = reports([file], self.folder / "elsewhere", trust, (), asked)
        assert not (self.folder / "elsewhere").exists()
        return report


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("place"))
    with running(place.home) as port:
        place.url = f"http://127.0.0.1:{port}"
        yield place


def rows(report: Report) -> set[str]:
    for row in report.evidence:
        assert say(row)
        assert say(row, "zh")
    return {row.key.removeprefix("verify.resolver.") for row in report.evidence if ".resolver." in row.key}


# What is found


def test_by_the_watermark_the_credential_of_the_original_is_found(place: Place, tmp_path: Path) -> None:
    service = Elsewhere(place.url)
    trust = [place.home / "keys" / "ca.pem"]
    (report,) = reports([place.stripped(0)], tmp_path / "none", trust, (), service)
    assert report.outcome is ReportOutcome.WATERMARK_ONLY  # of this file nothing follows
    assert report.signer is None
    found = report.recovered
    assert found is not None
    assert (found.asset, found.by, found.state, found.ai_generated) == (
        place.assets[0],
        "watermark",
        "trusted",
        True,
    )
    assert (found.service, found.manifest_id) == (place.url, place.name(0))
    assert found.distance is not None
    assert found.p_value == report.watermark.p_value
    assert rows(report) == {"asked_by_watermark", "found_by_watermark", "trusted"}
    assert plain(report, "en")["inquiry"] == {
        "service": place.url,
        "by": (binding.WATERMARK,),
        "answer": "found",
    }
    written = export_recovered(report, tmp_path / "none", tmp_path / "manifests", service)
    assert written is not None
    assert written.read_bytes() == place.store(0)


def test_without_its_root_the_signer_of_the_original_is_unlisted(place: Place) -> None:
    report = place.told(place.stripped(0))
    assert report.recovered is not None
    assert report.recovered.state == "valid"
    assert "valid" in rows(report)


@pytest.mark.parametrize("turn", [lambda p: p, np.fliplr, np.rot90])
def test_by_the_fingerprint_it_is_found_however_the_picture_lies(turn: object, place: Place) -> None:
    unmarked = np.ascontiguousarray(turn(photo(161, 288)))  # type: ignore[operator]
    report = place.told(place.kept(encoded(unmarked, "JPEG", quality=70), "unmarked.jpg"), trusted=True)
    found = report.recovered
    assert found is not None
    assert (found.asset, found.by, found.p_value, found.state) == (
        place.assets[1],
        "fingerprint",
        None,
        "trusted",
    )
    assert 0 <= (found.distance or 0) <= 31
    assert report.outcome is ReportOutcome.NOTHING_FOUND
    assert rows(report) == {"asked_by_fingerprint", "found_by_fingerprint", "trusted"}


def test_a_small_picture_with_a_shortened_id_is_found(place: Place) -> None:
    report = place.told(place.stripped(2))
    assert len(report.watermark.digits) == 8
    assert report.recovered is not None
    assert (report.recovered.asset, report.recovered.by) == (place.assets[2], "watermark")


def test_a_picture_that_looks_otherwise_than_the_original_is_told_so(place: Place) -> None:
    forged = watermark.embed(photo(199, 288), place.assets[0])
    report = place.told(place.kept(encoded(forged), "otherwise.png"))
    assert report.recovered is not None
    assert (report.recovered.asset, report.recovered.distance) == (place.assets[0], None)
    assert rows(report) == {"asked_by_both", "found_by_watermark", "valid", "far"}
    assert report.outcome is ReportOutcome.WATERMARK_ONLY


def test_a_copied_watermark_leads_to_the_picture_itself(place: Place) -> None:
    forged = watermark.embed(photo(161, 288), place.assets[0])
    report = place.told(place.kept(encoded(forged), "forged.png"))
    assert report.recovered is not None
    assert report.recovered.asset == place.assets[1]
    assert rows(report) == {"asked_by_both", "found_by_fingerprint", "valid", "copied"}


# What is not


def test_where_nothing_was_lost_or_nobody_named_nobody_is_asked(place: Place, tmp_path: Path) -> None:
    with answering(lambda handler: reply(handler, b"{}")) as host:
        whole = place.told(place.kept(place.files[0], "whole.png"), host.url)
        changed = place.told(place.kept(place.files[0] + b"x", "changed.png"), host.url)
        nothing = place.told(place.kept(b"", "empty.png"), host.url)
        plain_one = place.told(place.kept(encoded(np.full((64, 64, 3), 90, np.uint8)), "plain.png"), host.url)
        (at_home,) = reports([place.stripped(0)], place.home, [], (), Elsewhere(host.url))
        (unasked,) = reports([place.stripped(0)], tmp_path / "none", [])
    assert host.asked == []
    for report in (whole, changed, nothing, plain_one, at_home, unasked):
        assert report.inquiry is None
        assert rows(report) == set()
    assert at_home.recovered is not None
    assert at_home.recovered.service is None


def test_of_a_picture_that_the_service_does_not_know_it_says_so(place: Place) -> None:
    report = place.told(place.kept(encoded(photo(199, 288)), "strange.png"))
    assert (report.recovered, report.outcome) == (None, ReportOutcome.NOTHING_FOUND)
    assert rows(report) == {"asked_by_fingerprint", "none"}


def test_a_revoked_release_is_not_found(tmp_path: Path) -> None:
    place = Place(tmp_path, (48,))
    revoke(place.home, place.assets[0], "a mistake")
    with running(place.home) as port:
        report = place.told(place.stripped(0), f"http://127.0.0.1:{port}/v1")
    assert report.recovered is None
    assert report.inquiry is not None
    assert report.inquiry.answer == "none"


def test_what_is_sent_is_a_value_and_nothing_of_the_picture(place: Place) -> None:
    with answering(lambda handler: reply(handler, b'{"matches": []}')) as host:
        place.told(place.stripped(1, "secret name.jpg"), f"{host.url}/v1")
    asked = [urlsplit(path) for _, path, _, _ in host.asked]
    assert {(method, body) for method, _, _, body in host.asked} == {("GET", b"")}
    assert {one.path for one in asked} == {"/v1/matches/byBinding"}
    sent = [parse_qs(one.query) for one in asked]
    assert {tuple(one) for one in sent} == {("alg", "value")}
    assert binding.queried(sent[0]["value"][0], sent[0]["alg"][0]) == place.assets[1]
    assert 2 <= len(sent) <= 9
    allowed = {"host", "accept", "accept-encoding", "user-agent"}
    assert all(set(headers) <= allowed for _, _, headers, _ in host.asked)


# Who is asked


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org",
        "file:///etc/passwd",
        "http://example.org/v1",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "https://",
        "https://a:b@example.org",
        "https://example.org/v1?x=1",
        "https://example.org/#x",
        "https://example.org:0",
        "https://example.org:99999",
        "https://example.org/\r\nX: y",
        "https://[::1",
    ],
)
def test_an_address_that_must_not_be_asked_is_refused(url: str) -> None:
    with pytest.raises(ResolverUnusable) as caught:
        NamedHost(url)
    assert explain(caught.value)
    assert explain(caught.value, "zh")


@pytest.mark.parametrize(
    "url", ["https://example.org/", "http://localhost:8040", "http://[::1]:8040/v1", "http://127.0.0.9"]
)
def test_https_and_this_machine_can_be_named(url: str) -> None:
    assert NamedHost(url).url == url.rstrip("/")


@pytest.mark.parametrize("path", ["", "/v1"])
def test_no_redirection_is_followed_and_no_proxy_used(
    path: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(lambda handler: reply(handler, b"{}")) as other:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, other.url)
        away = f"{other.url}/v1/matches/byBinding"
        with answering(lambda handler: reply(handler, b"", 302, Location=away)) as host:
            report = place.told(place.stripped(2), host.url + path)
    assert len(host.asked) == 1
    assert other.asked == []
    assert _problem(report) == "redirect"


def test_an_api_said_to_be_on_another_host_is_not_asked(place: Place) -> None:
    with answering(lambda handler: reply(handler, b"{}")) as other:
        told = json.dumps({"apiEndpoint": f"{other.url}/v1"}).encode()
        with answering(lambda handler: reply(handler, told)) as host:
            report = place.told(place.stripped(2), host.url)
    assert other.asked == []
    assert _problem(report) == "redirect"
    assert report.inquiry is not None
    assert report.inquiry.by == ()  # no value was sent


# Services that do not answer as they should


def _problem(report: Report) -> str:
    assert report.recovered is None
    assert report.inquiry is not None
    assert report.inquiry.answer == "failed"
    assert report.outcome is ReportOutcome.WATERMARK_ONLY
    assert "failed" in rows(report)
    (row,) = [row for row in report.evidence if row.key == "verify.resolver.failed"]
    return str(row.facts["problem"].key).rsplit(".", 1)[-1]


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        return


def _dripping(handler: BaseHTTPRequestHandler) -> None:
    """A header that never ends, a byte at a time: no single wait is long."""
    try:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
        for _ in range(200):
            handler.wfile.write(b"x")
            time.sleep(0.05)
    except OSError:
        return


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda handler: reply(handler, b"no JSON"), "form"),
        (lambda handler: reply(handler, b"[" * 90_000), "form"),
        (lambda handler: reply(handler, b"[]"), "form"),
        (lambda handler: reply(handler, b'{"matches": {"manifestId": "x"}}'), "form"),
        (lambda handler: reply(handler, b"{}", 500), "status"),
        (lambda handler: reply(handler, b"{}", 429), "status"),
        (lambda handler: handler.wfile.write(b"\0\1\2 no HTTP\r\n\r\n"), "system"),
        (_endless, "large"),
        (_dripping, "time"),
    ],
)
def test_a_service_that_misbehaves_is_told_and_changes_nothing(
    answer: object, problem: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS", 1.0 if problem == "time" else 20.0)
    with answering(answer) as host:  # type: ignore[arg-type]
        begun = time.monotonic()
        report = place.told(place.stripped(2), f"{host.url}/v1")
    assert _problem(report) == problem
    assert time.monotonic() - begun < 15


def test_nobody_there_is_told(place: Place) -> None:
    with answering(lambda handler: reply(handler, b"")) as host:
        pass
    assert _problem(place.told(place.stripped(2), host.url)) == "system"


def _serving(manifest: bytes, *names: str) -> answering:
    """A service to which every value leads to these manifests, all of them these bytes."""
    matches = json.dumps(
        {"matches": [{"manifestId": name, "similarityScore": 100} for name in names]}
    ).encode()
    return answering(lambda handler: reply(handler, matches if "/matches/" in handler.path else manifest))


def _altered(store: bytes) -> bytes:
    at = store.index(b"trainedAlgorithmicMedia")
    return store[:at] + b"X" + store[at + 1 :]


@pytest.mark.parametrize(
    "manifest",
    [
        lambda place: place.store(1),
        lambda place: _altered(place.store(2)),
        lambda place: place.store(2)[:900],
        lambda _place: b"",
        lambda _place: b"\0" * 5000,
    ],
    ids=["another picture's", "altered", "cut short", "empty", "zeros"],
)
def test_a_manifest_that_is_not_this_pictures_or_does_not_hold_is_left_aside(
    manifest: object, place: Place
) -> None:
    data = manifest(place)  # type: ignore[operator]
    with _serving(data, place.name(1) if data == place.store(1) else place.name(2)) as host:
        report = place.told(place.stripped(2), f"{host.url}/v1", trusted=True)
    assert report.recovered is None
    assert report.inquiry is not None
    assert report.inquiry.answer == "other"
    assert {"other"} <= rows(report)
    assert sum("/manifests/" in path for _, path, _, _ in host.asked) <= 3


def test_an_endless_list_of_matches_costs_three_questions(place: Place) -> None:
    names = [f"urn:c2pa:00000000-0000-4000-8000-{number:012x}" for number in range(1000)]
    with _serving(b"", *names) as host:
        place.told(place.stripped(2), f"{host.url}/v1")
    assert sum("/manifests/" in path for _, path, _, _ in host.asked) == 3


def test_a_manifest_under_another_name_is_not_believed(place: Place) -> None:
    with _serving(place.store(2), "urn:c2pa:00000000-0000-4000-8000-000000000000") as host:
        report = place.told(place.stripped(2), f"{host.url}/v1")
    assert report.recovered is None


def test_a_name_with_a_path_in_it_stays_within_the_api(place: Place) -> None:
    with _serving(b"", "../../keys?x#y") as host:
        place.told(place.stripped(2), f"{host.url}/v1")
    paths = [path for _, path, _, _ in host.asked if "/matches/" not in path]
    assert set(paths) == {"/v1/manifests/..%2F..%2Fkeys%3Fx%23y"}


def test_what_is_not_there_is_none() -> None:
    with answering(lambda handler: reply(handler, b"gone", 410)) as host:
        assert NamedHost(host.url).get("/x", "text/plain", most=9, seconds=5) is None
    with answering(lambda handler: reply(handler, b"ten bytes!")) as host:
        assert NamedHost(host.url).get("/x", "text/plain", most=10, seconds=5) == b"ten bytes!"
        with pytest.raises(Unanswered):
            NamedHost(host.url).get("/x", "text/plain", most=9, seconds=5)


def test_a_service_that_is_silent_is_not_waited_for_file_after_file(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a manifest kept longer than until the next file."""
    monkeypatch.setattr(module, "SECONDS", 0.3)
    file = place.stripped(2)
    with answering(lambda _handler: time.sleep(1)) as host:
        service = Elsewhere(f"{host.url}/v1")
        told = [_problem(next(reports([file], tmp_path / "none", [], (), service))) for _ in range(5)]
    assert told == ["time"] * 3 + ["given_up"] * 2
    assert len(host.asked) <= 3

    found = Elsewhere(place.url)
    monkeypatch.setattr(module, "SECONDS", 20.0)
    next(reports([place.stripped(0)], tmp_path / "none", [], (), found))
    assert len(found.stores) == 1
    next(reports([place.kept(to_png(photo(999)), "other.png")], tmp_path / "none", [], (), found))
    assert not found.stores


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ResolverUnusable) as caught:
        NamedHost("https://user:secret@example.org/v1")
    assert "secret" not in explain(caught.value, "zh") + str(caught.value)
    assert "example.org" in str(caught.value)
