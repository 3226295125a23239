"""Who asks, and may they: a key in the header, a session begun with one, or this very machine while nobody has an
account.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

import anyio.to_thread
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from rectoverso.errors import ForeignPage, NotSignedIn
from rectoverso.protocols import SystemClock
from rectoverso.service.desk import Desk
from rectoverso.service.limits import address_of
from rectoverso.store.people import Person
from rectoverso.workflow.people import LOCAL
from rectoverso.workflow.permissions import Permission, demand, is_allowed

SESSION = "verso_session"
"""The cookie by which the browser of somebody who signed in is known."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
FOR_OTHERS = (
    "forwarded",
    "via",
    "x-forwarded-",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
)
"""By headers that begin so a proxy says that it asks for somebody else."""
_MOST_PROVEN = 1000

_bearer = HTTPBearer(auto_error=False, description="A key of an account: rv_...")


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(desk_of)]


def asker(
    request: Request,
    desk: TheDesk,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Person:
    """The account that asks. Raises NotSignedIn, ForeignPage, TooManyRequests."""
    return _asking(request, desk, bearer.credentials if bearer else None)


def person_of(request: Request, desk: Desk) -> Person:
    """The same, of a request that no route of the API answers."""
    return _asking(request, desk, token_of(request))


def _asking(request: Request, desk: Desk, token: str | None) -> Person:
    demand_own_page(request)
    if _is_stranger(request, desk, token):
        desk.strangers.take(address_of(request))  # before the slow hash, which costs more than the answer
    person = identified(request, desk, token)
    if person is None:
        raise NotSignedIn
    desk.known.take(person.id)
    request.state.person = person
    return person


def identified(request: Request, desk: Desk, token: str | None) -> Person | None:
    """Who asks, None where nobody knows. Raises ForeignPage where there are no accounts, for who is not here."""
    if desk.is_open:
        demand_this_machine(request)
        return LOCAL
    return known_by(desk, token) if token else _signed_in(request, desk)


async def is_turned_away(request: Request, desk: Desk) -> bool:
    """Whether this is a stranger whose requests are used up."""
    if not desk.strangers.is_used_up(address_of(request)):
        return False
    return await anyio.to_thread.run_sync(_is_stranger, request, desk, token_of(request))


def _is_stranger(request: Request, desk: Desk, token: str | None) -> bool:
    return not (desk.is_open or _is_proven(token) or (token is None and _signed_in(request, desk)))


def is_still(request: Request, desk: Desk, person: Person) -> bool:
    """Whether what let somebody in when an answer began still does, and they are still who they were."""
    try:
        return identified(request, desk, token_of(request)) == person
    except ForeignPage:
        return False


def token_of(request: Request) -> str | None:
    """The key in the header, if there is one."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def anybody(request: Request, desk: TheDesk) -> None:
    """For what needs no account: counts the request."""
    desk.strangers.take(address_of(request))


def may(permission: Permission) -> Callable[[Person], Person]:
    """A dependency: the asker, whose role must allow this. Raises NotAllowed."""

    def allowed(person: Annotated[Person, Depends(asker)]) -> Person:
        demand(person, permission)
        return person

    return allowed


Anyone = Annotated[Person, Depends(may(Permission.LOOK))]
Follower = Annotated[Person, Depends(may(Permission.FOLLOW))]
Inspector = Annotated[Person, Depends(may(Permission.INSPECT))]
Maker = Annotated[Person, Depends(may(Permission.MAKE))]
Sender = Annotated[Person, Depends(may(Permission.SEND))]
Reviewer = Annotated[Person, Depends(may(Permission.REVIEW))]
Registrar = Annotated[Person, Depends(may(Permission.REGISTER))]
Publisher = Annotated[Person, Depends(may(Permission.PUBLISH))]
Overseer = Annotated[Person, Depends(may(Permission.OVERSEE))]
Admin = Annotated[Person, Depends(may(Permission.GOVERN))]


def sees_all(person: Person) -> bool:
    """Whether somebody sees what others make, and what was not released."""
    return is_allowed(person, Permission.INSPECT)


def demand_own_page(request: Request) -> None:
    """Raise ForeignPage for what a browser asks on behalf of another site's page (Fetch Metadata, and Origin). A link
    that somebody follows here is none of these: it shows them what is there, and the other page nothing.
    """
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    is_own = origin is None or _parts(origin).netloc == request.headers.get("host")
    if not is_own or (site not in ("none", "same-origin") and not _is_link(request)):
        raise ForeignPage


def _is_link(request: Request) -> bool:
    told = (request.headers.get("sec-fetch-mode"), request.headers.get("sec-fetch-dest"))
    return request.method == "GET" and told == ("navigate", "document")


def demand_this_machine(request: Request) -> None:
    """Raise ForeignPage for who asks from elsewhere, also through a proxy on this machine that says so, or by a name
    that leads here and is not this machine's own.
    """
    if any(name.startswith(FOR_OTHERS) for name in request.headers):
        raise ForeignPage
    named = _parts(f"//{request.headers.get('host', '')}").hostname
    if named not in LOOPBACK or request.client is None or request.client.host not in LOOPBACK:
        raise ForeignPage


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:
        raise ForeignPage from error


@dataclass
class _Proven:
    """Digests of keys that were found right, so that the slow hash is worked out once; whether a key still counts is
    asked each time. The digests are keyed: they are of no use outside this process.
    """

    key: bytes
    digests: OrderedDict[bytes, None]
    lock: Lock

    def digest(self, token: str) -> bytes:
        return hashlib.blake2b(token.encode("utf-8", "surrogatepass"), key=self.key).digest()


_proven = _Proven(secrets.token_bytes(32), OrderedDict(), Lock())


def _signed_in(request: Request, desk: Desk) -> Person | None:
    token = request.cookies.get(SESSION)
    request.state.session = desk.home.sessions.find(token, SystemClock().now()) if token else None
    return request.state.session.person if request.state.session else None


def _is_proven(token: str | None) -> bool:
    return token is not None and _proven.digest(token) in _proven.digests


def known_by(desk: Desk, token: str) -> Person | None:
    """Whose key this is; slow for one that was not found right before."""
    digest = _proven.digest(token)
    person = desk.home.people.known_by(token, is_proven=digest in _proven.digests)
    with _proven.lock:
        if person is None:
            _proven.digests.pop(digest, None)  # from now on each try of it is counted
        else:
            _proven.digests[digest] = None
            if len(_proven.digests) > _MOST_PROVEN:
                _proven.digests.popitem(last=False)
    return person


def is_own_key(desk: Desk, key: str, person: Person) -> bool:
    """Whether a key is this person's own, worked out anew: that a process remembers it proves nothing here."""
    found = desk.home.people.known_by(key)
    return found is not None and found.id == person.id
