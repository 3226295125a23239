"""Bodies are taken up to a size, waited for only so long, and so many at once; requests are counted one by one."""

from __future__ import annotations

import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from rectoverso.errors import TooManyRequests
from rectoverso.service.limits import Bodies, Held, Meter, ServiceLimits
from rectoverso.service.server import keep_forms_in
from rectoverso.store.home import Home


def read(*parts: bytes, pause_s: float = 0, claimed: int | None = None, seconds: float = 5) -> bytes:
    """What an application reads of a body that comes in these parts, 10 bytes of which are taken."""
    got: list[bytes] = []
    coming = iter(parts)

    async def receive() -> dict[str, Any]:
        await anyio.sleep(pause_s)
        part = next(coming, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del send
        got.append(await Request(scope, receive).body())

    async def send(_message: Any) -> None: ...

    headers = [] if claimed is None else [(b"content-length", str(claimed).encode())]
    scope = {"type": "http", "path": "/", "headers": headers, "method": "POST"}
    anyio.run(Bodies(app, seconds, lambda _path: 10), scope, receive, send)
    return got[0]


def test_a_body_comes_through_as_it_is() -> None:
    assert read(b"12345", b"67890") == b"1234567890"
    assert read() == b""


@pytest.mark.parametrize(
    "given", [{"parts": (b"1" * 11,)}, {"parts": (b"1" * 6,) * 2}, {"parts": (), "claimed": 11}]
)
def test_one_too_large_is_left(given: dict[str, Any]) -> None:
    with pytest.raises(HTTPException) as error:
        read(*given.pop("parts"), **given)
    assert error.value.status_code == 413


def test_one_too_slow_is_left() -> None:
    with pytest.raises(HTTPException) as error:
        read(b"1", pause_s=1, seconds=0.05)
    assert error.value.status_code == 408


def test_of_who_is_turned_away_nothing_is_read() -> None:
    asked: list[str] = []

    async def turned_away(request: Request) -> bool:
        asked.append(request.url.path)
        return True

    async def receive() -> dict[str, Any]:
        raise AssertionError("read")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del send
        await Request(scope, receive).body()

    scope = {
        "type": "http",
        "path": "/",
        "headers": [],
        "method": "POST",
        "query_string": b"",
        "server": ("a", 1),
    }
    with pytest.raises(HTTPException) as error:
        anyio.run(Bodies(app, 5, lambda _path: 10, turned_away), scope, receive, None)
    assert (error.value.status_code, asked) == (429, ["/"])


def asking(host: str, claimed: str | None = None) -> Request:
    headers = [] if claimed is None else [(b"content-length", claimed.encode())]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers, "client": (host, 1)})


@pytest.mark.parametrize("claimed", [None, "", "-1", "1e9", "9" * 30])
def test_bodies_that_do_not_say_how_long_they_are_count_as_long_as_they_may_be(claimed: str | None) -> None:
    held = Held(100)
    with held.room(asking("10.0.0.1", claimed), 40), pytest.raises(TooManyRequests):
        held.room(asking("10.0.0.1", "11"), 40).__enter__()


def test_bodies_have_room_by_all_and_by_address_and_give_it_back() -> None:
    held = Held(100)
    with ExitStack() as there:
        for host, size in (("10.0.0.1", "30"), ("10.0.0.1", "20"), ("10.0.0.2", "50")):
            there.enter_context(held.room(asking(host, size), 50))
        for host in ("10.0.0.1", "10.0.0.3"):
            with pytest.raises(TooManyRequests):
                held.room(asking(host, "1"), 50).__enter__()
    with held.room(asking("10.0.0.3", "50"), 50):
        pass


def test_requests_that_are_counted_at_once_are_all_counted() -> None:
    meter, passed = Meter(ServiceLimits(per_minute=1e-6, burst=40), clock=lambda: 0.0), []

    def knock() -> None:
        for _ in range(1000):
            try:
                meter.take("10.0.0.1")
            except TooManyRequests:
                continue
            passed.append(1)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        knocking = [threading.Thread(target=knock) for _ in range(16)]
        for one in knocking:
            one.start()
        for one in knocking:
            one.join()
    finally:
        sys.setswitchinterval(before)
    assert len(passed) == 40


def test_forms_that_are_too_large_for_the_memory_stay_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    home = Home(tmp_path / "home")
    home.path.mkdir()
    keep_forms_in(home)
    with tempfile.SpooledTemporaryFile(max_size=1) as form:
        form.write(b"a picture")
        form.rollover()
        assert home.working_path in Path(f"/proc/self/fd/{form.fileno()}").readlink().parents
        assert list(home.working_path.iterdir()) == [], "it has no name there"
