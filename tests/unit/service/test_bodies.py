"""Bodies are taken up to a size, and waited for only so long."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from rectoverso.service.limits import Bodies


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
