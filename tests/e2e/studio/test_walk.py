"""Every page of the studio, as everybody: in both languages and schemes, wide and narrow, and nothing wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rectoverso.store.people import Role
from walking import Studio, a_browser, walking

pytestmark = pytest.mark.slow

VIEWER, MAKER, REVIEWER, ADMIN = Role.VIEWER, Role.MAKER, Role.REVIEWER, Role.ADMIN
EVERYBODY, MAKING = frozenset(Role), frozenset({MAKER})
WALK: dict[str, frozenset[Role] | None] = {
    "/": None,
    "/sign-in": None,
    "/make": MAKING,
    "/train": MAKING,
    "/train/ready": MAKING,
    "/gallery": EVERYBODY,
    "/verify": None,
    "/ledger": EVERYBODY,
    "/ledger/0": EVERYBODY,
    "/no-such-page": None,
}
"""The pages, and who may see each; None for everybody, also who has no account."""
LOOKS = [(language, scheme) for language in ("en", "zh") for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("walked") / "home") as studio:
        studio.hire(*Role)
        yield studio


@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_every_page_as_everybody(browser: Any, studio: Studio, role: Role | None) -> None:
    """An admin, and who has no account, sees each in every look; the others in one of them each."""
    looks = LOOKS if role in (None, ADMIN) else [LOOKS[list(Role).index(role) % len(LOOKS)]]
    with walking(browser, studio, role) as walker:
        for path, allowed in WALK.items():
            for language, scheme in looks:
                status = walker.go(path, language=language, scheme=scheme)
                if path == "/no-such-page":
                    assert status == 404
                elif allowed is None or role in {*allowed, ADMIN}:
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
        for path in WALK:
            for language, scheme in (("en", "dark"), ("zh", "light")):
                walker.go(path, language=language, scheme=scheme)
                walker.look()
