"""Every page of the studio, as everybody: in both languages and schemes, wide and narrow, and nothing wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from holding import hold, work_off
from rectoverso.store.people import Role
from rectoverso.verso.picture import to_png
from rectoverso.workflow.jobs.asked import RegisterAsked, WorkAsked
from rectoverso.workflow.permissions import ROLES, Permission
from unit.verso.conftest import photo
from walking import Studio, a_browser, walking

pytestmark = pytest.mark.slow

ADMIN = Role.ADMIN
LOOK, MAKE, INSPECT, OVERSEE = Permission.LOOK, Permission.MAKE, Permission.INSPECT, Permission.OVERSEE
WALK: dict[str, Permission | None] = {
    "/": None,
    "/sign-in": None,
    "/make": MAKE,
    "/train": MAKE,
    "/train/ready": MAKE,
    "/gallery": LOOK,
    "/verify": None,
    "/ledger": LOOK,
    "/ledger/0": LOOK,
    "/review": INSPECT,
    "/review/HELD": INSPECT,
    "/review/HELD?use=general": INSPECT,
    "/works": INSPECT,
    "/works/WORK": INSPECT,
    "/works/jobs/JOB": INSPECT,
    "/people": OVERSEE,
    "/people/PERSON": OVERSEE,
    "/no-such-page": None,
}
"""The pages, and what one must be allowed to see each; None for nothing, nor an account. Capitals: see `furnished`."""
LOOKS = [(language, scheme) for language in ("en", "zh") for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("walked") / "home") as studio:
        studio.hire(*Role)
        furnished(studio)
        yield studio


NAMES: dict[str, dict[str, str]] = {}
"""What stands for the capitals of `WALK`, by the address of the studio."""


def furnished(studio: Studio) -> None:
    """A work is registered there, and a picture held that is similar to it."""
    picture = photo(1, 256)
    sent = WorkAsked(
        digest=studio.home.uploads.put(to_png(picture)), title="Dunes", owner="Anna", asked="review"
    )
    job = work_off(studio.home, "somebody", RegisterAsked(works=(sent,)))
    (held,) = hold(studio.home, [picture[:, ::-1].copy()], "somebody", "general")
    person = next((one.id for one in studio.home.people.all()), "f" * 12)
    NAMES[studio.url] = {
        "HELD": held,
        "WORK": studio.home.works.all()[0].id,
        "JOB": job,
        "PERSON": person,
    }


def addressed(studio: Studio, path: str) -> str:
    for name, stands_for in NAMES[studio.url].items():
        path = path.replace(name, stands_for)
    return path


@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_every_page_as_everybody(browser: Any, studio: Studio, role: Role | None) -> None:
    """An admin, and who has no account, sees each in every look; the others in one of them each."""
    looks = LOOKS if role in (None, ADMIN) else [LOOKS[list(Role).index(role) % len(LOOKS)]]
    with walking(browser, studio, role) as walker:
        for path, allowed in WALK.items():
            for language, scheme in looks:
                status = walker.go(addressed(studio, path), language=language, scheme=scheme)
                if path == "/no-such-page":
                    assert status == 404
                elif allowed is None or role in ROLES[allowed]:
                    assert status == 200, path
                else:
                    assert status == 403 or "/sign-in" in walker.page.url, path
                walker.look()


def test_narrow_and_without_an_account_on_this_machine(
    browser: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """While nobody has an account whoever sits here sees all; on a telephone too."""
    with (
        Studio(tmp_path_factory.mktemp("open") / "home") as studio,
        walking(browser, studio, viewport={"width": 390, "height": 800}) as walker,
    ):
        furnished(studio)
        for path in WALK:
            for language, scheme in (("en", "dark"), ("zh", "light")):
                walker.go(addressed(studio, path), language=language, scheme=scheme)
                walker.look()
