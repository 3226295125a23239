"""What the service says of itself on standard error: a line for each request and each event, with the request's id.

A line names no person's name, no address and nothing that was asked for: the route as the OpenAPI document writes it,
the status, the time. Where somebody was shown a held draft, it says who, by the id of their account.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADER = b"x-request-id"
_PLAIN = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_LOG = logging.getLogger("rectoverso.requests")


def begin() -> None:
    """Let everything that this project logs come as lines of JSON, or in colours where somebody watches."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    shown = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove, shown])
    )
    ours = logging.getLogger("rectoverso")
    ours.handlers, ours.propagate = [handler], False
    ours.setLevel(logging.INFO)


class Told:
    """Gives each request an id, tells of it in a line, and sends it back as `X-Request-ID`. An id that came with the
    request is taken over where it is a plain word, so that what others log can be found here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        came = next((value for name, value in scope["headers"] if name == _HEADER), b"")
        request = came if _PLAIN.fullmatch(came) else secrets.token_hex(8).encode()
        began, status = time.perf_counter(), 500

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (_HEADER, request)]
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request.decode()):
            try:
                await self._app(scope, receive, named)
            finally:
                ms = round(1000 * (time.perf_counter() - began), 1)
                said = {"method": method_of(scope), "route": route_of(scope), "status": status, "ms": ms}
                _LOG.info("request", extra=said)


def method_of(scope: Scope) -> str:
    """The method, where it is one that there is."""
    method = str(scope["method"])
    return method if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else "other"


def route_of(scope: Scope) -> str:
    """The route that answered, by the names of what stood in its places, without the API's prefix; "other" where none
    did.
    """
    route = scope.get("route")
    return str(getattr(route, "path", "other"))
