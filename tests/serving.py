"""Resolution services on this machine: ours, and one that answers whatever a test wants."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from rectoverso.service.limits import ServiceLimits
from rectoverso.service.resolution import resolution_app
from rectoverso.service.server import listen, server


class running:  # noqa: N801 - reads as a verb
    """The service on a free port of this machine, for as long as the context lasts."""

    def __init__(self, home: Path, limits: ServiceLimits | None = None) -> None:
        self._socket = listen("127.0.0.1", 0)
        self._server = server(resolution_app(home, limits or ServiceLimits(per_minute=1e6, burst=10_000)))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})

    def __enter__(self) -> int:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_error: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


Answer = Callable[[BaseHTTPRequestHandler], None]


class answering:  # noqa: N801 - reads as a verb
    """A host that answers every question as a test says, and keeps what it was asked: method, path, headers, body."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        told = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                told.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                answer(self)

            do_POST = do_PUT = do_GET

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def reply(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """One whole answer."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
