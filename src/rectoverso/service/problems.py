"""Errors over HTTP: problem JSON (RFC 9457), the same sentences as everywhere, in English or Chinese as asked for."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rectoverso.errors import (
    AnswerIsNo,
    AssetNotFound,
    BodyTooLarge,
    ConfirmationNotFound,
    CouldNotRun,
    DataNotFound,
    EntryNotFound,
    ForeignPage,
    FoundSince,
    HeldBefore,
    HomeBusy,
    ImageTooLarge,
    InputError,
    JobNotFound,
    KeyReused,
    ManifestRevoked,
    ManifestUnknown,
    MarkFailed,
    NoRoom,
    NotAllowed,
    NotNow,
    NotOffered,
    NotReleased,
    NotReleasedYet,
    NotSignedIn,
    NotUndone,
    NotWaiting,
    OwnProfession,
    OwnWork,
    PersonNotFound,
    ProfessionUnconfirmed,
    QueryTooLong,
    QueueFull,
    RectoversoError,
    RequestUnusable,
    ReviewElsewhere,
    RouteUnknown,
    RunNotFound,
    SignatureNeeded,
    TakesTooLong,
    TooManyRequests,
    Unexpected,
    UnknownName,
    UploadNotFound,
    VotedAlready,
    WorkNotFound,
)
from rectoverso.i18n import LANGUAGES, PSEUDO, explain
from rectoverso.workflow.places import without_places

_LOG = logging.getLogger(__name__)
_MOST_PROBLEMS = 10
_AT_THE_DOOR_S = 5
"""Roughly how long a batch of others takes there."""

MEDIA_TYPE = "application/problem+json"
LANGUAGE = "lang"
"""The cookie that keeps the language somebody chose."""
OPENAI = "/v1/images/"
"""Below this, errors have the shape that OpenAI's clients read."""
_STATUSES: dict[type[RectoversoError], int] = {
    NotSignedIn: 401,
    NotAllowed: 403,
    ForeignPage: 403,
    OwnWork: 403,
    OwnProfession: 403,
    ProfessionUnconfirmed: 403,
    AssetNotFound: 404,
    ConfirmationNotFound: 404,
    DataNotFound: 404,
    EntryNotFound: 404,
    JobNotFound: 404,
    ManifestUnknown: 404,
    NotReleased: 404,
    PersonNotFound: 404,
    RouteUnknown: 404,
    RunNotFound: 404,
    UploadNotFound: 404,
    WorkNotFound: 404,
    NotWaiting: 409,
    VotedAlready: 409,
    HeldBefore: 409,
    FoundSince: 409,
    ReviewElsewhere: 409,
    NotUndone: 409,
    ManifestRevoked: 410,
    BodyTooLarge: 413,
    QueryTooLong: 413,
    ImageTooLarge: 413,
    KeyReused: 422,
    NotReleasedYet: 422,
    RequestUnusable: 422,
    SignatureNeeded: 422,
    MarkFailed: 422,
    TakesTooLong: 422,
    QueueFull: 429,
    TooManyRequests: 429,
    NotOffered: 501,
    NoRoom: 503,
    HomeBusy: 503,
    NotNow: 503,
    InputError: 400,
}


def problem(request: Request, error: RectoversoError, status: int | None = None) -> Response:
    """An error as an answer; ``status`` only where the error's own would be wrong."""
    status = status or status_of(error)
    detail = _without_places(request, explain(error, language_of(request)))
    headers = {"Retry-After": str(soon)} if (soon := retry_after(error)) else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if request.url.path.startswith(OPENAI):
        return JSONResponse(_as_openai(error, detail), status, headers)
    body: dict[str, object] = {
        "type": f"urn:rectoverso:problem:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": error.code,
    }
    if isinstance(error, UnknownName):
        body["field"] = str(error.facts["kind"])
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def status_of(error: RectoversoError) -> int:
    """The status that an error has over HTTP."""
    return next((code for kind, code in _STATUSES.items() if isinstance(error, kind)), 500)


def retry_after(error: RectoversoError) -> int | None:
    """In how many seconds it is worth another try, where that can be said."""
    if isinstance(error, HomeBusy):
        return _AT_THE_DOOR_S
    return int(str(error.facts["seconds"])) if isinstance(error, TooManyRequests) else None


def _without_places(request: Request, text: str) -> str:
    """A sentence without where on this machine the home and what is worked on lie."""
    desk = getattr(request.app.state, "desk", None)
    return text if desk is None else without_places(text, desk.home)


def _as_openai(error: RectoversoError, detail: str) -> dict[str, object]:
    """An error in the shape of OpenAI's API, with the job's address where there is one."""
    kind = "server_error" if isinstance(error, CouldNotRun) else "invalid_request_error"
    told: dict[str, object] = {"message": detail, "type": kind, "param": None, "code": error.code}
    return {"error": told | ({"job": error.facts["job"]} if "job" in error.facts else {})}


def language_of(request: Request) -> str:
    """The language that the address says (``?lang=zh``), else that which was chosen before, else the first of
    Accept-Language that there is a catalogue of, else English.
    """
    for chosen in (request.query_params.get("lang"), request.cookies.get(LANGUAGE)):
        if chosen in (*LANGUAGES, PSEUDO):
            return chosen
    asked = request.headers.get("accept-language", "").lower().split(",")
    return next((one for name in asked for one in LANGUAGES if name.strip().startswith(one)), "en")


async def told(request: Request, error: Exception) -> Response:
    """Handles what this project raises on purpose."""
    return problem(request, outward(error))


def outward(error: Exception) -> RectoversoError:
    """What others are told of an error. What is wrong with the home is told to its keeper, on standard error: paths
    and addresses of servers are nobody else's business.
    """
    if isinstance(error, CouldNotRun | AnswerIsNo) and not isinstance(error, (*_STATUSES, Unexpected)):
        _LOG.error("%s", error)
        return NotNow()
    return error if isinstance(error, RectoversoError) else Unexpected(problem=type(error).__name__)


async def not_there(request: Request, error: Exception) -> Response:
    """Handles addresses and methods that there are none of."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    return problem(request, NotOffered(method=request.method, path=request.url.path), status)


async def of_framework(request: Request, error: Exception) -> Response:
    """Handles what the framework finds before anything of ours is asked: no such route, a body too large or too slow,
    one that is none.
    """
    status = error.status_code if isinstance(error, HTTPException) else 404
    if status in (408, 413):
        limit = error.detail if isinstance(error, HTTPException) else ""
        return problem(request, BodyTooLarge(limit=limit), status)
    if status == 429:
        return problem(request, TooManyRequests(seconds=1), status)
    if status in (404, 405):
        answer = problem(request, RouteUnknown(method=request.method, path=request.url.path), status)
        answer.headers.update((error.headers or {}) if isinstance(error, HTTPException) else {})
        return answer
    return problem(request, RequestUnusable(problems=f"{HTTPStatus(status).phrase}."), status)


async def unusable(request: Request, error: Exception) -> Response:
    """Handles a request that does not say what it has to: where, and what is wrong there."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found[:_MOST_PROBLEMS]]
    return problem(request, RequestUnusable(problems="; ".join(lines) + "."), 422)


async def unexpected(request: Request, error: Exception) -> Response:
    """Handles a fault of ours: a stranger is told that there was one, and not which."""
    return problem(request, outward(error), 500)
