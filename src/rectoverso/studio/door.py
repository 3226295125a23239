"""Who a page is for: somebody signed in, anybody, or whoever was sent to sign in first."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import Depends, Request
from starlette.responses import Response

from rectoverso.errors import ForeignPage, NotSignedIn
from rectoverso.service.auth import SESSION, TheDesk, asker
from rectoverso.store.people import Person
from rectoverso.store.sessions import LASTS

SIGN_IN = "/sign-in"


def somebody(request: Request, desk: TheDesk) -> Person | None:
    """Who looks, None for whoever has no account: for pages that are for everybody. Raises TooManyRequests."""
    try:
        return asker(request, desk, None)
    except (NotSignedIn, ForeignPage):
        return None


Anybody = Annotated[Person | None, Depends(somebody)]


def keep_session(request: Request, answer: Response, token: str) -> None:
    """Have the browser send this from now on: to this site alone, hidden from scripts, and only encrypted where the
    page was fetched so (which a server behind a proxy learns from the origin that the browser names).
    """
    is_https = "https" in (request.url.scheme, urlsplit(request.headers.get("origin", "")).scheme)
    seconds = int(LASTS.total_seconds())
    answer.set_cookie(SESSION, token, max_age=seconds, httponly=True, samesite="strict", secure=is_https)


def sign_in_first(request: Request) -> str:
    """The address of the page that asks for a key, and leads back to what was asked for."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return SIGN_IN if back == "/" or request.method != "GET" else f"{SIGN_IN}?{urlencode({'then': back})}"


def own_path(then: str) -> str:
    """Where to go on, if that is within this site; else the first page."""
    is_own = then.startswith("/") and not then.startswith(("//", "/\\")) and then.isprintable()
    return then if is_own else "/"
