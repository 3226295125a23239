"""What each role may do, route by route; whoever is not named there is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from counter import Counter
from rectoverso.store.people import Role

VIEWER, MAKER, REVIEWER, ADMIN = Role
ALL = frozenset(Role)
MAKING = frozenset({MAKER, ADMIN})
LOOKING = frozenset({MAKER, REVIEWER, ADMIN})
REVIEWING = frozenset({REVIEWER, ADMIN})
GOVERNING = frozenset({ADMIN})
EVERYBODY = None
"""Also who has no account."""

ROLES = {
    "GET /systems": ALL,
    "GET /systems/{name}": ALL,
    "GET /datasets": ALL,
    "POST /datasets": MAKING,
    "GET /datasets/{dataset}/datasheet": ALL,
    "POST /uploads": LOOKING,
    "GET /runs": ALL,
    "POST /runs": MAKING,
    "GET /runs/{run}": ALL,
    "GET /runs/{run}/status": ALL,
    "GET /generations": LOOKING,
    "POST /generations": MAKING,
    "GET /generations/{job}": LOOKING,
    "GET /assets": ALL,
    "POST /assets": MAKING,
    "GET /assets/{asset}": ALL,
    "GET /assets/{asset}/file": ALL,
    "GET /assets/{asset}/proof": ALL,
    "GET /assets/{asset}/evidence": REVIEWING,
    "POST /assets/{asset}/revoke": GOVERNING,
    "GET /reviews": REVIEWING,
    "GET /reviews/{asset}": REVIEWING,
    "GET /reviews/{asset}/picture": REVIEWING,
    "GET /reviews/{asset}/evidence": REVIEWING,
    "GET /reviews/{asset}/works/{work}/{sheet}": REVIEWING,
    "POST /reviews/{asset}/votes": REVIEWING,
    "POST /reviews/{asset}/undo": REVIEWING,
    "GET /works": REVIEWING,
    "POST /works": REVIEWING,
    "POST /works/catalogue": REVIEWING,
    "GET /works/{work}": REVIEWING,
    "DELETE /works/{work}": REVIEWING,
    "GET /works/{work}/refusals": REVIEWING,
    "POST /works/{work}/claim": REVIEWING,
    "GET /policies": ALL,
    "GET /policies/{name}": ALL,
    "GET /laws": ALL,
    "POST /laws/comply": ALL,
    "GET /jobs": LOOKING,
    "GET /jobs/{job}": LOOKING,
    "GET /jobs/{job}/items": LOOKING,
    "GET /jobs/{job}/events": LOOKING,
    "POST /jobs/{job}/cancel": MAKING,
    "POST /jobs/{job}/retry": MAKING,
    "POST /verify": EVERYBODY,
    "GET /ledger": ALL,
    "GET /ledger/entries": ALL,
    "GET /ledger/entries/{index}": ALL,
    "GET /ledger/entries/{index}/proof": ALL,
    "GET /ledger/keys": ALL,
    "GET /ledger/check": REVIEWING,
    "GET /keys": ALL,
    "POST /keys/rotation": GOVERNING,
    "GET /people": GOVERNING,
    "POST /people": GOVERNING,
    "GET /people/me": ALL,
    "DELETE /people/{person}": GOVERNING,
    "GET /people/{person}/keys": GOVERNING,
    "POST /people/{person}/keys": GOVERNING,
    "DELETE /people/{person}/keys/{key}": GOVERNING,
    "POST /v1/images/generations": MAKING,
    "POST /v1/images/edits": MAKING,
    "GET /healthz": EVERYBODY,
}
PLACES = {
    "name": "dcgan",
    "dataset": "f" * 16,
    "run": "demo",
    "job": "f" * 16,
    "asset": "f" * 12,
    "work": "f" * 8,
    "sheet": "points",
    "index": "0",
    "person": "f" * 12,
    "key": "f" * 12,
}


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    counter = Counter(tmp_path_factory.mktemp("roles") / "home")
    counter.hire(*Role)
    return counter


def test_every_route_is_in_the_table(counter: Counter) -> None:
    routes = set()
    for path, operations in counter.app.openapi()["paths"].items():
        routes |= {f"{method.upper()} {path.removeprefix('/api/v1')}" for method in operations}
    hidden = {route.path for route in counter.app.routes if isinstance(route, APIRoute)} - {"/healthz"}
    assert all(not path.startswith("/api/v1/openapi") for path in hidden)
    assert routes | {"GET /healthz"} == set(ROLES)


@pytest.mark.parametrize("route", ROLES)
def test_only_who_may_is_let_in(counter: Counter, route: str) -> None:
    method, _, path = route.partition(" ")
    place = path.format(**PLACES)
    allowed = ROLES[route]
    assert (counter.ask(method, place).status_code == 401) is (allowed is not EVERYBODY)
    if allowed is EVERYBODY:
        return
    answers = {role: counter.ask(method, place, role) for role in Role}
    assert {role for role, answer in answers.items() if answer.status_code not in (401, 403)} == allowed
    for role in set(Role) - allowed:
        assert "not_allowed" in answers[role].text


def test_a_key_that_ended_lets_nobody_in(tmp_path: Path) -> None:
    counter = Counter(tmp_path / "home")
    counter.hire(ADMIN, MAKER)
    assert counter.ask("GET", "/people/me", MAKER).json()["role"] == "maker"
    maker = counter.ids[MAKER]
    (key,) = counter.ask("GET", f"/people/{maker}/keys", ADMIN).json()["items"]
    made = counter.ask("POST", f"/people/{maker}/keys", ADMIN).json()
    assert counter.ask("DELETE", f"/people/{maker}/keys/{key['id']}", ADMIN).status_code == 204
    assert counter.ask("GET", "/people/me", MAKER).status_code == 401
    counter.keys[MAKER] = made["token"]
    assert counter.ask("GET", "/people/me", MAKER).status_code == 200
    assert counter.ask("DELETE", f"/people/{maker}", ADMIN).status_code == 204
    assert counter.ask("GET", "/people/me", MAKER).status_code == 401
    assert counter.ask("POST", f"/people/{maker}/keys", ADMIN).json()["code"] == "person_not_found"
