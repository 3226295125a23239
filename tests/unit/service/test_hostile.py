"""Who wants in, wants more than they may have, or wants others to have nothing."""

from __future__ import annotations

import socket
import struct
import threading
import time
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from counter import PATIENT, Counter
from rectoverso.errors import HomeBusy, TooManyRequests
from rectoverso.service import events
from rectoverso.service.api import reviews
from rectoverso.service.api.uploads import in_turn
from rectoverso.service.desk import Desk
from rectoverso.service.limits import ServiceLimits, address_of
from rectoverso.service.server import Impatient, listen, server
from rectoverso.store import people
from rectoverso.store.jobs import State
from rectoverso.store.people import Role
from rectoverso.verso.picture import to_png
from rectoverso.workflow.people import add_person
from unit.verso.conftest import photo

VIEWER, MAKER, REVIEWER, ADMIN = Role.VIEWER, Role.MAKER, Role.REVIEWER, Role.ADMIN
NOBODY = "f" * 64


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    counter = Counter(tmp_path_factory.mktemp("hostile") / "home")
    counter.hire(*Role)
    return counter


@pytest.fixture
def few(counter: Counter) -> Counter:
    """The same home behind a server that bears three requests of a stranger."""
    small = Counter(counter.folder, ServiceLimits(per_minute=0.001, burst=3, of_known=1000))
    small.keys, small.ids = counter.keys, counter.ids
    return small


def asking(*headers: tuple[bytes, bytes], host: str = "127.0.0.1") -> Request:
    asked = {"type": "http", "method": "GET", "path": "/", "query_string": b""}
    return Request(asked | {"headers": list(headers), "client": (host, 1)})


# Who asks


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff:1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("fe80::1%eth0", "fe80::2%eth1")],
)
def test_all_addresses_of_one_customer_are_counted_together(one: str, other: str) -> None:
    assert address_of(asking(host=one)) == address_of(asking(host=other))
    assert address_of(asking(host="10.0.0.2")) != address_of(asking(host="10.0.0.1"))


def test_what_a_header_says_of_the_address_is_not_believed(few: Counter) -> None:
    codes = [
        few.ask(
            "POST",
            "/verify",
            content=b"x",
            headers={"X-Forwarded-For": f"10.0.0.{n}", "Forwarded": f"for=10.1.1.{n}"},
        )
        for n in range(5)
    ]
    assert [code.status_code for code in codes][3:] == [429, 429]


