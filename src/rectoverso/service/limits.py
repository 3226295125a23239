"""What one client may ask: so many requests a minute, and bodies of a bounded size that come in a bounded time."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import anyio
from starlette.requests import ClientDisconnect, Request

from rectoverso.errors import QueryTooLong, TooManyRequests

_MOST_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """``per_minute`` requests of one address, ``burst`` of them at once; bytes and seconds of a body, characters of a
    value in an address; ``waiting``: pictures that may wait for their turn.
    """

    per_minute: float = 120
    burst: int = 40
    body_bytes: int = 20_000_000
    query_bytes: int = 100_000
    body_seconds: float = 20
    value_characters: int = 2048
    most_results: int = 100
    waiting: int = 8


class Meter:
    """A bucket of requests for each address, filled again as time goes on. The least recent addresses are forgotten."""

    def __init__(self, limits: ServiceLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Count one request. Raises TooManyRequests when the bucket is empty."""
        now, rate = self._clock(), self._limits.per_minute / 60
        left, since = self._buckets.pop(address, (float(self._limits.burst), now))
        left = min(self._limits.burst, left + (now - since) * rate)
        self._buckets[address] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > _MOST_ADDRESSES:
            self._buckets.popitem(last=False)
        if left < 1:
            raise TooManyRequests(seconds=math.ceil((1 - left) / rate))


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


def _too_long(at_most: int) -> QueryTooLong:
    return QueryTooLong(limit=f"{at_most / 1e6:g} MB")
