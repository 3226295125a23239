"""The whole service over one home: `/api/v1`, the facade in OpenAI's shape, C2PA's resolution API, `/healthz`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import NoMatchFound
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rectoverso.errors import RectoversoError
from rectoverso.service import events, openai, problems
from rectoverso.service.api import PROBLEMS, api
from rectoverso.service.api.uploads import PICTURE_BYTES
from rectoverso.service.auth import is_turned_away
from rectoverso.service.desk import Desk
from rectoverso.service.limits import Bodies, ServiceLimits
from rectoverso.service.logs import Told
from rectoverso.service.metrics import Measured, Metrics, metrics
from rectoverso.service.resolution import resolution_app
from rectoverso.version import __version__

_JSON_BYTES = 1_000_000
_MOST_BYTES = {
    "/api/v1/laws/comply": PICTURE_BYTES,
    "/api/v1/datasets": 2 << 30,
    "/api/v1/uploads": PICTURE_BYTES,
    "/api/v1/verify": PICTURE_BYTES,
    "/v1/images/edits": 2 * PICTURE_BYTES + _JSON_BYTES,
}
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}


_ROUTES = APIRouter()
"""What every application answers. FastAPI analyses a router that is included when it is first asked, 0.35 s for all of
these: once a process. Which home is asked stands with the application (``request.app.state``).
"""
_ROUTES.include_router(api)
_ROUTES.include_router(events.router, prefix="/api/v1", responses=PROBLEMS)
_ROUTES.include_router(openai.router)


def service_app(
    home: Path,
    limits: ServiceLimits | None = None,
    pages: Callable[[Desk], ASGIApp] | None = None,
) -> FastAPI:
    """The application over the home at ``home``, which is made if there is none. ``pages``: makes what answers
    for every address that is none of a program's.
    """
    limits = limits or ServiceLimits()
    desk = Desk.of(home, limits)

    handlers: dict[Any, Any] = {
        RectoversoError: problems.told,
        RequestValidationError: problems.unusable,
        HTTPException: problems.of_framework,
        Exception: problems.unexpected,
    }
    app = FastAPI(
        title="Rectoverso",
        version=__version__,
        description="Make pictures, and let none out without its proof.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its pages load their scripts from elsewhere
        redoc_url=None,
        exception_handlers=handlers,
    )
    app.state.desk = desk
    app.state.metrics = Metrics(desk.home)
    app.router.redirect_slashes = False
    app.router.routes.extend(_ROUTES.routes)
    app.add_api_route("/healthz", _healthy, include_in_schema=False)
    app.add_route("/metrics", metrics, include_in_schema=False)
    app.add_middleware(
        Bodies,
        seconds=limits.body_seconds,
        most=lambda path: _MOST_BYTES.get(path, _JSON_BYTES),
        turned_away=lambda request: is_turned_away(request, desk),
    )
    app.add_middleware(_Resolving, resolution=resolution_app(home, limits))
    app.add_middleware(Headed, headers=_HEADERS)
    if pages:
        app.add_middleware(_Pages, pages=pages(desk))
    app.add_middleware(Measured, metrics=app.state.metrics)
    app.add_middleware(Told)
    return app


def analyse(app: FastAPI) -> None:
    """Have all routes looked through now, not when somebody first asks. To look for one that is not there does it."""
    with suppress(NoMatchFound):
        app.url_path_for("")


async def _healthy() -> dict[str, str]:
    return {"status": "ok"}


class _Resolving:
    """C2PA's resolution API under its own addresses, with its own errors and its own meter."""

    PATHS = ("/v1/matches/", "/v1/manifests/", "/v1/services/", "/.well-known/")

    def __init__(self, app: ASGIApp, resolution: ASGIApp) -> None:
        self._app, self._resolution = app, resolution

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_theirs = scope["type"] == "http" and scope["path"].startswith(self.PATHS)
        await (self._resolution if is_theirs else self._app)(scope, receive, send)


class _Pages:
    """What programs ask for goes to the service as it is; everything else is a page."""

    PATHS = ("/api/", "/v1/", "/.well-known/", "/healthz", "/metrics")

    def __init__(self, app: ASGIApp, pages: ASGIApp) -> None:
        self._app, self._pages = app, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and not scope["path"].startswith(self.PATHS)
        await (self._pages if is_page else self._app)(scope, receive, send)


class Headed:
    """Answers with what keeps browsers from guessing; what an answer says itself counts."""

    def __init__(self, app: ASGIApp, headers: Mapping[bytes, bytes]) -> None:
        self._app, self._headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message["headers"]}
                message["headers"] += [pair for pair in self._headers.items() if pair[0] not in said]
            await send(message)

        await self._app(scope, receive, headed)
