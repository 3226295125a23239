"""What keeps the suite off the network does so; and asking for nothing opens no connection."""

from __future__ import annotations

import _socket
import socket
import subprocess
import sys
import urllib.request

import pytest

from offline import Refused, offline

LOADS_ALL = """
import sys
def refuse(event, given):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.bind"): sys.exit(f"{event} {given}")
sys.addaudithook(refuse)
import importlib
for module in "api cli.main service.server workflow.erase workflow.registry workflow.release workflow.verify".split():
    importlib.import_module(f"rectoverso.{module}")
"""


def udp(family: type[_socket.socket] = socket.socket) -> _socket.socket:
    return family(socket.AF_INET, socket.SOCK_DGRAM)


ELSEWHERE = ("192.0.2.1", 53)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: socket.create_connection(ELSEWHERE, 1),
        lambda: udp().connect(ELSEWHERE),
        lambda: udp().sendto(b"x", ELSEWHERE),
        lambda: udp().sendmsg([b"x"], [], 0, ELSEWHERE),  # type: ignore[attr-defined]
        lambda: udp(_socket.socket).connect(ELSEWHERE),
        lambda: udp(_socket.socket).sendto(b"x", ELSEWHERE),
        lambda: socket.getaddrinfo("example.org", 443),
        lambda: _socket.getaddrinfo("example.org", 443),
        lambda: socket.gethostbyname("example.org"),
        lambda: socket.gethostbyname_ex("example.org"),
        lambda: socket.gethostbyaddr("192.0.2.1"),
        lambda: socket.getnameinfo(ELSEWHERE, 0),
        lambda: urllib.request.urlopen("https://example.org/", timeout=1),
    ],
)
def test_whoever_asks_elsewhere_is_refused_and_known(ask: object) -> None:
    with offline() as tried, pytest.raises(OSError, match="the network is off") as told:
        ask()  # type: ignore[operator]
    assert len(tried) == 1
    assert told.type in (Refused, OSError) or "network is off" in str(told.value)


def test_this_machine_may_be_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, offline() as tried:
        with socket.create_connection(server.getsockname(), 1):
            pass
        assert tried == []


def test_loading_the_program_opens_no_connection() -> None:
    done = subprocess.run([sys.executable, "-c", LOADS_ALL], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
