"""Who wants others to have nothing: what fills memory, disk and connections, or stands in the way."""

from __future__ import annotations

import socket
import struct
import threading
import time
import zlib
from dataclasses import replace

import anyio
import httpx2
import pytest

from counter import PATIENT, Counter, asking
from rectoverso.errors import HomeBusy, TooManyRequests
from rectoverso.service.api import reviews
from rectoverso.service.api.uploads import in_turn
from rectoverso.service.desk import Desk
from rectoverso.service.server import Impatient, listen, server
from rectoverso.store.people import Role
from rectoverso.verso.picture import to_png
from unit.verso.conftest import photo

MAKER, REVIEWER = Role.MAKER, Role.REVIEWER


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
    desk = Desk(counter.home, replace(PATIENT, waiting_seconds=0.05))

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
