"""What is around every page: the way in, the language, the scheme, what a browser may load, and where else to go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rectoverso.i18n import catalogue
from rectoverso.store.people import Role
from rectoverso.studio.door import own_path
from rectoverso.workflow.guard import CHANGES
from rectoverso.workflow.ledgers import ENTRY_KINDS
from visitor import Visitors


def test_it_speaks_the_language_that_was_chosen_last(studio: Visitors) -> None:
    browser = studio.new_client()
    chinese = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
    assert '<html lang="en"' in browser.get("/").text
    assert '<html lang="zh-Hans"' in browser.get("/", headers=chinese).text
    assert catalogue("zh")["studio_start.title"] in browser.get("/?lang=zh").text
    assert '<html lang="zh-Hans"' in browser.get("/").text
    assert '<html lang="en"' in browser.get("/?lang=en", headers=chinese).text
    assert '<html lang="en"' in browser.get("/?lang=xx", headers=chinese).text, "the cookie says so"


def test_the_scheme_is_kept(studio: Visitors) -> None:
    browser = studio.new_client()
    assert 'data-scheme="auto"' in browser.get("/").text
    assert 'data-scheme="dark"' in browser.get("/?scheme=dark").text
    assert 'data-scheme="dark"' in browser.get("/?scheme=pink").text
    assert 'href="/?scheme=light"' in browser.get("/").text


def test_files_of_the_studio_may_be_kept_for_ever(studio: Visitors) -> None:
    addresses = set(re.findall(r'"(/static/[^"]+)"', studio.get("/").text))
    assert {address.rpartition(".")[2] for address in addresses} == {"css", "js", "svg"}
    for address in addresses:
        answer = studio.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert studio.get(re.sub(r"/static/\w+/", "/static/0123/", address)).status_code == 404
    assert studio.get("/static/0123/../app.py").status_code == 404


def test_no_page_holds_what_its_policy_would_stop(studio: Visitors) -> None:
    for path in ("/", "/sign-in", "/nothing-here"):
        answer = studio.get(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"<script>|<style|\son\w+=|\sstyle=|javascript:", answer.text), path


def test_what_is_not_there_is_told_with_what_to_do(studio: Visitors) -> None:
    answer = studio.get("/nothing-here?lang=zh")
    assert answer.status_code == 404
    for part in ("what", "fix"):
        assert catalogue("zh")[f"errors.page_unknown.{part}"].format(path="/nothing-here") in answer.text
    assert studio.browser().post("/").status_code == 405
    studio.get("/?lang=en")


def test_programs_are_answered_as_before(studio: Visitors) -> None:
    assert studio.get("/healthz").json() == {"status": "ok"}
    assert studio.get("/api/v1/nothing").json()["code"] == "route_unknown"
    assert studio.get("/v1/services/capabilities").json()["supportedCapabilities"] == ["queryByContent"]


@pytest.mark.parametrize(
    ("then", "where"),
    [
        ("/gallery?use=art", "/gallery?use=art"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("", "/"),
    ],
)
def test_it_leads_on_within_itself_alone(then: str, where: str) -> None:
    assert own_path(then) == where


def test_in_the_made_up_language_nothing_is_left_in_english(studio: Visitors) -> None:
    """What stands between tags and comes from no catalogue would have plain vowels."""
    for path in ("/", "/sign-in"):
        text = studio.new_client().get(f"{path}?lang=pseudo").text
        body = text[text.index("<main") : text.index("</main>")]
        said = re.sub(r"<[^>]*>", " ", body)
        assert not re.findall(r"\b\w*[aeou]\w*\b", said), path


def test_while_nobody_has_an_account_this_machine_is_let_in(place: Path) -> None:
    open_ = Visitors(place)
    answer = open_.get("/")
    assert catalogue("en")["studio.open"] in answer.text
    assert "/sign-out" not in answer.text
    assert open_.get("/sign-in").headers["location"] == "/"
    open_.hire(Role.ADMIN)
    assert catalogue("en")["studio.open"] not in open_.get("/").text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_of_entry_has_a_word_in_the_ledger(language: str) -> None:
    """Those that are documented, and those that change what the door goes by."""
    table = (Path(__file__).parents[3] / "docs" / "en" / "ledger.md").read_text("utf-8")
    rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    committing = {kind for row in rows for kind in re.findall(r"\w+", row)}
    kinds = CHANGES | committing | set(ENTRY_KINDS.values())
    assert len(kinds) > 20
    assert {f"studio_ledger.kind.{kind}" for kind in kinds} <= catalogue(language).keys()
