"""What every page is shown in: its reader's language and scheme, who looks, and where else they may go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from rectoverso.errors import RectoversoError
from rectoverso.i18n import catalogue, say, sentences
from rectoverso.protocols import SystemClock
from rectoverso.service.auth import SESSION
from rectoverso.service.problems import LANGUAGE, language_of
from rectoverso.store.people import Person
from rectoverso.studio.door import keep_session
from rectoverso.types import Message
from rectoverso.workflow.permissions import Permission, is_allowed
from rectoverso.workflow.places import without_places

SCHEMES = ("auto", "light", "dark")
_SCHEME = "scheme"
_TAGS = {"zh": "zh-Hans", "pseudo": "en"}
_YEAR_S = 365 * 24 * 3600
_TEMPLATES = Environment(
    loader=PackageLoader("rectoverso.studio"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the navigation leads: ``studio.nav.<name>`` is what it is called. ``permission``: what whoever is shown it
    must be allowed; None for everybody, also who has no account.
    """

    name: str
    path: str
    permission: Permission | None = Permission.LOOK

    def is_for(self, person: Person | None) -> bool:
        return self.permission is None or is_allowed(person, self.permission)


class Page:
    """What shows templates to one reader."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.language = language_of(request)
        chosen = (request.query_params.get(_SCHEME), request.cookies.get(_SCHEME))
        self.scheme = next((one for one in chosen if one in SCHEMES), SCHEMES[0])

    @property
    def person(self) -> Person | None:
        """Who looks, as far as the route has asked."""
        return getattr(self.request.state, "person", None)

    def say(self, key: str, **facts: object) -> str:
        """A sentence of the catalogue, in the reader's language."""
        return say(Message(key, facts), self.language)

    def has(self, key: str) -> bool:
        """Whether the catalogue says anything of this."""
        return key in catalogue(self.language)

    def sentences(self, error: RectoversoError) -> dict[str, str]:
        """What happened, why, and what to do, which for some errors is another thing here than for a program."""
        told = sentences(error, self.language)
        here = f"studio.fix.{error.code}"
        told |= {"fix": self.say(here)} if self.has(here) else {}
        return {part: without_places(text, self.request.app.state.desk.home) for part, text in told.items()}

    def show(self, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """A page, or a part of one, of ``templates/``. ``facts`` are its own; all of them have what is in `_frame`."""
        text = _TEMPLATES.get_template(template).render(**self._frame(), **facts)
        answer = HTMLResponse(text, status)
        self._remember(answer)
        return answer

    def _frame(self) -> dict[str, Any]:
        """What any template may use: ``t`` says a sentence by its key, ``said`` a message, ``static`` is the address of
        a file, ``here`` that of this page with another choice; ``may`` says whether the reader is allowed something.
        """
        state = self.request.app.state
        url: Callable[[str], str] = state.static.url
        return {
            "t": self.say,
            "says": self.has,
            "said": lambda message: say(message, self.language),
            "static": url,
            "here": self._here,
            "language": self.language,
            "tag": _TAGS.get(self.language, self.language),
            "scheme": self.scheme,
            "schemes": SCHEMES,
            "path": self.request.url.path,
            "person": self.person,
            "may": lambda permission: is_allowed(self.person, Permission(permission)),
            "is_open": state.desk.is_open,
            "places": [place for place in state.places if place.is_for(self.person)],
        }

    def _here(self, **choice: str) -> str:
        kept = [pair for pair in self.request.query_params.multi_items() if pair[0] not in choice]
        return f"{self.request.url.path}?{urlencode([*kept, *choice.items()])}"

    def _remember(self, answer: HTMLResponse) -> None:
        """Keep what the address chose, and give a session that is due its next token."""
        for name, value in ((LANGUAGE, self.language), (_SCHEME, self.scheme)):
            if self.request.query_params.get(name) == value:
                answer.set_cookie(name, value, max_age=_YEAR_S, httponly=True, samesite="lax")
        session = getattr(self.request.state, "session", None)
        if session and session.is_due:
            sessions = self.request.app.state.desk.home.sessions
            if token := sessions.renew(self.request.cookies[SESSION], SystemClock().now()):
                keep_session(self.request, answer, token)


ThePage = Annotated[Page, Depends(Page)]
