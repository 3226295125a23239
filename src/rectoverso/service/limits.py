"""What one client may ask: so many requests a minute, and bodies of a bounded size that come in a bounded time."""

from __future__ import annotations

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from threading import Lock

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
    ``least_free_bytes`` stay on the disk, whatever is sent; ``held_bytes``: of strangers' bodies in memory at once.
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
    held_bytes: int = 400_000_000
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
        self._lock = Lock()

    def take(self, address: str) -> None:
        """Count one request. Raises TooManyRequests when the bucket is empty."""
        with self._lock:  # requests are counted in threads: one that is being counted must not look forgotten
            left = self._taken(address)
        if left < 1:
            raise TooManyRequests(seconds=math.ceil((1 - left) / self._rate))

    def is_used_up(self, address: str) -> bool:
        """Whether one more request would be one too many; counts none."""
        with self._lock:
            return self._left(address, self._clock()) < 1

    def _left(self, address: str, now: float) -> float:
        left, since = self._buckets.get(address, (float(self._burst), now))
        return min(self._burst, left + (now - since) * self._rate)

    def _taken(self, address: str) -> float:
        """What was left before this request."""
        now = self._clock()
        left = self._left(address, now)
        self._buckets[address] = (left - 1 if left >= 1 else left, now)
        self._buckets.move_to_end(address)
        if len(self._buckets) > _MOST_ADDRESSES:
            self._buckets.popitem(last=False)
        return left


class Held:
    """The bytes of strangers' bodies that are read or waited with at once: so many in all, half of them of one address.
    Without that a few slow connections would fill the memory, each within its own limit.
    """

    def __init__(self, most: int) -> None:
        self._most, self._all = most, 0
        self._of: Counter[str] = Counter()

    @contextmanager
    def room(self, request: Request, at_most: int) -> Iterator[None]:
        """Room for a body, as long as it says it is; of up to ``at_most`` bytes where it does not say. Raises
        TooManyRequests before any of it is read.
        """
        claimed, address = request.headers.get("content-length", ""), address_of(request)
        size = min(int(claimed), at_most) if claimed.isdecimal() and len(claimed) < 16 else at_most
        if self._all + size > self._most or self._of[address] + size > self._most // 2:
            raise TooManyRequests(seconds=1)
        self._all += size
        self._of[address] += size
        try:
            yield
        finally:
            self._all -= size
            self._of[address] -= size
            if not self._of[address]:
                del self._of[address]


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
    of it has come. Else its sender is told 413 or 408. ``most`` gives the bytes for a path; of who is ``turned_away``
    nothing is read, for a form costs more to read than to refuse: 429.
    """

    LEAST_BYTES_PER_S = 100_000

    def __init__(
        self,
        app: ASGIApp,
        seconds: float,
        most: Callable[[str], int],
        turned_away: Callable[[Request], Awaitable[bool]] | None = None,
    ) -> None:
        self._app, self._seconds, self._most, self._turned_away = app, seconds, most, turned_away

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
            if not count and self._turned_away and await self._turned_away(Request(scope)):
                raise HTTPException(429)
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
