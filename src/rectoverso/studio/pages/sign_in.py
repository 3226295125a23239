"""Signing in with the key of an account, and out again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from rectoverso.errors import SignInFailed
from rectoverso.i18n import sentences
from rectoverso.protocols import SystemClock
from rectoverso.service.auth import SESSION, TheDesk, anybody, demand_own_page, known_by
from rectoverso.service.desk import Desk
from rectoverso.store.people import id_of
from rectoverso.studio.door import SIGN_IN, Anybody, keep_session, own_path
from rectoverso.studio.page import ThePage

router = APIRouter()
_LONGEST = 200
Then = Annotated[str, Query(max_length=2000)]


@router.get(SIGN_IN)
def ask(page: ThePage, somebody: Anybody, then: Then = "/") -> Response:
    """The page that asks for a key. Who is signed in goes on at once.

    A browser keeps back what it is known by where a page of another site led here; so such a page is loaded once more,
    by itself.
    """
    if somebody:
        return RedirectResponse(own_path(then), 303)
    came_from_elsewhere = page.request.headers.get("sec-fetch-site") == "cross-site"
    return page.show("sign_in.html", then=own_path(then), wrong=None, again=came_from_elsewhere)


@router.post(SIGN_IN)
def sign_in(
    request: Request,
    page: ThePage,
    desk: TheDesk,
    key: Annotated[str, Form(max_length=_LONGEST)] = "",
    then: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Begin a session, if the key counts."""
    demand_own_page(request)
    anybody(request, desk)
    token = key.strip()
    name = id_of(token)
    if name is None or known_by(desk, token) is None:
        wrong = sentences(SignInFailed(), page.language)
        return page.show("sign_in.html", 401, then=own_path(then), wrong=wrong, again=False)
    _end_session(request, desk)
    answer = RedirectResponse(own_path(then), 303)
    keep_session(request, answer, desk.home.sessions.begin(name, SystemClock().now()))
    return answer


@router.post("/sign-out")
def sign_out(request: Request, desk: TheDesk) -> Response:
    """End the session of this browser, and have it forget what it was shown."""
    demand_own_page(request)
    _end_session(request, desk)
    answer = RedirectResponse("/", 303, {"Clear-Site-Data": '"cache"'})
    answer.delete_cookie(SESSION, httponly=True, samesite="strict")
    return answer


def _end_session(request: Request, desk: Desk) -> None:
    if token := request.cookies.get(SESSION):
        desk.home.sessions.end(token)
