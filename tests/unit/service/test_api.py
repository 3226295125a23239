"""The API as programs meet it: jobs that are asked for once, pages, problems, and no picture but released ones."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from counter import Counter
from rectoverso.errors import HomeUnreachable
from rectoverso.service.limits import ServiceLimits
from rectoverso.service.work.turns import take
from rectoverso.store.jobs import State
from rectoverso.store.people import Role
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.verso.registry.offers import of_rows
from rectoverso.workflow.jobs import order
from rectoverso.workflow.jobs.kept import set_of
from unit.verso.conftest import photo

DRAW = {"run": "demo", "count": 2, "seed": 7, "label": "3"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    """A service whose maker has had two pictures drawn, and sealed one."""
    counter = Counter(tmp_path_factory.mktemp("made") / "home")
    counter.hire(*Role)
    counter.ask("POST", "/generations", Role.MAKER, json=DRAW)
    sent = counter.ask("POST", "/uploads", Role.MAKER, content=to_png(photo(5, 96))).json()
    files = [{"digest": sent["digest"], "name": "../日落.png"}]
    counter.ask("POST", "/assets", Role.MAKER, json={"files": files, "origin": "captured"})
    counter.work_off()
    return counter


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    """A service to which nobody is known yet, so that whoever asks may do everything."""
    return Counter(tmp_path_factory.mktemp("open") / "home")


def released(made: Counter) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = made.ask("GET", "/assets", Role.VIEWER).json()["items"]
    return items


def test_pictures_are_made_fetched_and_verified(made: Counter) -> None:
    (seal, draw) = made.ask("GET", "/jobs", Role.MAKER).json()["items"]
    assert (seal["kind"], draw["kind"], draw["state"]) == ("seal", "generate", "done")
    generation = made.ask("GET", f"/generations/{draw['id']}", Role.MAKER).json()
    assert [row["seed"] for row in generation["released"]] == [7, 8]
    assert {row["asset"] for row in generation["released"]} < {asset["id"] for asset in released(made)}

    asset = generation["released"][0]["asset"]
    file = made.ask("GET", f"/assets/{asset}/file", Role.VIEWER)
    assert file.headers["content-type"] == "image/png"
    report = made.client.post("/api/v1/verify", content=file.content).json()
    assert (report["outcome"], report["ai_generated"]) == ("trusted", True)
    proof = made.ask("GET", f"/assets/{asset}/proof", Role.VIEWER).text
    index = generation["released"][0]["ledger_index"]
    assert proof.startswith("c2sp.org/tlog-proof")
    assert f"\n{index}\n" in proof.replace("index ", "\n")
    entry = made.ask("GET", f"/ledger/entries/{index}", Role.VIEWER).json()
    assert (entry["body"]["kind"], entry["body"]["asset"]) == ("released", asset)
    assert not list(made.folder.rglob("*.png")), "what is released stays encrypted until it is fetched"


def test_evidence_is_for_who_looks_and_seeds_are_for_nobody_else(made: Counter) -> None:
    asset = released(made)[-1]["id"]
    seen = made.ask("GET", f"/assets/{asset}", Role.VIEWER).json()
    assert not {"seed", "source", "findings", "reasons"} & set(seen)
    told = made.ask("GET", f"/assets/{asset}/evidence", Role.REVIEWER).json()
    assert told["seed"] == 7
    sealed = made.ask("GET", "/assets", Role.REVIEWER).json()["items"]
    sealed = next(one["id"] for one in sealed if one["origin"] == "captured")
    assert made.ask("GET", f"/assets/{sealed}/evidence", Role.REVIEWER).json()["source"] == "日落.png"
    assert {found["check"] for found in told["findings"]} >= {"similarity", "memorisation"}


def test_what_is_taken_out_has_its_evidence_and_is_on_record(made: Counter) -> None:
    asset = released(made)[-1]["id"]
    asked = {"to": "the spring catalogue of Muster AG"}
    answer = made.ask("POST", f"/assets/{asset}/publication", Role.PUBLISHER, json=asked)
    with zipfile.ZipFile(BytesIO(answer.content)) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    assert set(parts) == {f"{asset}.png", f"{asset}.png.tlog-proof", "ledger-keys.txt", "verifier.html"}
    assert parts[f"{asset}.png"] == made.ask("GET", f"/assets/{asset}/file", Role.VIEWER).content
    assert parts[f"{asset}.png.tlog-proof"] == made.ask("GET", f"/assets/{asset}/proof", Role.VIEWER).content
    assert parts["ledger-keys.txt"] == made.ask("GET", "/ledger/keys", Role.VIEWER).content
    body = made.ask("GET", f"/ledger/entries/{answer.headers['x-rectoverso-entry']}", Role.VIEWER).json()[
        "body"
    ]
    assert (body["kind"], body["asset"], {"by", "to"} <= set(body)) == ("published", asset, True)
    assert not any(word in str(body) for word in ("catalogue", made.ids[Role.PUBLISHER]))
    assert made.ask("POST", f"/assets/{'f' * 12}/publication", Role.PUBLISHER, json=asked).status_code == 404
    assert made.ask("GET", "/ledger/check", Role.AUDITOR).json()["holds"]


def test_a_revoked_picture_is_no_longer_given(made: Counter) -> None:
    job = made.ask("POST", "/generations", Role.MAKER, json=DRAW | {"seed": 99, "count": 1}).json()
    made.work_off()
    asset = made.ask("GET", f"/generations/{job['id']}", Role.MAKER).json()["released"][0]["asset"]
    assert made.ask("GET", f"/assets/{asset}/file", Role.VIEWER).status_code == 200
    gone = made.ask("POST", f"/assets/{asset}/revoke", Role.PUBLISHER, json={"reason": "a mistake"}).json()
    assert gone["revoked"]
    assert gone["file"] is None
    answer = made.ask("GET", f"/assets/{asset}/file", Role.VIEWER)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_released")
    packed = made.ask("POST", f"/assets/{asset}/publication", Role.PUBLISHER, json={"to": "the press"})
    assert packed.json()["code"] == "not_released"


def test_what_was_held_is_known_to_reviewers_alone(made: Counter) -> None:
    job = made.ask("POST", "/generations", Role.MAKER, json=DRAW | {"use": "medical"}).json()
    made.work_off()
    (held, *_) = made.ask("GET", f"/generations/{job['id']}", Role.MAKER).json()["held"]
    for role, status in ((Role.VIEWER, 404), (Role.MAKER, 404), (Role.REVIEWER, 200)):
        assert made.ask("GET", f"/assets/{held['asset']}", role).status_code == status
    assert made.ask("GET", f"/assets/{held['asset']}/file", Role.ADMIN).json()["code"] == "not_released"
    assert made.ask("GET", "/assets?decision=hold", Role.VIEWER).json()["items"] == []
    assert len(made.ask("GET", "/assets?decision=hold", Role.REVIEWER).json()["items"]) == 2


def test_a_job_of_another_is_not_there(made: Counter) -> None:
    first = made.ask("GET", "/jobs", Role.ADMIN).json()["items"][-1]
    assert first["person"] == made.ids[Role.MAKER]
    other = made.home.jobs.add("generate", "somebody", {"kind": "generate", "run": "demo"}, 1, "now")[0]
    made.home.jobs.cancel(other.id)
    assert made.ask("GET", f"/jobs/{other.id}", Role.MAKER).json()["code"] == "job_not_found"
    assert made.ask("POST", f"/jobs/{other.id}/retry", Role.MAKER).status_code == 404
    assert made.ask("GET", f"/jobs/{other.id}/events", Role.MAKER).status_code == 404
    assert made.ask("GET", f"/jobs/{other.id}", Role.REVIEWER).status_code == 200


def test_an_idempotency_key_stands_for_one_job(counter: Counter) -> None:
    key = {"Idempotency-Key": "once"}
    first = counter.ask("POST", "/generations", json=DRAW, headers=key)
    again = counter.ask("POST", "/generations", json=DRAW, headers=key)
    assert (first.status_code, first.headers["location"]) == (202, f"/api/v1/jobs/{first.json()['id']}")
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    other = counter.ask("POST", "/generations", json=DRAW | {"count": 3}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert counter.ask("POST", "/generations", json=DRAW).json()["id"] != first.json()["id"]


def test_pages_follow_one_another_to_the_end(counter: Counter) -> None:
    before = [job["id"] for job in counter.ask("GET", "/generations?limit=200").json()["items"]]
    made = [counter.ask("POST", "/generations", json=DRAW).json()["id"] for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = counter.ask("GET", f"/jobs?kind=generate&limit=2{cursor}").json()
        seen += [job["id"] for job in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == made[::-1] + before


def test_a_job_is_cancelled_and_tried_again_item_by_item(counter: Counter) -> None:
    job = counter.ask("POST", "/generations", json=DRAW | {"count": 40}).json()
    assert job["counts"] == {"waiting": 3}
    assert counter.ask("POST", f"/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    again = counter.ask("POST", f"/jobs/{job['id']}/retry?place=1").json()
    assert again["counts"] == {"waiting": 1, "cancelled": 2}
    items = counter.ask("GET", f"/jobs/{job['id']}/items?limit=2").json()
    assert [(item["place"], item["attempt"], item["state"]) for item in items["items"]] == [
        (0, 1, "cancelled"),
        (1, 2, "waiting"),
    ]
    assert items["next"] == 2


def test_events_tell_what_came_after_a_version(counter: Counter) -> None:
    job = counter.ask("POST", "/generations", json=DRAW | {"count": 40}).json()
    turns = [turn for turn in counter.home.jobs.unsent(1000) if turn.job == job["id"]]
    counter.home.jobs.begin(turns[1])
    counter.home.jobs.end(turns[1], State.DONE, {"result": {}})
    counter.home.jobs.cancel(job["id"])

    def told(**headers: str) -> list[tuple[str, int, Any]]:
        text = counter.ask("GET", f"/jobs/{job['id']}/events", headers=headers).text
        blocks = [
            dict(line.split(": ", 1) for line in block.split("\n")) for block in text.strip().split("\n\n")
        ]
        return [(block["event"], int(block["id"]), json.loads(block["data"])) for block in blocks]

    whole = told()
    assert [kind for kind, _, _ in whole] == ["job", "job", "end"]
    assert whole[0][2]["state"] == "cancelled"
    later = told(**{"Last-Event-ID": "3"})
    assert [(kind, number) for kind, number, _ in later] == [("item", 4), ("item", 5), ("job", 5), ("end", 5)]
    assert {data["place"] for kind, _, data in later if kind == "item"} == {0, 2}
    assert [number for _, number, _ in told(**{"Last-Event-ID": "1"})][:3] == [3, 4, 5]


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("GET", "/nothing", {}, 404, "route_unknown"),
        ("PATCH", "/jobs", {}, 405, "route_unknown"),
        ("POST", "/generations", {"json": {"run": "demo", "lable": "3"}}, 422, "request_unusable"),
        ("POST", "/generations", {"content": b"{"}, 422, "request_unusable"),
        ("POST", "/generations", {"json": {"run": "../../etc"}}, 422, "request_unusable"),
        ("POST", "/generations", {"json": {"run": "nothing"}}, 404, "run_not_found"),
        ("POST", "/generations", {"json": {"run": "demo", "use": "war"}}, 400, "unknown_name"),
        (
            "POST",
            "/generations",
            {"json": {"run": "demo", "producer": "x" * 2_000_000}},
            413,
            "body_too_large",
        ),
        ("POST", "/runs", {"json": {"system": "dcgan", "data": "hf:org/name"}}, 422, "request_unusable"),
        ("POST", "/runs", {"json": {"system": "dcgan", "data": "nothing"}}, 404, "data_not_found"),
        ("POST", "/uploads", {"content": b"no picture"}, 400, "image_unsupported"),
        ("GET", "/jobs?limit=0", {}, 422, "request_unusable"),
        ("GET", "/jobs/%00", {}, 422, "request_unusable"),
        ("GET", "/jobs/ffffffffffffffff", {}, 404, "job_not_found"),
        ("GET", "/assets/ffffffffffff/file", {}, 404, "not_released"),
        ("GET", "/ledger/entries/999", {}, 404, "entry_not_found"),
        ("GET", "/systems/none", {}, 400, "unknown_name"),
    ],
)
def test_what_is_wrong_is_told_as_a_problem(
    counter: Counter, method: str, path: str, more: dict[str, Any], status: int, code: str
) -> None:
    answer = counter.ask(method, path, **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) - {"field"} == {"type", "title", "status", "detail", "code"}
    assert answer.json()["type"] == f"urn:rectoverso:problem:{code}"


def test_problems_are_told_in_the_readers_language(counter: Counter) -> None:
    chinese = {"Accept-Language": "zh-CN,zh;q=0.9"}
    assert "任务" in counter.ask("GET", f"/jobs/{'f' * 16}", headers=chinese).json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}],
)
def test_a_page_of_another_site_does_nothing_here(counter: Counter, headers: dict[str, str]) -> None:
    answer = counter.ask("POST", "/generations", json=DRAW, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_page")


def test_from_the_first_account_on_everybody_needs_a_key(tmp_path: Path) -> None:
    counter = Counter(tmp_path / "home")
    assert counter.ask("GET", "/people/me").json()["role"] == "admin"
    made = counter.ask("POST", "/people", json={"name": "Anna", "role": "admin"}).json()
    answer = counter.ask("GET", "/people/me")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    key = {"Authorization": f"Bearer {made['key']['token']}"}
    assert counter.ask("GET", "/people/me", headers=key).json()["name"] == "Anna"


def test_too_much_at_once_is_told_so(tmp_path: Path) -> None:
    counter = Counter(tmp_path / "home", ServiceLimits(per_minute=1, burst=2, of_known=2))
    statuses = [counter.ask("GET", "/people/me").status_code for _ in range(6)]
    assert statuses == [200, 200, 200, 200, 429, 429]


def test_so_much_of_ones_own_may_wait(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "MOST_OPEN", counter.home.jobs.open_count("local") + 1)
    statuses = [counter.ask("POST", "/generations", json=DRAW).status_code for _ in range(2)]
    assert statuses == [202, 429]


def test_what_is_wrong_with_the_home_is_told_to_nobody(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise HomeUnreachable(home="/secret/place", system="secret")

    monkeypatch.setattr(counter.home.jobs, "find", fails)
    answer = counter.ask("GET", f"/jobs/{'f' * 16}")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_now")
    assert "secret" not in answer.text


def test_a_training_set_is_sent_looked_through_and_described(counter: Counter, tmp_path: Path) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(4):
            archive.writestr(
                f"{number % 2}/{number}.png", to_png(photo(number, 48)) + b"what a decoder may read"
            )
        archive.writestr("../../escaped.png", to_png(photo(9, 48)))
        archive.writestr("note.txt", "no picture")
    path = "/datasets?name=photos&kind=zip"
    job = counter.ask("POST", path, content=packed.getvalue()).json()
    (turn,) = [turn for turn in counter.home.jobs.unsent(1000) if turn.kind == "curate"]
    take(counter.home, turn)
    dataset = counter.ask("GET", "/datasets").json()["items"][-1]
    assert (dataset["name"], dataset["is_ready"]) == ("photos", True)
    (item,) = counter.ask("GET", f"/jobs/{job['id']}/items").json()["items"]
    assert item["state"] == "done", item
    assert not list(counter.folder.parent.rglob("escaped*"))
    assert "# " in counter.ask("GET", f"/datasets/{dataset['id']}/datasheet").text
    kept = counter.home.folders.find(set_of(dataset["id"]))
    assert kept
    assert not kept.has("source.zip"), "what was sent is not needed any more"
    pictures = kept.unseal(tmp_path) / "curated" / "pictures.parquet"
    drawn = [data for data, _, _ in of_rows(pictures, ())]
    assert all(data and data == to_png(open_picture(data, "")) for data in drawn), (
        "no file of theirs is learnt from"
    )