def test_guesses_of_keys_stop_before_they_cost_anything(
    few: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    monkeypatch.setattr(people, "_fits", lambda secret, _: tried.append(secret))
    known = few.keys[ADMIN][:16]
    guesses = [
        few.ask("GET", "/people/me", headers={"Authorization": f"Bearer {known}{n:032d}"}) for n in range(9)
    ]
    assert [guess.status_code for guess in guesses] == [401] * 3 + [429] * 6
    assert len(tried) == 3


def test_a_key_that_there_is_not_takes_as_long_as_a_wrong_one(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    monkeypatch.setattr(people, "_fits", lambda _, hashed: tried.append(hashed))
    for key in ("rv_" + "0" * 12, counter.keys[VIEWER][:15]):
        assert counter.home.people.known_by(f"{key}_{'x' * 32}") is None
    assert tried[0].split("$")[1:4] == tried[1].split("$")[1:4], "the same work"


def test_a_home_without_accounts_serves_nobody_through_a_proxy(tmp_path: Path) -> None:
    open_ = Counter(tmp_path / "home")
    assert open_.ask("GET", "/people").status_code == 200
    for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host"):
        assert open_.ask("GET", "/people", headers={name: "203.0.113.9"}).status_code == 403
        assert open_.client.get("/metrics", headers={name: "203.0.113.9"}).status_code == 403


# What others have


def test_events_end_with_the_right_to_read_them(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_SOONEST_S", 0)
    desk = counter.app.state.desk
    person, _, token = add_person(counter.home, "for a while", MAKER)
    headers = {"Authorization": f"Bearer {token}"}
    made = counter.client.post("/api/v1/generations", json={"run": "demo"}, headers=headers).json()
    found = counter.home.jobs.find(made["id"])
    assert found is not None
    request = asking((b"authorization", f"Bearer {token}".encode()))

    async def followed() -> list[str | None]:
        stream = events.events(request, desk, (found, person), None)
        told = [(await anext(stream)).event]
        counter.ask("DELETE", f"/people/{person.id}", ADMIN)
        counter.home.jobs.cancel(found.id)
        return told + [event.event async for event in stream]

    assert anyio.run(followed) == ["job"]


def test_a_stream_looks_less_often_the_longer_nothing_happens(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = counter.ask("POST", "/generations", MAKER, json={"run": "demo", "count": 4}).json()
    found, [turn] = counter.home.jobs.find(made["id"]), counter.home.jobs.unsent(1)
    assert found is not None
    slept: list[float] = []

    async def wait(_: Desk, seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 12:
            counter.home.jobs.begin(turn)
        if len(slept) == 14:
            counter.home.jobs.end(turn, State.DONE, {"result": {}})
        assert len(slept) < 20

    async def followed() -> None:
        desk, request = (
            counter.app.state.desk,
            asking((b"authorization", f"Bearer {counter.keys[MAKER]}".encode())),
        )
        person = next(one for one in counter.home.people.all() if one.id == counter.ids[MAKER])
        async for _ in events.events(request, desk, (found, person), None):
            pass

    monkeypatch.setattr(Desk, "wait", wait)
    anyio.run(followed)
    assert (slept[0], slept[11], slept[12]) == (0.25, 0.5, 0.25)
    assert slept[:12] == sorted(slept[:12])
    assert sum(slept[:3]) < 1, "a try of a second is seen while it is new"


def test_nobody_follows_so_many_jobs_that_others_find_no_connection(counter: Counter) -> None:
    """Also where all of them come before the first is answered."""
    made = counter.ask("POST", "/generations", MAKER, json={"run": "demo"}).json()
    desk, person = counter.app.state.desk, counter.home.people.find(counter.ids[MAKER])
    assert person is not None

    async def at_once() -> None:
        following = [events.watched(made["id"], desk, person) for _ in range(PATIENT.streams)]
        for one in following:
            await anext(one)
        with pytest.raises(TooManyRequests):
            await anext(events.watched(made["id"], desk, person))
        for one in following:
            await one.aclose()

    anyio.run(at_once)
    assert not desk.streams
    counter.ask("POST", f"/jobs/{made['id']}/cancel", MAKER)
    assert counter.ask("GET", f"/jobs/{made['id']}/events", MAKER).status_code == 200
    assert not desk.streams


def test_one_key_of_two_people_is_two_keys(counter: Counter) -> None:
    headers = {"Idempotency-Key": "the same"}
    asked = {"run": "demo", "seed": 5}
    one = counter.ask("POST", "/generations", MAKER, json=asked, headers=headers).json()
    other = counter.ask("POST", "/generations", ADMIN, json=asked, headers=headers)
    assert other.json()["id"] != one["id"]
    assert "idempotent-replayed" not in other.headers
    for method, path, body in (
        ("POST", "/generations", asked | {"seed": 6}),
        ("POST", "/runs", {"system": "dcgan", "data": "digits"}),
    ):
        again = counter.ask(method, path, MAKER, json=body, headers=headers)
        assert (again.status_code, again.json()["code"]) == (422, "key_reused")
        assert other.json()["id"] not in again.text
    counter.ask("POST", f"/jobs/{one['id']}/cancel", ADMIN)
    counter.ask("POST", f"/jobs/{other.json()['id']}/cancel", ADMIN)


def test_a_job_of_another_is_neither_read_nor_stopped(counter: Counter) -> None:
    made = counter.ask("POST", "/generations", ADMIN, json={"run": "demo"}).json()["id"]
    for method, path in (
        *[("GET", f"/jobs/{made}{more}") for more in ("", "/items", "/events")],
        *[("POST", f"/jobs/{made}{more}") for more in ("/cancel", "/retry", "/retry?place=0")],
        ("GET", f"/generations/{made}"),
    ):
        assert counter.ask(method, path, MAKER).json()["code"] == "job_not_found", path
    assert made not in counter.ask("GET", "/jobs?limit=200", MAKER).text
    assert counter.ask("GET", f"/jobs/{made}", ADMIN).json()["state"] == "waiting"
    counter.ask("POST", f"/jobs/{made}/cancel", ADMIN)


@pytest.mark.parametrize(
    "path",
    [
        *("/assets", "/jobs", "/runs", "/datasets", "/generations", "/reviews", "/works", "/ledger/entries"),
        *("/runs/demo/status", f"/works/{'f' * 8}/refusals"),
    ],
)
def test_a_forged_cursor_leads_nowhere(counter: Counter, path: str) -> None:
    for cursor in ("-1", str(2**70), "1;drop table jobs"):
        assert counter.ask("GET", f"{path}?cursor={cursor}", ADMIN).status_code == 422
    for limit in ("0", "100000"):
        assert counter.ask("GET", f"{path}?limit={limit}", ADMIN).status_code == 422
    assert counter.ask("GET", f"{path}?cursor={2**31 - 1}", ADMIN).status_code == 200


# Where they would like to read


PLACES = (
    *("../../etc/passwd", "..", "/etc/passwd", "file:///etc/passwd"),
    *("http://169.254.169.254/latest/meta-data/", "hf:org/name", "a\x00b"),
)


def _asked(place: str) -> list[tuple[str, Any]]:
    train, seal = {"system": "dcgan", "data": "digits"}, {"digest": NOBODY, "name": "a.png"}
    return [
        ("/generations", {"run": place}),
        *[
            ("/generations", {"run": "demo", name: place})
            for name in ("use", "image", "mask", "style", "format")
        ],
        *[("/runs", train | {name: place}) for name in ("system", "data", "data_b", "preset")],
        ("/runs", train | {"settings": [f"perception.network={place}"]}),
        ("/runs", train | {"settings": [place]}),
        ("/assets", {"files": [seal | {"digest": place}]}),
        ("/works", {"works": [{"digest": place}]}),
        ("/v1/images/generations", {"model": place, "prompt": ""}),
        ("/v1/images/generations", {"rectoverso": {"use": place}, "prompt": ""}),
    ]


@pytest.mark.parametrize("place", PLACES)
def test_no_field_names_a_place(counter: Counter, place: str) -> None:
    for path, asked in _asked(place):
        answer = counter.ask("POST", path, ADMIN, json=asked)
        assert 400 <= answer.status_code < 500, (path, asked, answer.text)
        assert str(counter.folder) not in answer.text
    for path in ("runs", "systems", "policies", "jobs", "assets", "works", "datasets"):
        answer = counter.client.get(
            f"/api/v1/{path}/{place.replace(chr(0), '%00').replace(chr(10), '%0a')}",
            headers={"Authorization": f"Bearer {counter.keys[ADMIN]}"},
        )
        assert answer.status_code < 500
        assert "root:" not in answer.text


def test_a_catalogue_names_no_file_of_this_machine(counter: Counter, tmp_path: Path) -> None:
    lying = tmp_path / "lying.png"
    lying.write_bytes(to_png(photo(3, 96)))
    for place in (str(lying), "../lying.png", "lying.png", "http://127.0.0.1/x.png"):
        answer = counter.ask(
            "POST", "/works/catalogue", REVIEWER, content=f"file,owner\n{place},Anna\n".encode()
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_catalogue")
    answer = counter.ask(
        "POST", "/works/catalogue", REVIEWER, content=f"file,owner\n{NOBODY},Anna\n".encode()
    )
    assert answer.json()["code"] == "upload_not_found"
    assert counter.ask("POST", "/works/catalogue", REVIEWER, content=b"\xff\xfe\x00").status_code == 400


def test_works_are_registered_from_what_was_sent(counter: Counter) -> None:
    digests = [
        counter.ask("POST", "/uploads", REVIEWER, content=to_png(photo(seed, 96))).json()["digest"]
        for seed in (41, 42)
    ]
    table = f"file;title;owner;asked;from;territory\n{digests[0]};Dusk;Anna;review;2020-01-01;DE AT\n"
    job = counter.ask("POST", "/works/catalogue", REVIEWER, content=table.encode())
    assert job.status_code == 202
    more = {"digest": digests[1], "title": "Dawn", "owner": "Berta", "from": "2021-01-01"}
    assert counter.ask("POST", "/works", REVIEWER, json={"works": [more]}).status_code == 202
    counter.work_off()
    works = {work["title"]: work for work in counter.ask("GET", "/works", REVIEWER).json()["items"]}
    assert works["Dusk"]["rights"]["territory"] == ["DE", "AT"]
    assert works["Dawn"]["rights"]["from"] == "2021-01-01"
    dusk = works["Dusk"]["id"]
    claimed = {"state": "verified", "reason": "A contract."}
    assert counter.ask("POST", f"/works/{dusk}/claim", REVIEWER, json=claimed).json()["claim"] == "verified"
    files = [{"digest": digests[0], "name": "a.png"}]
    counter.ask("POST", "/assets", MAKER, json={"files": files, "origin": "ai"})
    counter.work_off()
    (kept,) = counter.ask("GET", f"/works/{dusk}/refusals", REVIEWER).json()["items"]
    assert kept["decision"] == "hold"
    told = counter.ask("GET", f"/reviews/{kept['id']}/evidence", REVIEWER).json()
    (shown,) = told["works"]
    for url in shown["sheets"].values():
        sheet = counter.client.get(url, headers={"Authorization": f"Bearer {counter.keys[REVIEWER]}"})
        assert sheet.headers["content-type"] == "image/png"
        assert sheet.headers["x-rectoverso-draft"] == "held"
    other = works["Dawn"]["id"]
    assert counter.ask("GET", f"/reviews/{kept['id']}/works/{other}/points", REVIEWER).status_code == 404
    for work in (dusk, other):
        assert counter.ask("DELETE", f"/works/{work}", REVIEWER).status_code == 204
    bad = counter.ask(
        "POST", "/works", REVIEWER, json={"works": [{"digest": digests[1], "until": "tomorrow"}]}
    )
    assert bad.status_code == 400


def test_where_the_home_lies_is_told_to_nobody(counter: Counter) -> None:
    policies = counter.home.policies_path
    policies.mkdir(exist_ok=True)
    (policies / "broken.toml").write_text("version = ", encoding="utf-8")
    try:
        answers = [
            counter.ask("POST", "/generations", MAKER, json={"run": "demo", "use": "broken"}),
            counter.ask("GET", "/policies/broken", VIEWER),
            counter.ask("GET", "/policies", VIEWER),
        ]
    finally:
        (policies / "broken.toml").unlink()
    assert [answer.status_code for answer in answers] == [400, 400, 200]
    for answer in answers:
        assert str(counter.folder) not in answer.text
        assert "broken" in answer.text


# What they would like to break


def test_a_name_of_any_length_costs_no_picture(counter: Counter) -> None:
    sent = counter.ask("POST", "/uploads", MAKER, content=to_png(photo(6, 96))).json()["digest"]
    files = [{"digest": sent, "name": "画" * 200}]
    job = counter.ask("POST", "/assets", MAKER, json={"files": files, "origin": "ai"}).json()
    counter.work_off()
    (item,) = counter.ask("GET", f"/jobs/{job['id']}/items", MAKER).json()["items"]
    assert item["state"] == "done", item


def test_a_picture_that_says_it_is_huge_is_not_opened(counter: Counter) -> None:
    head = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    for path in ("/uploads", "/laws/comply"):
        assert counter.ask("POST", path, MAKER, content=bomb).status_code in (400, 413)
    assert counter.ask("POST", "/verify", content=bomb).json()["outcome"] == "could_not_check"


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"run": ' + b"9" * 50_000 + b"}", b'{"run": "\\ud800"}', b"\xff"]
)
def test_odd_json_is_told_so(counter: Counter, body: bytes) -> None:
    answer = counter.ask(
        "POST", "/generations", MAKER, content=body, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500, answer.text


def test_a_full_disk_is_left_some_room(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = PATIENT.least_free_bytes - 1

    monkeypatch.setattr("rectoverso.service.api.uploads.shutil.disk_usage", lambda _: Full)
    for path in ("/uploads", "/datasets?name=x&kind=zip"):
        answer = counter.ask("POST", path, MAKER, content=to_png(photo(7, 48)))
        assert (answer.status_code, answer.json()["code"]) == (503, "no_room")
    assert not list((counter.home.path / "sealed").glob(".*"))


def test_strangers_leave_makers_places_to_wait_in(counter: Counter) -> None:
    desk = counter.app.state.desk

    async def crowded() -> None:
        async with anyio.create_task_group() as others:
            release = threading.Event()
            for _ in range(1 + desk.limits.waiting // 2):
                others.start_soon(in_turn, desk, release.wait)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(TooManyRequests):
                await in_turn(desk, bool, share=0.5)
            others.start_soon(in_turn, desk, bool)
            release.set()

    anyio.run(crowded)


def test_who_waits_too_long_is_sent_away(counter: Counter) -> None:
    desk = Desk(counter.home, counter.app.state.desk.keys, replace(PATIENT, waiting_seconds=0.05))

    async def stuck() -> None:
        async with anyio.create_task_group() as others:
            release = threading.Event()
            others.start_soon(in_turn, desk, release.wait)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(TooManyRequests):
                await in_turn(desk, bool)
            assert not release.is_set()  # what has begun goes on
            release.set()

    anyio.run(stuck)


def test_slow_strangers_do_not_fill_the_memory(counter: Counter) -> None:
    """Where there is no room for another body, none of it is read."""
    desk = counter.app.state.desk
    half = desk.limits.held_bytes // 2
    with (
        desk.held.room(asking(host="10.0.0.1"), half),
        desk.held.room(asking(host="10.0.0.2"), half),
    ):
        answer = counter.ask("POST", "/verify", content=b"any")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert counter.ask("POST", "/verify", content=b"any").status_code == 200


def test_votes_that_wait_at_the_door_keep_nobody_else_waiting(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()

    def waiting(*_: object) -> None:
        opened.wait(30)
        raise HomeBusy(home=counter.folder, seconds=60)

    monkeypatch.setattr(reviews, "decide", waiting)

    async def everybody() -> None:
        transport = httpx2.ASGITransport(counter.app, client=("127.0.0.1", 1))
        headers = {"Authorization": f"Bearer {counter.keys[REVIEWER]}"}
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers
        ) as client:

            async def vote() -> None:
                answer = await client.post(f"/api/v1/reviews/{'f' * 12}/votes", json={"choice": "approve"})
                assert (answer.status_code, answer.json()["code"]) == (503, "home_busy")
                assert answer.headers["retry-after"] == "5"
                assert str(counter.folder) not in answer.text

            async with anyio.create_task_group() as voting:
                for _ in range(60):
                    voting.start_soon(vote)
                await anyio.sleep(0.3)
                try:
                    with anyio.fail_after(10):
                        assert (await client.get("/api/v1/people/me")).status_code == 200
                finally:
                    opened.set()

    anyio.run(everybody)


def test_who_sends_no_head_keeps_no_connection(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Impatient, "head_s", 0.3)
    bound = listen("127.0.0.1", 0)
    running = server(counter.app)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        while not running.started:
            time.sleep(0.01)
        for beginnings in ([b""], [b"GET / HT"], [b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"G"]):
            with socket.create_connection(bound.getsockname(), timeout=20) as slow:
                for beginning in beginnings:
                    slow.sendall(beginning)
                    time.sleep(0.1)
                while slow.recv(4096):
                    pass
    finally:
        running.should_exit = True
        thread.join()
        bound.close()


def test_every_page_and_file_of_the_api_says_how_it_is_to_be_taken(counter: Counter) -> None:
    away = TestClient(counter.app, base_url="http://127.0.0.1", client=("127.0.0.1", 1))
    for path in ("/healthz", "/api/v1/openapi.json", "/metrics", "/nothing", "/api/v1/people"):
        headers = away.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_a_key_that_was_taken_back_is_counted_like_any_other(few: Counter) -> None:
    person, _, token = add_person(few.home, "once", VIEWER)
    headers = {"Authorization": f"Bearer {token}"}
    assert few.ask("GET", "/people/me", headers=headers).status_code == 200
    few.home.people.end(person.id, "2026-11-28T00:00:00+00:00")
    codes = [few.ask("GET", "/people/me", headers=headers).status_code for _ in range(5)]
    assert codes == [401, 401, 401, 429, 429]
