"""What one client may ask: so many requests a minute, and bodies of a bounded size that come in a bounded time."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network

import anyio
from anyio import CancelScope
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rectoverso.errors import QueryTooLong, TooManyRequests

_MOST_ADDRESSES = 10_000
_NETWORK_BITS = 64


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """``per_minute`` requests of one address, ``burst`` of them at once; bytes and seconds of a body, characters of a
    value in an address; ``waiting``: pictures that may wait for their turn, each for so many ``waiting_seconds``.

    ``of_known``: how many times as many requests somebody may make whom the service knows. ``answer_seconds``: how
    long a program is kept waiting for its pictures. ``streams`` of events one person may follow at once;
    ``least_free_bytes`` stay on the disk, whatever is sent.
    """

    per_minute: float = 120
    burst: int = 40
    body_bytes: int = 20_000_000
    query_bytes: int = 100_000
    body_seconds: float = 20
    value_characters: int = 2048
    most_results: int = 100
    waiting: int = 128
    waiting_seconds: float = 60
    of_known: int = 10
    streams: int = 16
    least_free_bytes: int = 1 << 30
    answer_seconds: float = 300


def address_of(request: Request) -> str:
    """Whose requests are counted together: an address, of IPv6 the network that one customer has all addresses of."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, _NETWORK_BITS), strict=False))


class Meter:
    """A bucket of requests for each address, filled again as time goes on. The least recent addresses are forgotten.
    ``times``: how much larger than those of the limits the buckets are.
    """

    def __init__(
        self, limits: ServiceLimits, clock: Callable[[], float] = time.monotonic, times: int = 1
    ) -> None:
        self._rate, self._burst, self._clock = times * limits.per_minute / 60, times * limits.burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Count one request. Raises TooManyRequests when the bucket is empty."""
        now = self._clock()
        left, since = self._buckets.pop(address, (float(self._burst), now))
        left = min(self._burst, left + (now - since) * self._rate)
        self._buckets[address] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > _MOST_ADDRESSES:
            self._buckets.popitem(last=False)
        if left < 1:
            raise TooManyRequests(seconds=math.ceil((1 - left) / self._rate))


async def body_of(request: Request, at_most: int, seconds: float) -> bytes:
    """The whole body. Raises QueryTooLong as soon as it is longer than allowed, or takes longer."""
    data = bytearray()
    try:
        with anyio.fail_after(seconds):
            async for part in request.stream():
                data += part
                if len(data) > at_most:
                    raise _too_long(at_most)
    except (TimeoutError, ClientDisconnect) as error:
        raise _too_long(at_most) from error
    return bytes(data)


class Bodies:
    """Takes bodies up to a size that depends on the address, and waits for one only some seconds, and longer the more
    of it has come. Else its sender is told 413 or 408. ``most`` gives the bytes for a path.
    """

    LEAST_BYTES_PER_S = 100_000

    def __init__(self, app: ASGIApp, seconds: float, most: Callable[[str], int]) -> None:
        self._app, self._seconds, self._most = app, seconds, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, until = self._most(scope["path"]), anyio.current_time() + self._seconds
        claimed = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        count, is_whole = 0, False

        async def patiently() -> Message:
            nonlocal count, is_whole
            if is_whole:  # from here on it tells only that the client has gone
                return await receive()
            if claimed.isdigit() and int(claimed) > most:
                raise HTTPException(413, in_words(most))
            with CancelScope(deadline=until + count / self.LEAST_BYTES_PER_S) as waiting:
                message = await receive()
            if waiting.cancelled_caught:
                raise HTTPException(408, in_words(most))
            count += len(message.get("body", b""))
            if count > most:
                raise HTTPException(413, in_words(most))
            is_whole = not message.get("more_body", False)
            return message

        await self._app(scope, patiently, send)


def in_words(size: int) -> str:
    """Bytes as people say them."""
    return f"{size / 1e6:g} MB"


def _too_long(at_most: int) -> QueryTooLong:
    return QueryTooLong(limit=in_words(at_most))
