"""The resolution service over a real socket: what the specification wants, and nothing that it should not give."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from hostile import Crashing
from rectoverso.errors import HomeMissing, HomeUnreachable, TooManyRequests
from rectoverso.service import problems
from rectoverso.service.limits import Meter, ServiceLimits
from rectoverso.service.resolution import resolution_app
from rectoverso.verso.mark import binding, signature, watermark
from rectoverso.verso.picture import to_png
from rectoverso.verso.screen.fingerprint import fingerprint
from rectoverso.workflow import resolve
from rectoverso.workflow.ledgers import revoke
from rectoverso.workflow.seal import seal_files
from serving import running
from unit.verso.conftest import decoded, encoded, photo

TEXT, WHOLE, TRUTH, LIST, OBJECT = "string", "integer", "boolean", "array", "object"
SCHEMAS: dict[str, Any] = {
    # C2PA Soft Binding Resolution API 2.4.0: of each answer the members, their types, and those that must be there.
    "matches": {"matches": [{"manifestId": TEXT, "endpoint?": TEXT, "similarityScore?": WHOLE}]},
    "algorithms": {"watermarks?": [{"alg": TEXT}], "fingerprints?": [{"alg": TEXT}]},
    "capabilities": {"c2paSpecificationVersion": TEXT, "supportedCapabilities": [TEXT]},
    "status": {"status": TEXT, "timestamp?": TEXT},
    "discovery": {
        "apiEndpoint": TEXT,
        "c2paSpecificationVersion": TEXT,
        "capabilitiesEndpoint?": TEXT,
        "statusEndpoint?": TEXT,
    },
    # RFC 9457
    "problem": {"type": TEXT, "title": TEXT, "status": WHOLE, "detail": TEXT, "code": TEXT},
}


def conforms(value: Any, schema: Any) -> bool:
    """Whether the value has the members that it must have, no others, and each of its type."""
    if isinstance(schema, list):
        return isinstance(value, list) and all(conforms(one, schema[0]) for one in value)
    if isinstance(schema, dict):
        known = {name.rstrip("?"): kind for name, kind in schema.items()}
        needed = {name for name in schema if not name.endswith("?")}
        return (
            isinstance(value, dict)
            and needed <= set(value) <= set(known)
            and all(conforms(one, known[name]) for name, one in value.items())
        )
    return isinstance(value, str if schema == TEXT else int)


@dataclass(frozen=True)
class Answer:
    status: int
    kind: str
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Service:
    """A service that runs, its home, and the files that were released there."""

    port: int
    home: Path
    files: tuple[Path, ...]
    assets: tuple[str, ...]

    def ask(self, path: str, body: bytes | None = None, method: str = "", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method or ("GET" if body is None else "POST"), path, body, named)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        kind = answer.getheader("content-type", "")
        return Answer(answer.status, kind, data, {k.lower(): v for k, v in answer.getheaders()})

    def by_binding(self, algorithm: str, digits: str, **more: object) -> Answer:
        asked = {"alg": algorithm, "value": binding.query(digits), **more}
        return self.ask("/v1/matches/byBinding?" + urlencode(asked))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    drafts = [folder / f"{number}.png" for number in range(2)]
    for number, draft in enumerate(drafts):
        draft.write_bytes(to_png(photo(60 + number, 288)))
    passages = seal_files(drafts, folder / "out", folder / "home").passages
    files = tuple(passage.path for passage in passages if passage.path)
    with running(folder / "home") as port:
        yield Service(port, folder / "home", files, tuple(passage.asset.id for passage in passages))


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    assert conforms(answer.json, SCHEMAS["matches"])
    assert all(0 <= match["similarityScore"] <= 100 for match in answer.json["matches"])
    return [match["manifestId"] for match in answer.json["matches"]]


def test_a_stripped_picture_leads_to_its_manifest_in_two_questions(service: Service) -> None:
    """The whole story: metadata gone, saved as JPEG, the mark read by the client, the manifest fetched."""
    stripped = encoded(decoded(service.files[0].read_bytes()), "JPEG", quality=75)
    read = watermark.detect(decoded(stripped)).prefix
    (name,) = names(service.by_binding(binding.WATERMARK, read))
    answer = service.ask(f"/v1/manifests/{quote(name)}")
    assert (answer.status, answer.kind) == (200, "application/c2pa")
    assert answer.body == signature.store_of(service.files[0].read_bytes())
    assert service.ask(f"/v1/manifests/{name}?returnActiveManifest=true").body == answer.body


@pytest.mark.parametrize("algorithm", [None, binding.WATERMARK, binding.FINGERPRINT])
def test_a_picture_leads_there_in_one(service: Service, algorithm: str | None) -> None:
    picture = decoded(service.files[1].read_bytes())
    data = encoded(
        np.ascontiguousarray(picture[:, ::-1] if algorithm is None else picture), "JPEG", quality=75
    )
    query = f"?alg={algorithm}" if algorithm else ""
    found = service.ask(f"/v1/matches/byContent{query}", data, content_type="image/jpeg")
    assert [binding.asset_of(name) for name in names(found)] == [service.assets[1]]


def test_a_fingerprint_leads_to_what_is_near(service: Service) -> None:
    print_ = fingerprint(photo(61, 288)).hex()
    answer = service.by_binding(binding.FINGERPRINT, print_)
    assert [binding.asset_of(name) for name in names(answer)] == [service.assets[1]]
    assert 75 < answer.json["matches"][0]["similarityScore"] <= 100
    assert names(service.by_binding(binding.FINGERPRINT, fingerprint(photo(99, 288)).hex())) == []


def test_large_values_are_posted(service: Service) -> None:
    query = json.dumps({"alg": binding.WATERMARK, "value": binding.query(service.assets[0])}).encode()
    answer = service.ask("/v1/matches/byBinding", query, content_type="application/json")
    assert [binding.asset_of(name) for name in names(answer)] == [service.assets[0]]


def test_a_copied_watermark_leads_nowhere(service: Service) -> None:
    forged = watermark.embed(photo(70, 288), service.assets[0])  # type: ignore[arg-type]
    assert names(service.ask("/v1/matches/byContent", encoded(forged), content_type="image/png")) == []


def test_what_there_is_to_know_of_the_service(service: Service) -> None:
    asked = {
        "algorithms": "/v1/services/supportedAlgorithms",
        "capabilities": "/v1/services/capabilities",
        "status": "/v1/services/status",
        "discovery": "/.well-known/c2pa-soft-binding-resolution",
    }
    answers = {name: service.ask(path) for name, path in asked.items()}
    for name, answer in answers.items():
        assert answer.status == 200
        assert conforms(answer.json, SCHEMAS[name]), name
    assert answers["algorithms"].json["watermarks"] == [{"alg": binding.WATERMARK}]
    assert answers["capabilities"].json["supportedCapabilities"] == ["queryByContent"]
    assert answers["status"].json["status"] in ("ok", "degraded", "down")
    endpoint = urlsplit(answers["discovery"].json["capabilitiesEndpoint"]).path
    assert service.ask(endpoint).json == answers["capabilities"].json


@pytest.mark.parametrize(
    ("path", "body", "kind", "status", "code"),
    [
        ("/v1/matches/byBinding?alg=com.example.other&value=MDEyMw==", None, "", 400, "algorithm_unknown"),
        (f"/v1/matches/byBinding?alg={binding.WATERMARK}&value=%25", None, "", 400, "query_unusable"),
        (f"/v1/matches/byBinding?alg={binding.WATERMARK}", None, "", 400, "query_unusable"),
        (
            f"/v1/matches/byBinding?alg={binding.WATERMARK}&value={'A' * 3000}",
            None,
            "",
            414,
            "query_too_long",
        ),
        (
            f"/v1/matches/byBinding?alg={binding.WATERMARK}&value=MDEyMw==&maxResults=0",
            None,
            "",
            400,
            "query_unusable",
        ),
        ("/v1/matches/byBinding", b"[", "application/json", 400, "query_unusable"),
        ("/v1/matches/byBinding", b'{"alg": 1, "value": null}', "application/json", 400, "query_unusable"),
        ("/v1/matches/byBinding", b"[" * 90_000, "application/json", 400, "query_unusable"),
        ("/v1/matches/byBinding", b" " * 200_000, "application/json", 413, "query_too_long"),
        ("/v1/matches/byContent", b"hello", "text/plain", 415, "query_unusable"),
        ("/v1/matches/byContent", b"hello", "image/png", 400, "query_unusable"),
        ("/v1/matches/byContent?alg=x", b"hello", "image/png", 400, "algorithm_unknown"),
        ("/v1/matches/byReference", b"{}", "application/json", 501, "not_offered"),
        ("/v1/manifests/urn:c2pa:00000000-0000-4000-8000-000000000000", None, "", 404, "manifest_unknown"),
        ("/v1/manifests/..%2F..%2Fkeys%2Fsigner.key", None, "", 404, "manifest_unknown"),
        ("/v1/manifests", b"x", "application/c2pa", 404, "not_offered"),
        ("/nowhere", None, "", 404, "not_offered"),
    ],
)
def test_what_cannot_be_answered_is_told_as_a_problem(
    service: Service, path: str, body: bytes | None, kind: str, status: int, code: str
) -> None:
    answer = service.ask(path, body, content_type=kind)
    assert (answer.status, answer.kind) == (status, "application/problem+json")
    assert conforms(answer.json, SCHEMAS["problem"])
    assert (answer.json["status"], answer.json["code"]) == (status, code)


def test_it_only_reads(service: Service) -> None:
    for method, path in (("DELETE", "manifests/x"), ("PUT", "bindings"), ("POST", "bindings")):
        assert service.ask(f"/v1/{path}", b"", method=method).status in (404, 405)


def test_it_speaks_chinese_when_asked(service: Service) -> None:
    answer = service.ask("/nowhere", accept_language="zh-CN,zh;q=0.9")
    assert "解析接口只读" in answer.json["detail"]


def test_another_random_half_of_an_id_is_no_manifest(service: Service) -> None:
    other = f"urn:c2pa:00000000-0000-4000-8000-{service.assets[0]}"
    assert service.ask(f"/v1/manifests/{other}").status == 404


def test_a_picture_too_large_is_refused_before_it_is_decoded(service: Service) -> None:
    head = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + b"IHDR" + (60_000).to_bytes(4) + (60_000).to_bytes(4)
    answer = service.ask("/v1/matches/byContent", head + bytes(100), content_type="image/png")
    assert (answer.status, answer.json["code"]) == (400, "query_unusable")


def test_a_picture_that_kills_what_reads_it_is_an_answer_and_the_service_lives(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, small = encoded(photo(4, 64)), encoded(photo(5, 64))
    reader = Crashing(at=bad)
    monkeypatch.setattr(resolve, "shared", lambda: reader)
    crashed = service.ask("/v1/matches/byContent", bad, content_type="image/png")
    assert (crashed.status, crashed.json["code"]) == (400, "image_stopped")
    assert "crashed" in crashed.json["detail"]
    assert names(service.ask("/v1/matches/byContent", small, content_type="image/png")) == []
    damaged = service.ask("/v1/matches/byContent", small[:400], content_type="image/png")
    assert (damaged.status, damaged.json["code"]) == (400, "image_damaged")
    reader.close()


def test_too_many_requests_are_turned_away(service: Service) -> None:
    with running(service.home, ServiceLimits(per_minute=6, burst=2, body_bytes=1000)) as port:
        few = Service(port, service.home, (), ())
        large = few.ask("/v1/matches/byContent", bytes(2000), content_type="image/png")
        assert (large.status, large.json["code"]) == (413, "query_too_long")
        assert few.ask("/v1/services/status").status == 200
        turned_away = few.ask("/v1/services/status")
    assert turned_away.status == 429
    assert int(turned_away.headers["retry-after"]) >= 1


def test_a_bucket_fills_again_and_addresses_do_not_share_one() -> None:
    now = [0.0]
    meter = Meter(ServiceLimits(per_minute=60, burst=2), lambda: now[0])
    for address in ("a", "a", "b"):
        meter.take(address)
    with pytest.raises(TooManyRequests, match="1 s"):
        meter.take("a")
    now[0] = 1.0
    meter.take("a")


def test_a_revoked_release_is_not_given_out(tmp_path: Path) -> None:
    draft, home = tmp_path / "a.png", tmp_path / "home"
    draft.write_bytes(to_png(photo(80, 288)))
    (passage,) = seal_files([draft], tmp_path / "out", home).passages
    assert passage.path is not None
    name = signature.manifest_id(signature.store_of(passage.path.read_bytes()) or b"")
    with running(home) as port:
        asked = Service(port, home, (), ())
        assert len(names(asked.by_binding(binding.WATERMARK, passage.asset.id))) == 1
        revoke(home, passage.asset.id, "a mistake")
        assert names(asked.by_binding(binding.WATERMARK, passage.asset.id)) == []
        assert asked.ask(f"/v1/manifests/{name}").status == 410


def test_what_is_released_meanwhile_is_found(service: Service, tmp_path: Path) -> None:
    draft = tmp_path / "later.png"
    draft.write_bytes(to_png(photo(90, 288)))
    print_ = fingerprint(photo(90, 288)).hex()
    assert names(service.by_binding(binding.FINGERPRINT, print_)) == []
    (passage,) = seal_files([draft], tmp_path / "out", service.home).passages
    found = names(service.by_binding(binding.FINGERPRINT, print_))
    assert [binding.asset_of(name) for name in found] == [passage.asset.id]


def test_without_a_home_there_is_no_service(tmp_path: Path) -> None:
    with pytest.raises(HomeMissing):
        resolution_app(tmp_path / "nowhere")


def test_what_is_wrong_with_the_home_is_told_to_its_keeper_alone(caplog: pytest.LogCaptureFixture) -> None:
    wrong = HomeUnreachable(home="/srv/home", system="connection to db.internal failed")
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "app": Starlette()}
    asked = Request(scope | {"headers": [(b"accept-language", b"zh")]})
    answer = asyncio.run(problems.told(asked, wrong))
    assert answer.status_code == 503
    body = json.loads(answer.body)
    assert (body["code"], conforms(body, SCHEMAS["problem"])) == ("not_now", True)
    assert "请稍后再试" in body["detail"]
    assert not any(word in str(body) for word in ("internal", "srv"))
    assert "db.internal" in caplog.text
