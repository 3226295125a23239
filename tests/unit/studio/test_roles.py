"""Who is shown which page; whoever is not named there is sent to sign in, or told that their role may not."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute

from rectoverso.store.people import Role
from rectoverso.studio.pages import PAGES
from rectoverso.workflow.permissions import ROLES, Permission
from visitor import Visitors

LOOK, FOLLOW, INSPECT, MAKE = Permission.LOOK, Permission.FOLLOW, Permission.INSPECT, Permission.MAKE
REVIEW, REGISTER, PUBLISH = Permission.REVIEW, Permission.REGISTER, Permission.PUBLISH
OVERSEE, GOVERN = Permission.OVERSEE, Permission.GOVERN
EVERYBODY = None
"""Also who has no account."""

ROUTES: dict[str, Permission | None] = {
    "GET /": EVERYBODY,
    "POST /first": MAKE,
    "GET /first/{job}": FOLLOW,
    "GET /sign-in": EVERYBODY,
    "POST /sign-in": EVERYBODY,
    "POST /sign-out": EVERYBODY,
    "GET /make": MAKE,
    "POST /make": MAKE,
    "GET /make/compare": MAKE,
    "GET /make/{job}": MAKE,
    "GET /make/{job}/part": MAKE,
    "POST /make/{job}/cancel": MAKE,
    "POST /make/{job}/retry": MAKE,
    "GET /make/{job}/given/{what}": MAKE,
    "GET /train": MAKE,
    "POST /train": MAKE,
    "GET /train/ready": MAKE,
    "POST /train/start": MAKE,
    "GET /train/data/{job}": MAKE,
    "GET /train/data/{job}/part": MAKE,
    "GET /train/{run}": MAKE,
    "GET /train/{run}/part": MAKE,
    "GET /train/{run}/samples/{name}.png": MAKE,
    "POST /train/{job}/cancel": MAKE,
    "POST /train/{job}/retry": MAKE,
    "GET /gallery": LOOK,
    "GET /gallery/{asset}": LOOK,
    "POST /gallery/{asset}/publication": PUBLISH,
    "POST /gallery/{asset}/revoke": PUBLISH,
    "GET /review": INSPECT,
    "POST /review": REVIEW,
    "POST /review/undo": REVIEW,
    "GET /review/{asset}": INSPECT,
    "POST /review/{asset}": REVIEW,
    "GET /works": INSPECT,
    "POST /works": REGISTER,
    "GET /works/jobs/{job}": INSPECT,
    "GET /works/{work}": INSPECT,
    "POST /works/{work}/claim": REGISTER,
    "POST /works/{work}/remove": REGISTER,
    "GET /verify": EVERYBODY,
    "POST /verify": EVERYBODY,
    "GET /ledger": LOOK,
    "GET /ledger/verifier": LOOK,
    "POST /ledger/check": INSPECT,
    "GET /ledger/{index}": LOOK,
    "GET /people": OVERSEE,
    "POST /people": GOVERN,
    "GET /people/{person}": OVERSEE,
    "POST /people/{person}/keys": GOVERN,
    "POST /people/{person}/keys/{key}/end": GOVERN,
    "POST /people/{person}/end": GOVERN,
    "POST /people/{person}/professions": GOVERN,
    "POST /people/{person}/professions/{entry}/withdraw": GOVERN,
}
PLACES = {
    "job": "f" * 16,
    "run": "f" * 16,
    "asset": "f" * 12,
    "work": "f" * 8,
    "index": "0",
    "person": "f" * 12,
    "key": "f" * 12,
    "entry": "0",
    "what": "mask",
    "name": "0" * 9,
}


def test_every_page_is_in_the_table() -> None:
    routes = [route for page in PAGES for route in page.router.routes if isinstance(route, APIRoute)]
    assert {f"{method} {route.path}" for route in routes for method in route.methods or ()} == set(ROUTES)


@pytest.mark.parametrize("route", [route for route, allowed in ROUTES.items() if allowed is not EVERYBODY])
def test_only_who_may_is_shown_it(studio: Visitors, route: str) -> None:
    method, _, path = route.partition(" ")
    place = path.format(**PLACES)
    stranger = studio.browser().request(method, place)
    assert stranger.status_code == 303
    assert stranger.headers["location"].startswith("/sign-in")
    part = studio.browser().request(method, place, headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["hx-redirect"]) == (401, stranger.headers["location"])
    answers = {role: studio.browser(role).request(method, place) for role in Role}
    permission = ROUTES[route]
    assert permission
    assert {role for role, answer in answers.items() if answer.status_code != 403} == ROLES[permission]
    assert all("not_allowed" in answers[role].text for role in set(Role) - ROLES[permission])
    assert all(answer.status_code < 500 for answer in answers.values())


@pytest.mark.parametrize("route", [route for route in ROUTES if route.startswith("POST")])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}])
def test_a_page_of_another_site_does_nothing_here(
    studio: Visitors, route: str, headers: dict[str, str]
) -> None:
    answer = studio.browser(Role.ADMIN).post(route.removeprefix("POST ").format(**PLACES), headers=headers)
    assert answer.status_code == 403
    assert "foreign_page" in answer.text


def test_the_navigation_leads_where_one_may_go(studio: Visitors) -> None:
    def places(role: Role | None) -> list[str]:
        text = studio.get("/", role).text
        return re.findall(r'<li><a href="(/[a-z]+)"', text[: text.index("</nav>")])

    assert places(None) == ["/verify"]
    assert places(Role.VIEWER) == places(Role.PUBLISHER) == ["/gallery", "/verify", "/ledger"]
    assert places(Role.AUDITOR) == ["/gallery", "/review", "/works", "/verify", "/ledger", "/people"]
    assert set(places(Role.VIEWER)) <= set(places(Role.ADMIN))
    text = studio.get("/ledger/0", Role.VIEWER).text
    assert re.findall(r'href="(/\w+)" aria-current="page"', text) == ["/ledger"]
