"""Who is shown which page; whoever is not named there is sent to sign in, or told that their role may not."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute

from rectoverso.store.people import Role
from rectoverso.studio.pages import PAGES
from visitor import Visitors

VIEWER, MAKER, REVIEWER, ADMIN = Role.VIEWER, Role.MAKER, Role.REVIEWER, Role.ADMIN
ALL = frozenset(Role)
MAKING = frozenset({MAKER, ADMIN})
LOOKING = frozenset({MAKER, REVIEWER, ADMIN})
REVIEWING = frozenset({REVIEWER, ADMIN})
EVERYBODY = None
"""Also who has no account."""

ROLES = {
    "GET /": EVERYBODY,
    "POST /first": MAKING,
    "GET /first/{job}": LOOKING,
    "GET /sign-in": EVERYBODY,
    "POST /sign-in": EVERYBODY,
    "POST /sign-out": EVERYBODY,
    "GET /make": MAKING,
    "POST /make": MAKING,
    "GET /make/compare": MAKING,
    "GET /make/{job}": MAKING,
    "GET /make/{job}/part": MAKING,
    "POST /make/{job}/cancel": MAKING,
    "POST /make/{job}/retry": MAKING,
    "GET /make/{job}/given/{what}": MAKING,
    "GET /train": MAKING,
    "POST /train": MAKING,
    "GET /train/ready": MAKING,
    "POST /train/start": MAKING,
    "GET /train/data/{job}": MAKING,
    "GET /train/data/{job}/part": MAKING,
    "GET /train/{run}": MAKING,
    "GET /train/{run}/part": MAKING,
    "GET /train/{run}/samples/{name}.png": MAKING,
    "POST /train/{job}/cancel": MAKING,
    "POST /train/{job}/retry": MAKING,
    "GET /gallery": ALL,
    "GET /gallery/{asset}": ALL,
    "GET /review": REVIEWING,
    "POST /review": REVIEWING,
    "POST /review/undo": REVIEWING,
    "GET /review/{asset}": REVIEWING,
    "POST /review/{asset}": REVIEWING,
    "GET /works": REVIEWING,
    "POST /works": REVIEWING,
    "GET /works/jobs/{job}": REVIEWING,
    "GET /works/{work}": REVIEWING,
    "POST /works/{work}/claim": REVIEWING,
    "POST /works/{work}/remove": REVIEWING,
    "GET /verify": EVERYBODY,
    "POST /verify": EVERYBODY,
    "GET /ledger": ALL,
    "GET /ledger/verifier": ALL,
    "POST /ledger/check": REVIEWING,
    "GET /ledger/{index}": ALL,
}
PLACES = {
    "job": "f" * 16,
    "run": "f" * 16,
    "asset": "f" * 12,
    "work": "f" * 8,
    "index": "0",
    "what": "mask",
    "name": "0" * 9,
}


def test_every_page_is_in_the_table() -> None:
    routes = [route for page in PAGES for route in page.router.routes if isinstance(route, APIRoute)]
    assert {f"{method} {route.path}" for route in routes for method in route.methods or ()} == set(ROLES)


@pytest.mark.parametrize("route", [route for route, allowed in ROLES.items() if allowed is not EVERYBODY])
def test_only_who_may_is_shown_it(studio: Visitors, route: str) -> None:
    method, _, path = route.partition(" ")
    place = path.format(**PLACES)
    stranger = studio.browser().request(method, place)
    assert stranger.status_code == 303
    assert stranger.headers["location"].startswith("/sign-in")
    part = studio.browser().request(method, place, headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["hx-redirect"]) == (401, stranger.headers["location"])
    answers = {role: studio.browser(role).request(method, place) for role in Role}
    assert {role for role, answer in answers.items() if answer.status_code != 403} == ROLES[route]
    assert all("not_allowed" in answers[role].text for role in set(Role) - (ROLES[route] or ALL))
    assert all(answer.status_code < 500 for answer in answers.values())


@pytest.mark.parametrize("route", [route for route in ROLES if route.startswith("POST")])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}])
def test_a_page_of_another_site_does_nothing_here(
    studio: Visitors, route: str, headers: dict[str, str]
) -> None:
    answer = studio.browser(ADMIN).post(route.removeprefix("POST ").format(**PLACES), headers=headers)
    assert answer.status_code == 403
    assert "foreign_page" in answer.text


def test_the_navigation_leads_where_one_may_go(studio: Visitors) -> None:
    def places(role: Role | None) -> list[str]:
        text = studio.get("/", role).text
        return re.findall(r'<li><a href="(/[a-z]+)"', text[: text.index("</nav>")])

    assert places(None) == ["/verify"]
    assert places(VIEWER) == ["/gallery", "/verify", "/ledger"]
    assert set(places(VIEWER)) <= set(places(ADMIN))
    text = studio.get("/ledger/0", VIEWER).text
    assert re.findall(r'href="(/\w+)" aria-current="page"', text) == ["/ledger"]
