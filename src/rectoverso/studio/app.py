"""The studio beside the service: one server, one home, the same people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from rectoverso.errors import (
    BodyTooLarge,
    NotSignedIn,
    PageUnknown,
    RectoversoError,
    RequestUnusable,
    TooManyRequests,
)
from rectoverso.service.app import Headed, service_app
from rectoverso.service.auth import is_turned_away
from rectoverso.service.desk import Desk
from rectoverso.service.limits import Bodies, ServiceLimits
from rectoverso.service.problems import outward, retry_after, status_of
from rectoverso.studio.door import sign_in_first, somebody
from rectoverso.studio.page import Page
from rectoverso.studio.pages import MOST_BYTES, PAGES
from rectoverso.studio.static import Static

_FORM_BYTES = 1_000_000
_HEADERS = {
    b"content-security-policy": (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}


_ROUTES = APIRouter()
"""Those of all pages, analysed once a process, as the service's are."""
for _page in PAGES:
    _ROUTES.include_router(_page.router)


def studio_app(home: Path, limits: ServiceLimits | None = None) -> FastAPI:
    """The service over the home at ``home``, as `service_app` has it, and the pages beside it."""
    return service_app(home, limits, pages=lambda desk: Headed(pages_app(desk), _HEADERS))


def pages_app(desk: Desk) -> ASGIApp:
    """The pages alone."""
    handlers: dict[Any, Any] = {
        RectoversoError: _told,
        RequestValidationError: _told,
        HTTPException: _told,
        Exception: _told,
    }
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, exception_handlers=handlers)
    app.router.redirect_slashes = False
    app.state.desk = desk
    app.state.static = Static()
    app.state.places = [page.PLACE for page in PAGES if hasattr(page, "PLACE")]
    app.router.routes.extend(_ROUTES.routes)
    app.router.routes.append(app.state.static.route)
    app.add_middleware(
        Bodies,
        seconds=desk.limits.body_seconds,
        most=lambda path: MOST_BYTES.get(path, _FORM_BYTES),
        turned_away=lambda request: is_turned_away(request, desk),
    )
    return app


def _told(request: Request, raised: Exception) -> Response:
    """Handles whatever goes wrong: a page that says what, why, and what to do; or the way to sign in."""
    error, status = _named(request, raised)
    if isinstance(error, NotSignedIn):
        return _sent_to_sign_in(request)
    if getattr(request.state, "person", None) is None and not isinstance(error, TooManyRequests):
        somebody(request, request.app.state.desk)
    page = Page(request)
    answer = page.show("error.html", status, error=error, sentences=page.sentences(error))
    if soon := retry_after(error):
        answer.headers["Retry-After"] = str(soon)
    return answer


def _named(request: Request, raised: Exception) -> tuple[RectoversoError, int]:
    """The error of ours that something is, and its status."""
    if isinstance(raised, RequestValidationError):
        where = "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in raised.errors()[:5])
        return RequestUnusable(problems=where + "."), 422
    if isinstance(raised, HTTPException) and raised.status_code in (408, 413):
        return BodyTooLarge(limit=raised.detail), raised.status_code
    if isinstance(raised, HTTPException) and raised.status_code == 429:
        return TooManyRequests(seconds=1), 429
    if isinstance(raised, HTTPException):
        return PageUnknown(path=request.url.path), raised.status_code
    error = outward(raised)
    return error, 404 if isinstance(error, PageUnknown) else status_of(error)


def _sent_to_sign_in(request: Request) -> Response:
    """A part of a page that is asked for by a script cannot be redirected: the whole page is."""
    address = sign_in_first(request)
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)
