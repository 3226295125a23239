"""Listening on a port: one process, bounded connections, no log of who asked for what; beyond this machine only once
somebody has an account.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from rectoverso.errors import AccountsMissing, PortUnusable
from rectoverso.service.auth import LOOPBACK
from rectoverso.service.desk import Desk
from rectoverso.store.atomic import make_private_folder
from rectoverso.store.home import Home

_MOST_AT_ONCE = 256
_GRACE_S = 5
"""So long requests that were taken may go on once the server is told to end."""
_IDLE_S = 5


class Impatient(H11Protocol):
    """Waits for the head of a request only so long, from when the connection is made or its first byte came: else a
    stranger keeps every connection there is by sending nothing.
    """

    head_s = 10.0
    _closing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._closing = self.loop.call_later(self.head_s, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        is_between = self.cycle is None or self.cycle.response_complete
        if is_between and self._closing is None:
            self._closing = self.loop.call_later(self.head_s, self.transport.close)
        elif not is_between and self._closing is not None:
            self._closing.cancel()
            self._closing = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._closing is not None:
            self._closing.cancel()
        super().connection_lost(exc)


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address; port 0 is any that is free. Raises PortUnusable."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        raise PortUnusable(host=host, port=port, system=error.strerror or error) from error
    return bound


def demand_accounts(desk: Desk, host: str) -> None:
    """Raise AccountsMissing for an address that others may reach, while whoever asks may do everything."""
    if desk.is_open and host not in LOOPBACK:
        raise AccountsMissing(host=host, home=desk.home.path)


class Server(uvicorn.Server):
    """Told to end (SIGTERM, Ctrl-C), it takes no more requests, and those that were taken may go on for a bounded time.
    Told twice, it ends at once.
    """

    def __init__(self, config: uvicorn.Config, on_ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ending = on_ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The signal is not sent on once the server has ended: to end when told to is what it was for."""
        del sig, frame
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_ending()
        await super().shutdown(sockets)


def keep_forms_in(home: Home) -> None:
    """Have what forms bring that is too large for the memory lie where plain pictures are worked on, in a folder that
    nobody else enters, and not in the system's: without a name there, and gone with this process.
    """
    make_private_folder(home.working_path)
    tempfile.tempdir = str(home.working_path)


def server(app: ASGIApp, on_ending: Callable[[], None] = lambda: None) -> Server:
    """Runs until it is told to exit, which ``on_ending`` is told of. Addresses that proxies claim are not believed."""
    config = uvicorn.Config(
        app,
        http=Impatient,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_AT_ONCE,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    return Server(config, on_ending)


def run(app: ASGIApp, bound: socket.socket, desk: Desk) -> None:
    """Answer until told to end. Threads of requests that took too long may go on after that."""
    server(app, desk.end).run(sockets=[bound])
