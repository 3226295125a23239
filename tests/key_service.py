"""A key service as a test has one: it wraps and unwraps, and gives its key to nobody."""

from __future__ import annotations

from rectoverso.store.master import LocalKey

ASKED: list[str] = []
"""What it was asked, in order."""


class Service:
    id = "arn:test/key/7"

    def __init__(self) -> None:
        self._key = LocalKey(bytes(range(32)))

    def wrap(self, key: bytes, context: str) -> bytes:
        ASKED.append("wrap")
        return self._key.wrap(key, context)

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        ASKED.append("unwrap")
        return self._key.unwrap(wrapped, context)


def service() -> Service:
    return Service()


def away() -> Service:
    raise ConnectionError("the service is away")
