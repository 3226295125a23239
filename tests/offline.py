"""The network is off: who looks up or connects to anything but this machine is refused, and the test that did it fails.

Processes that a test starts are not watched by this; run the suite without a network (`unshare --net`) to see those.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

_HERE = {"", "localhost", "localhost.localdomain"}


class Refused(OSError):
    """A connection that no test may make."""


@contextmanager
def offline() -> Iterator[list[str]]:
    """Refuse whatever leads elsewhere; yields what was tried."""
    tried: list[str] = []
    look_up, connect, connect_ex, sendto = (
        *(socket.getaddrinfo, socket.socket.connect),
        *(socket.socket.connect_ex, socket.socket.sendto),
    )

    def demand_here(host: object) -> None:
        if not _is_here(host):
            tried.append(str(host))
            raise Refused(f"the network is off in tests: {host}")

    def looking_up(host: Any, *rest: Any, **named: Any) -> Any:
        if not _is_literal(host):
            demand_here(host)
        return look_up(host, *rest, **named)

    def connecting(self: socket.socket, address: Any) -> None:
        demand_here(_host_of(address))
        connect(self, address)

    def connecting_ex(self: socket.socket, address: Any) -> int:
        demand_here(_host_of(address))
        return connect_ex(self, address)

    def sending(self: socket.socket, data: Any, *rest: Any) -> int:
        demand_here(_host_of(rest[-1]))
        return sendto(self, data, *rest)

    with (
        patch.object(socket, "getaddrinfo", looking_up),
        patch.object(socket.socket, "connect", connecting),
        patch.object(socket.socket, "connect_ex", connecting_ex),
        patch.object(socket.socket, "sendto", sending),
    ):
        yield tried


def _host_of(address: object) -> object:
    return address[0] if isinstance(address, tuple) else ""  # a path: a socket of this machine


def _is_literal(host: object) -> bool:
    try:
        ipaddress.ip_address(_text(host))
    except ValueError:
        return False
    return True


def _is_here(host: object) -> bool:
    text = _text(host)
    if text in _HERE:
        return True
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _text(host: object) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
