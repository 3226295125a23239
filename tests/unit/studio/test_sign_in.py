"""A key typed once lets a browser in, until its time, the key, the account or the person says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rectoverso.service import auth
from rectoverso.service.limits import ServiceLimits
from rectoverso.store.people import Role
from rectoverso.store.sessions import LASTS, RENEWED_AFTER
from rectoverso.studio import page as pages
from rectoverso.workflow.people import end_person
from visitor import Visitors

ME = "/api/v1/people/me"


def test_who_signs_in_is_known_to_pages_and_to_the_api(studio: Visitors) -> None:
    browser = studio.new_client()
    assert browser.get(ME).status_code == 401
    answer = browser.post("/sign-in", data={"key": f" {studio.keys[Role.MAKER]}\n", "then": "/verify"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/verify")
    cookie = answer.headers["set-cookie"]
    for part in ("verso_session=", "HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"):
        assert part in cookie
    assert "Secure" not in cookie
    assert studio.keys[Role.MAKER] not in cookie
    assert browser.get(ME).json()["role"] == "maker"
    assert "the maker" in browser.get("/").text
    assert browser.get("/sign-in?then=/ledger").headers["location"] == "/ledger"


def test_over_tls_it_is_sent_over_tls_alone(studio: Visitors) -> None:
    origin = {"Origin": "https://studio.example", "Host": "studio.example"}
    answer = studio.new_client().post("/sign-in", data={"key": studio.keys[Role.MAKER]}, headers=origin)
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("key", ["", "rv_", "rv_000000000000_" + "A" * 32, "<script>alert(1)</script>", "🔑"])
def test_what_is_no_key_opens_nothing(studio: Visitors, key: str) -> None:
    browser = studio.new_client()
    answer = browser.post("/sign-in", data={"key": key})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "set-cookie" not in answer.headers
    assert "<script>alert" not in answer.text
    assert browser.get(ME).status_code == 401


def test_who_signs_out_is_known_no_more(studio: Visitors) -> None:
    browser = studio.new_client()
    browser.post("/sign-in", data={"key": studio.keys[Role.VIEWER]})
    token = browser.cookies["verso_session"]
    assert browser.get(ME).status_code == 200
    answer = browser.post("/sign-out")
    assert (answer.status_code, answer.headers["clear-site-data"]) == (303, '"cache"')
    browser.cookies.set("verso_session", token)
    assert browser.get(ME).status_code == 401


def test_a_session_ends_with_the_account(place: Path) -> None:
    visitors = Visitors(place)
    visitors.hire(Role.ADMIN, Role.MAKER)
    assert visitors.get(ME, Role.MAKER).status_code == 200
    end_person(visitors.home, visitors.ids[Role.MAKER])
    assert visitors.get(ME, Role.MAKER).status_code == 401


def test_what_the_browser_sends_is_replaced_and_ends(
    studio: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also two browsers' worth of requests with the old one get one new token between them."""
    browser = studio.new_client()
    browser.post("/sign-in", data={"key": studio.keys[Role.MAKER]})
    old, now = browser.cookies["verso_session"], datetime.now(UTC)
    _clock(monkeypatch, now + RENEWED_AFTER + timedelta(seconds=1))
    assert "verso_session" in browser.get("/").headers["set-cookie"]
    assert browser.cookies["verso_session"] != old
    other = studio.new_client()
    other.cookies.set("verso_session", old)
    assert "set-cookie" not in other.get("/").headers
    assert other.get(ME).status_code == 200, "for a minute"
    _clock(monkeypatch, now + RENEWED_AFTER + timedelta(minutes=2))
    assert other.get(ME).status_code == 401
    assert browser.get(ME).status_code == 200
    _clock(monkeypatch, now + LASTS + timedelta(seconds=5))
    assert browser.get(ME).status_code == 401


def _clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    class Then:
        def now(self) -> datetime:
            return now

    monkeypatch.setattr(auth, "SystemClock", Then)
    monkeypatch.setattr(pages, "SystemClock", Then)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_another_site_signs_nobody_in_or_out(studio: Visitors, path: str, headers: dict[str, str]) -> None:
    browser = studio.new_client()
    answer = browser.post(path, data={"key": studio.keys[Role.MAKER]}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_link_from_elsewhere_leads_in_and_nothing_else_does(studio: Visitors) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    framed = link | {"Sec-Fetch-Dest": "iframe"}
    browser = studio.browser(Role.VIEWER)
    assert browser.get(ME, headers=link).status_code == 200
    assert browser.get(ME, headers=framed).status_code == 403
    assert browser.post(ME, headers=link).status_code in (403, 405)
    again = '<meta http-equiv="refresh" content="0">'
    assert again in studio.new_client().get("/sign-in", headers=link).text
    assert again not in studio.new_client().get("/sign-in").text


def test_who_is_one_of_many_behind_an_address_is_not_turned_away_with_them(place: Path) -> None:
    visitors = Visitors(place, ServiceLimits(per_minute=0.001, burst=2, of_known=1000))
    visitors.hire(Role.ADMIN)
    admin = visitors.browser(Role.ADMIN)
    statuses = [visitors.browser().post("/people", data={"name": "a" * 900}).status_code for _ in range(3)]
    assert statuses == [303, 429, 429]
    turned = visitors.browser().post("/api/v1/people", json={})
    assert (turned.status_code, turned.json()["code"], turned.headers["retry-after"]) == (
        429,
        "too_many_requests",
        "1",
    )
    assert admin.post("/people", data={"name": "Anna", "role": "viewer"}).status_code == 200
    key = {"Authorization": f"Bearer {visitors.keys[Role.ADMIN]}"}
    assert visitors.browser().post("/api/v1/people", json={}, headers=key).status_code == 422


def test_guessing_is_slowed_down(place: Path) -> None:
    visitors = Visitors(place, ServiceLimits(per_minute=1, burst=3))
    visitors.hire(Role.ADMIN)
    statuses = [visitors.browser().post("/sign-in", data={"key": "rv_"}).status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
