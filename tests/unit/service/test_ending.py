"""Told to end, the service takes nothing more, lets what was taken come to an end, and keeps nobody waiting."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from counter import Counter
from rectoverso.service.server import Server, listen, server
from rectoverso.service.work.leaving import Leaving
from rectoverso.store.people import Role
from rectoverso.verso.picture import to_png
from unit.verso.conftest import photo

SLOW_S = 0.6


class Listening:
    """The service at a port of this machine, in a thread."""

    def __init__(self, counter: Counter) -> None:
        self.socket = listen("127.0.0.1", 0)
        self.server: Server = server(counter.app, counter.app.state.desk.end)
        self.port = int(self.socket.getsockname()[1])
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def ask(self, path: str, key: str) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n"
        connection.sendall(head.encode())
        return connection

    def told_to_end(self) -> float:
        self.server.handle_exit(signal.SIGTERM, None)
        return time.monotonic()


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    made = Counter(tmp_path / "home")
    made.hire(Role.MAKER)

    def slow() -> str:
        time.sleep(SLOW_S)
        return "done"

    made.app.add_api_route("/api/v1/slow", slow)
    made.app.router.routes.insert(0, made.app.router.routes.pop())
    return made


@pytest.fixture
def listening(counter: Counter) -> Iterator[Listening]:
    one = Listening(counter)
    yield one
    one.server.should_exit = one.server.force_exit = True
    one.thread.join()


def read(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    connection.close()
    return b"".join(parts)


def test_who_follows_a_job_is_let_go_at_once_and_who_asked_is_answered(
    counter: Counter, listening: Listening
) -> None:
    sent = counter.ask("POST", "/uploads", Role.MAKER, content=to_png(photo(1, 96))).json()
    asked = {"files": [{"digest": sent["digest"], "name": "a.png"}], "origin": "ai"}
    job = counter.ask("POST", "/assets", Role.MAKER, json=asked).json()["id"]
    followed = listening.ask(f"/api/v1/jobs/{job}/events", counter.keys[Role.MAKER])
    while b"event: job" not in followed.recv(65536, socket.MSG_PEEK):
        time.sleep(0.01)
    waited = listening.ask("/api/v1/slow", counter.keys[Role.MAKER])
    time.sleep(0.2)
    told = listening.told_to_end()
    assert b"event: end" not in read(followed)  # the job goes on: whoever follows it comes back
    assert time.monotonic() - told < SLOW_S
    assert read(waited).endswith(b'"done"')
    listening.thread.join(10)
    assert not listening.thread.is_alive()
    assert listening.server.force_exit is False
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", listening.port), timeout=10)
    assert counter.home.jobs.find(job).is_open  # type: ignore[union-attr]


def test_told_twice_it_waits_for_nobody(counter: Counter, listening: Listening) -> None:
    waited = listening.ask("/api/v1/slow", counter.keys[Role.MAKER])
    time.sleep(0.2)
    told = listening.told_to_end()
    listening.told_to_end()
    while listening.server.force_exit is False:
        time.sleep(0.01)
    waited.close()
    assert time.monotonic() - told < SLOW_S


def test_a_client_of_openai_is_told_that_the_job_goes_on(counter: Counter) -> None:
    counter.app.state.desk.end()
    answer = counter.ask("POST", "/v1/images/generations", Role.MAKER, json={"model": "demo", "prompt": "7"})
    assert answer.json()["error"]["code"] == "takes_too_long"


def test_a_worker_that_is_leaving_ends_its_turn_and_begins_none() -> None:
    leaving, ended, began = Leaving(), threading.Event(), threading.Event()

    def turn(done: threading.Event, seconds: float) -> None:
        with leaving:
            time.sleep(seconds)
            done.set()

    threading.Thread(target=turn, args=(ended, 0.2), daemon=True).start()
    time.sleep(0.05)
    leaving._hear(signal.SIGTERM, None)
    assert leaving.wait(10)
    assert ended.is_set()
    leaving._at_work.release()
    threading.Thread(target=turn, args=(began, 0), daemon=True).start()
    assert not began.wait(0.2)
    assert leaving.wait(0.1)


def test_a_turn_that_takes_long_is_left_to_the_next_worker() -> None:
    leaving, begun = Leaving(), threading.Event()

    def turn() -> None:
        with leaving:
            begun.set()
            threading.Event().wait(10)

    threading.Thread(target=turn, daemon=True).start()
    begun.wait()
    leaving._hear(signal.SIGTERM, None)
    before = time.monotonic()
    assert not leaving.wait(0.1)
    assert time.monotonic() - before < 5
