"""Accounts in the browser: made with a key that is shown once, confirmed, closed; and seen by auditors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rectoverso.store.people import Role
from visitor import Visitors

ADMIN, AUDITOR = Role.ADMIN, Role.AUDITOR


@pytest.fixture
def house(place: Path) -> Visitors:
    visitors = Visitors(place)
    visitors.hire(ADMIN, AUDITOR)
    return visitors


def token_in(text: str) -> str | None:
    found = re.search(r"rv_[0-9a-f]{12}_[\w-]{32}", text)
    return found[0] if found else None


def test_an_account_is_made_and_its_key_is_shown_once(house: Visitors) -> None:
    made = house.browser(ADMIN).post("/people", data={"name": " 安娜 <b> ", "role": "publisher"})
    assert made.headers["cache-control"] == "no-store"
    token = token_in(made.text)
    assert token
    person = house.home.people.known_by(token)
    assert person
    assert (person.name, person.role) == ("安娜 <b>", Role.PUBLISHER)
    assert "安娜 &lt;b&gt;" in made.text
    place = f"/people/{person.id}"
    assert token_in(house.get(place, ADMIN).text) is None
    (first,) = house.home.people.keys(person.id)
    again = token_in(house.browser(ADMIN).post(f"{place}/keys").text)
    assert again != token
    house.browser(ADMIN).post(f"{place}/keys/{first.id}/end")
    assert house.home.people.known_by(token) is None
    house.browser(ADMIN).post(f"{place}/end")
    assert house.home.people.known_by(str(again)), "not without being sure"
    house.browser(ADMIN).post(f"{place}/end", data={"sure": "true"})
    assert house.home.people.known_by(str(again)) is None
    for name in ("", " ", "a\tb", "x" * 101):
        assert house.browser(ADMIN).post("/people", data={"name": name, "role": "maker"}).status_code == 400


def test_a_profession_is_confirmed_of_others_and_taken_back(house: Visitors) -> None:
    place = f"/people/{house.ids[AUDITOR]}"
    said = {"use": "medical", "profession": "radiologist", "evidence": "licence 4711"}
    assert house.browser(ADMIN).post(f"{place}/professions", data=said).status_code == 303
    page = house.get(place, AUDITOR).text
    assert "radiologist" in page
    assert "the admin" in page
    assert '<form method="post" action="/people' not in page, "an auditor changes nothing"
    entry = re.search(r'href="/ledger/(\d+)"', page)
    assert entry
    house.browser(ADMIN).post(f"{place}/professions/{entry[1]}/withdraw")
    assert "taken back" in house.get(f"{place}?lang=en", AUDITOR).text
    wrong = house.browser(ADMIN).post(f"{place}/professions", data=said | {"evidence": " "})
    assert wrong.status_code == 400
    assert 'value="radiologist"' in wrong.text
    own = house.browser(ADMIN).post(f"/people/{house.ids[ADMIN]}/professions", data=said)
    assert own.status_code == 403
    assert house.get(f"/people/{'f' * 12}", ADMIN).status_code == 404


def test_with_the_first_account_the_house_is_closed(place: Path) -> None:
    visitors = Visitors(place)
    assert visitors.get("/people").status_code == 200
    made = visitors.browser().post("/people", data={"name": "Anna", "role": "admin"})
    assert token_in(made.text)
    assert visitors.get("/people").headers["location"].startswith("/sign-in")
