"""Errors over HTTP: problem JSON (RFC 9457), the same sentences as everywhere, in English or Chinese as asked for."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rectoverso.errors import (
    CouldNotRun,
    ImageTooLarge,
    InputError,
    ManifestRevoked,
    ManifestUnknown,
    NotNow,
    NotOffered,
    QueryTooLong,
    RectoversoError,
    TooManyRequests,
    Unexpected,
)
from rectoverso.i18n import LANGUAGES, explain

_LOG = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_STATUSES: dict[type[RectoversoError], int] = {
    ManifestUnknown: 404,
    ManifestRevoked: 410,
    QueryTooLong: 413,
    ImageTooLarge: 413,
    TooManyRequests: 429,
    NotOffered: 501,
    NotNow: 503,
    InputError: 400,
}


def problem(request: Request, error: RectoversoError, status: int | None = None) -> Response:
    """An error as an answer; ``status`` only where the error's own would be wrong."""
    status = status or next((code for kind, code in _STATUSES.items() if isinstance(error, kind)), 500)
    body = {
        "type": f"urn:rectoverso:problem:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": explain(error, language_of(request)),
        "code": error.code,
    }
    headers = {"Retry-After": str(error.facts["seconds"])} if isinstance(error, TooManyRequests) else {}
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def language_of(request: Request) -> str:
    """The first language of Accept-Language that there is a catalogue of, else English."""
    asked = request.headers.get("accept-language", "").lower().split(",")
    return next((one for name in asked for one in LANGUAGES if name.strip().startswith(one)), "en")


async def told(request: Request, error: Exception) -> Response:
    """Handles what this project raises on purpose. What is wrong with the home is told to its keeper, on standard
    error: paths and addresses of servers are nobody else's business.
    """
    if isinstance(error, CouldNotRun) and not isinstance(error, (*_STATUSES, Unexpected)):
        _LOG.error("%s", error)
        return problem(request, NotNow())
    return problem(request, error if isinstance(error, RectoversoError) else Unexpected(problem="-"))


async def not_there(request: Request, error: Exception) -> Response:
    """Handles addresses and methods that there are none of."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    return problem(request, NotOffered(method=request.method, path=request.url.path), status)


async def unexpected(request: Request, error: Exception) -> Response:
    """Handles a fault of ours: a stranger is told that there was one, and not which."""
    return problem(request, Unexpected(problem=type(error).__name__), 500)
