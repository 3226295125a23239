"""A key service as a test has one: it wraps and unwraps, and gives its key to nobody."""

from __future__ import annotations

from threading import Event

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


class Odd(Service):
    """One that does something else than it was asked for."""

    def __init__(self, wraps: bytes | None = None, unwraps: bytes | None = None) -> None:
        super().__init__()
        self._wraps, self._unwraps = wraps, unwraps

    def wrap(self, key: bytes, context: str) -> bytes:
        return key + context.encode() if self._wraps is None else self._wraps

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        return super().unwrap(wrapped, context) if self._unwraps is None else self._unwraps


def tells() -> Service:
    """What it wraps can be read."""
    return Odd(unwraps=bytes(32))


def mumbles() -> Service:
    """It gives nothing back."""
    return Odd(wraps=b"RVR1 and something else that is longer")


def lies() -> Service:
    """It answers with a key that everybody knows."""
    return Odd(unwraps=bytes(32))


def hangs() -> Service:
    Event().wait()
    raise AssertionError


def away() -> Service:
    raise ConnectionError("the service is away")
