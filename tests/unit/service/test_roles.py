"""What each permission opens, route by route, for every role and for nobody; a route that names none is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Route

from counter import Counter
from rectoverso.service.resolution import resolution_app
from rectoverso.store.people import Role
from rectoverso.workflow.permissions import READ_ONLY, ROLES, Permission

ADMIN, MAKER = Role.ADMIN, Role.MAKER
LOOK, FOLLOW, INSPECT = Permission.LOOK, Permission.FOLLOW, Permission.INSPECT
MAKE, SEND, REVIEW = Permission.MAKE, Permission.SEND, Permission.REVIEW
REGISTER, PUBLISH, OVERSEE, GOVERN = (
    Permission.REGISTER,
    Permission.PUBLISH,
    Permission.OVERSEE,
    Permission.GOVERN,
)
EVERYBODY = None
"""Also who has no account."""

ROUTES: dict[str, Permission | None] = {
    "GET /systems": LOOK,
    "GET /systems/{name}": LOOK,
    "GET /datasets": LOOK,
    "POST /datasets": MAKE,
    "GET /datasets/{dataset}/datasheet": LOOK,
    "POST /uploads": SEND,
    "GET /runs": LOOK,
    "POST /runs": MAKE,
    "GET /runs/{run}": LOOK,
    "GET /runs/{run}/status": LOOK,
    "GET /generations": FOLLOW,
    "POST /generations": MAKE,
    "GET /generations/{job}": FOLLOW,
    "GET /assets": LOOK,
    "POST /assets": MAKE,
    "GET /assets/{asset}": LOOK,
    "GET /assets/{asset}/file": LOOK,
    "GET /assets/{asset}/proof": LOOK,
    "GET /assets/{asset}/evidence": INSPECT,
    "POST /assets/{asset}/publication": PUBLISH,
    "POST /assets/{asset}/revoke": PUBLISH,
    "GET /reviews": INSPECT,
    "GET /reviews/{asset}": INSPECT,
    "GET /reviews/{asset}/picture": REVIEW,
    "GET /reviews/{asset}/evidence": INSPECT,
    "GET /reviews/{asset}/works/{work}/{sheet}": REVIEW,
    "POST /reviews/{asset}/votes": REVIEW,
    "POST /reviews/{asset}/undo": REVIEW,
    "GET /works": INSPECT,
    "POST /works": REGISTER,
    "POST /works/catalogue": REGISTER,
    "GET /works/{work}": INSPECT,
    "DELETE /works/{work}": REGISTER,
    "GET /works/{work}/refusals": INSPECT,
    "POST /works/{work}/claim": REGISTER,
    "GET /policies": LOOK,
    "GET /policies/{name}": LOOK,
    "GET /laws": LOOK,
    "POST /laws/comply": LOOK,
    "GET /jobs": FOLLOW,
    "GET /jobs/{job}": FOLLOW,
    "GET /jobs/{job}/items": FOLLOW,
    "GET /jobs/{job}/events": FOLLOW,
    "POST /jobs/{job}/cancel": MAKE,
    "POST /jobs/{job}/retry": MAKE,
    "POST /verify": EVERYBODY,
    "GET /ledger": LOOK,
    "GET /ledger/entries": LOOK,
    "GET /ledger/entries/{index}": LOOK,
    "GET /ledger/entries/{index}/proof": LOOK,
    "GET /ledger/keys": LOOK,
    "GET /ledger/check": INSPECT,
    "GET /keys": LOOK,
    "POST /keys/rotation": GOVERN,
    "GET /people": OVERSEE,
    "POST /people": GOVERN,
    "GET /people/me": LOOK,
    "DELETE /people/{person}": GOVERN,
    "GET /people/{person}/keys": OVERSEE,
    "POST /people/{person}/keys": GOVERN,
    "DELETE /people/{person}/keys/{key}": GOVERN,
    "GET /people/{person}/professions": OVERSEE,
    "POST /people/{person}/professions": GOVERN,
    "DELETE /people/{person}/professions/{entry}": GOVERN,
    "POST /v1/images/generations": MAKE,
    "POST /v1/images/edits": MAKE,
}
OUTSIDE = {
    "/api/v1/openapi.json": EVERYBODY,
    "/healthz": EVERYBODY,
    "/metrics": OVERSEE,
}
"""What the OpenAPI document does not tell of."""
RESOLUTION = {
    "/v1/matches/byBinding",
    "/v1/matches/byContent",
    "/v1/matches/byReference",
    "/v1/manifests/{manifest_id:path}",
    "/v1/services/supportedAlgorithms",
    "/v1/services/capabilities",
    "/v1/services/status",
    "/.well-known/c2pa-soft-binding-resolution",
}
"""C2PA's, for everybody: it only reads, and gives out what was released."""
CHANGING_NOTHING = {"POST /laws/comply"}
"""What is asked with a body, and keeps nothing."""
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
    "entry": "0",
}


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    counter = Counter(tmp_path_factory.mktemp("roles") / "home")
    counter.hire(*Role)
    with counter.client:
        yield counter


def test_every_route_is_in_the_table(counter: Counter) -> None:
    routes = set()
    for path, operations in counter.app.openapi()["paths"].items():
        routes |= {f"{method.upper()} {path.removeprefix('/api/v1')}" for method in operations}
    assert routes == set(ROUTES)
    paths = {f"/api/v1{path}" if not path.startswith("/v1/") else path for _, _, path in map(_parted, ROUTES)}
    there = {route.path for route in counter.app.routes if isinstance(route, APIRoute | Route)}
    assert there <= paths | set(OUTSIDE), "what is not in the document either"
    assert {route.path for route in resolution_app(counter.folder).routes} == RESOLUTION  # type: ignore[attr-defined]


def _parted(route: str) -> tuple[str, str, str]:
    return route.partition(" ")


def test_every_permission_is_asked_for_by_a_route_and_stands_in_the_table() -> None:
    assert set(ROLES) == set(Permission) == {*ROUTES.values(), *OUTSIDE.values()} - {EVERYBODY}
    assert all(ADMIN in roles for roles in ROLES.values())


def test_whoever_only_reads_changes_nothing() -> None:
    """An auditor sees whatever is recorded, and there is nothing that they could change."""
    assert {one for one in Permission if Role.AUDITOR in ROLES[one]} == READ_ONLY
    changing = {route for route in ROUTES if not route.startswith("GET ")}
    assert {route for route in changing if ROUTES[route] in READ_ONLY} == CHANGING_NOTHING


@pytest.mark.parametrize("route", ROUTES)
def test_only_who_may_is_let_in(counter: Counter, route: str) -> None:
    method, _, path = _parted(route)
    place, permission = path.format(**PLACES), ROUTES[route]
    assert (counter.ask(method, place).status_code == 401) is (permission is not EVERYBODY)
    if permission is EVERYBODY:
        return
    answers = {role: counter.ask(method, place, role) for role in Role}
    assert {role for role, answer in answers.items() if answer.status_code not in (401, 403)} == ROLES[
        permission
    ]
    for role in set(Role) - ROLES[permission]:
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
