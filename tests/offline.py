"""The network is off: who looks up or connects to anything but this machine is refused, and the test that did it fails.

Python tells of each such call before it is made (PEP 578), whoever makes it and by whatever class: a patched ``socket``
would be passed by. Libraries that call the system by themselves (libpq, what is written in Rust), and processes that a
test starts, are not seen: run the suite without a network (`unshare --map-root-user --net`) to see those fail.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_HERE = {"", "localhost", "localhost.localdomain"}
_NAMES = {"socket.getaddrinfo", "socket.gethostbyname"}
"""What looks up a name, and asks nobody for an address."""
_ADDRESSES = {
    "socket.gethostbyaddr": 0,
    "socket.getnameinfo": 0,
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
}
"""What asks for the name of an address, or leads there; and which of its values that is."""


class Refused(OSError):
    """A connection that no test may make."""


_tried: list[list[str]] = []
"""What was tried, for each that asks; nobody is refused while there is none."""


@contextmanager
def offline() -> Iterator[list[str]]:
    """Refuse whatever leads elsewhere; yields what was tried."""
    mine: list[str] = []
    _tried.append(mine)
    try:
        yield mine
    finally:
        _tried.remove(mine)


def _hears(event: str, given: tuple[object, ...]) -> None:
    if not _tried or not event.startswith("socket."):
        return
    if event in _NAMES and not _is_literal(given[0]):
        _demand_here(given[0])
    elif event in _ADDRESSES:
        _demand_here(_host_of(given[_ADDRESSES[event]]))


def _demand_here(host: object) -> None:
    if not _is_here(host):
        _tried[-1].append(str(host))
        raise Refused(f"the network is off in tests: {host}")


def _host_of(address: object) -> object:
    """Nobody's where it is a path, or the other end of a pair."""
    if isinstance(address, tuple):
        return address[0]
    return address if isinstance(address, str) and _is_literal(address) else ""


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


sys.addaudithook(_hears)  # for as long as this process lives
