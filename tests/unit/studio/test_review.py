"""The held queue: gone through one by one or several at once, by those who may, with what they are told before."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from holding import hold
from rectoverso.i18n import catalogue
from rectoverso.store.people import Role
from rectoverso.types import AssetId
from rectoverso.workflow.people import LOCAL
from rectoverso.workflow.professions import confirm
from unit.verso.conftest import photo
from visitor import Visitors

VIEWER, MAKER, REVIEWER, ADMIN = Role.VIEWER, Role.MAKER, Role.REVIEWER, Role.ADMIN
FOUR_EYES = 'version = 1\nextends = "advertising"\n[people]\nleast = 2\n'


class Desk(Visitors):
    """A studio in which pictures wait: each test takes those that it needs."""

    _number = 0

    def held(self, count: int = 1, use: str = "advertising", by: Role = MAKER) -> list[AssetId]:
        self._number += count
        pictures = [photo(self._number - at, 64) for at in range(count)]
        return hold(self.home, pictures, self.ids[by], use)

    def vote(self, asset: str, choice: str, by: Role = REVIEWER, **more: str) -> Any:
        return self.browser(by).post(f"/review/{asset}", data={"choice": choice, **more})

    def state(self, asset: str) -> str:
        return str(self.get(f"/api/v1/reviews/{asset}", REVIEWER).json()["state"])

    def says(self, path: str, by: Role = REVIEWER, language: str = "en") -> str:
        return plain(self.get(f"{path}{'&' if '?' in path else '?'}lang={language}", by).text)


def plain(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def told(key: str, language: str = "en", **facts: object) -> str:
    return catalogue(language)[f"studio_review.{key}"].format(**facts)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("review") / "home")
    desk.hire(*Role)
    desk.home.policies_path.mkdir(exist_ok=True)
    (desk.home.policies_path / "campaign.toml").write_text(FOUR_EYES, encoding="utf-8")
    return desk


def test_only_who_inspects_sees_it_and_only_who_reviews_sees_the_draft(desk: Desk) -> None:
    (asset,) = desk.held()
    for path in ("/review", f"/review/{asset}"):
        seen = {role for role in Role if desk.get(path, role).status_code == 200}
        assert seen == {REVIEWER, Role.AUDITOR, ADMIN}
        page = desk.get(path, Role.AUDITOR).text
        assert asset in page
        assert "/picture" not in page
        assert 'method="post" action="/review' not in page
        assert desk.get(path).headers["location"].startswith("/sign-in?then=%2Freview")
    for role in (VIEWER, MAKER, Role.AUDITOR):
        assert desk.vote(asset, "approve", role).status_code == 403
        for path in ("/review", "/review/undo"):
            assert desk.browser(role).post(path, data={"asset": asset, "choice": "refuse"}).status_code == 403
        assert ('href="/review"' in desk.get("/", role).text) is (role is Role.AUDITOR)
    assert desk.state(asset) == "waiting"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_says_why_it_is_held_and_where_one_is(desk: Desk, language: str) -> None:
    first, second, third = desk.held(3)
    page = desk.get(f"/review/{second}?use=advertising&lang={language}", REVIEWER).text
    assert f'src="/api/v1/reviews/{second}/picture"' in page
    assert f'href="/review/{first}?use=advertising" rel="prev"' in page
    assert f'href="/review/{third}?use=advertising" rel="next"' in page
    policy = "一张图片都须由人查看" if language == "zh" else "a person looks at every image"
    assert policy in plain(page).replace("每", "一")
    assert told("approve", language) in page
    assert "advertising@" in page
    assert not re.search(r"\bstudio_\w+\.", page)
    desk.get("/review?lang=en", REVIEWER)


def test_a_vote_goes_on_to_the_next_that_one_has_said_nothing_of(desk: Desk) -> None:
    first, second, third = desk.held(3)
    answer = desk.vote(first, "refuse", comment="Two logos.")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/review/{second}")
    desk.vote(second, "escalate")
    assert desk.vote(second, "approve").headers["location"] == f"/review/{third}"
    assert [desk.state(one) for one in (first, second)] == ["refused", "escalated"]
    page = desk.says(f"/review/{first}")
    assert "Two logos." in page
    assert told("unshown.refused") in page
    assert told("escalated_admin") in desk.says(f"/review/{second}", ADMIN)


def test_what_one_said_last_is_taken_back_from_wherever_one_is(desk: Desk) -> None:
    first, second = desk.held(2)
    desk.vote(first, "refuse")
    assert told("last", choice=told("said.refuse"), id=first) in desk.says(f"/review/{second}")
    answer = desk.browser(REVIEWER).post("/review/undo?use=advertising", data={"asset": first})
    assert answer.headers["location"] == f"/review/{first}?use=advertising"
    assert desk.state(first) == "waiting"
    again = desk.browser(REVIEWER).post("/review/undo", data={"asset": first})
    assert again.status_code == 409
    assert catalogue("en")["studio.fix.not_undone"] in again.text


def test_an_approval_leads_to_the_released_image(desk: Desk) -> None:
    (asset,) = desk.held()
    assert desk.vote(asset, "approve").status_code == 303
    became = desk.get(f"/api/v1/reviews/{asset}", REVIEWER).json()["became"]
    assert f'href="/gallery/{became}"' in desk.get(f"/review/{asset}", REVIEWER).text
    late = desk.vote(asset, "refuse", comment="Too late & <b>")
    assert late.status_code == 409
    assert catalogue("en")["studio.fix.not_waiting"] in late.text


def test_who_had_it_made_is_told_before_they_try(desk: Desk) -> None:
    (asset,) = desk.held(by=ADMIN)
    page = desk.get(f"/review/{asset}", ADMIN).text
    assert told("blocked.own") in page
    assert re.search(r'value="approve"[^>]* disabled', page)
    assert not re.search(r'value="refuse"[^>]* disabled', page)
    assert desk.vote(asset, "approve", ADMIN, comment="It is good").status_code == 403
    assert "It is good" in desk.vote(asset, "approve", ADMIN, comment="It is good").text, "is not typed again"
    assert told("blocked.own") not in desk.says(f"/review/{asset}")


def test_four_eyes(desk: Desk) -> None:
    (asset,) = desk.held(use="campaign")
    assert told("four_eyes", least=2, count=0) in desk.says(f"/review/{asset}")
    desk.vote(asset, "approve")
    page = desk.says(f"/review/{asset}")
    assert told("four_eyes", least=2, count=1) in page
    assert told("blocked.voted") in page
    assert "the reviewer approved" in page
    assert desk.vote(asset, "approve").status_code == 409
    assert desk.state(asset) == "waiting"
    desk.vote(asset, "approve", ADMIN)
    assert desk.state(asset) == "approved"


def test_a_signature_is_ones_own_key_with_a_meaning_and_a_confirmed_profession(desk: Desk) -> None:
    (asset,) = desk.held(use="medical")
    page = desk.says(f"/review/{asset}")
    assert told("blocked.unconfirmed") in page
    assert told("sign_hint") not in page
    confirm(desk.home, desk.app.state.desk.keys, desk.ids[REVIEWER], "medical", "radiologist", "seen", LOCAL)
    page = desk.says(f"/review/{asset}")
    assert told("sign_hint") in page
    assert told("profession", profession="radiologist") in page
    full = {"key": desk.keys[REVIEWER], "meaning": told("meanings.examined")}
    for wrong in ({}, {"key": desk.keys[ADMIN]}, {"key": "rv_"}, {"meaning": ""}):
        answer = desk.vote(asset, "approve", comment="Seen.", **((full | wrong) if wrong else {}))
        assert answer.status_code == 422, wrong
        assert "Seen." in answer.text
        assert catalogue("en")["studio.fix.signature_needed"] in answer.text
        assert desk.keys[REVIEWER] not in answer.text
    assert desk.vote(asset, "approve", **full).status_code == 303
    assert desk.state(asset) == "approved"


def test_several_at_once_and_nothing_that_is_signed(desk: Desk) -> None:
    three, (signed,), (own,) = desk.held(3), desk.held(use="medical"), desk.held(by=ADMIN)
    assert f'name="asset" value="{three[0]}"' in desk.get("/review?use=advertising", REVIEWER).text
    assert f'value="{signed}"' not in desk.get("/review?use=medical", REVIEWER).text
    chosen = {"asset": [*three, signed], "choice": "refuse", "comment": "Not ours."}
    page = desk.browser(REVIEWER).post("/review", data=chosen).text
    assert told("done.refuse", count=3) in page
    assert f'href="/review/{signed}"' in page
    assert {desk.state(one) for one in three} == {"refused"}
    assert desk.state(signed) == "waiting"
    assert "Not ours." in desk.says(f"/review/{three[2]}")
    desk.browser(REVIEWER).post("/review/undo", data={"asset": three})
    assert {desk.state(one) for one in three} == {"waiting"}
    mixed = {"asset": [three[0], own], "choice": "approve"}
    page = desk.browser(ADMIN).post("/review", data=mixed).text
    assert told("done.approve", count=1) in page
    assert f'href="/review/{own}"' in page


def test_a_use_has_a_queue_of_its_own(desk: Desk) -> None:
    (other,) = desk.held(use="medical")
    page = desk.get("/review?use=medical", REVIEWER).text
    assert f"/review/{other}?use=medical" in page
    assert not re.search(r'href="/review/\w{12}"', page)
    assert told("empty_use") in desk.says("/review?use=nothing")


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/review/000000000000", {"choice": "approve"}, 404),
        ("/review/nothing", {"choice": "approve"}, 422),
        ("/review", {"choice": "approve"}, 422),
        ("/review", {"asset": "x", "choice": "approve"}, 422),
        ("/review", {"asset": ["0" * 12] * 25, "choice": "refuse"}, 422),
        ("/review/undo", {}, 422),
        ("/review/undo", {"asset": "0" * 12}, 409),
    ],
)
def test_what_makes_no_sense_is_told(desk: Desk, path: str, form: dict[str, Any], status: int) -> None:
    answer = desk.browser(REVIEWER).post(path, data=form)
    assert answer.status_code == status
    assert '<html lang="en"' in answer.text


@pytest.mark.parametrize("form", [{"choice": "eat"}, {}, {"choice": "refuse", "comment": "x" * 2001}])
def test_a_wrong_vote_is_none(desk: Desk, form: dict[str, str]) -> None:
    (asset,) = desk.held()
    assert desk.browser(REVIEWER).post(f"/review/{asset}", data=form).status_code == 422
    cross = {"Sec-Fetch-Site": "cross-site"}
    asked = {"choice": "approve"}
    assert desk.browser(REVIEWER).post(f"/review/{asset}", data=asked, headers=cross).status_code == 403
    assert desk.state(asset) == "waiting"


def test_alone_on_a_machine_one_is_told_what_needs_others(tmp_path: Path) -> None:
    alone = Desk(tmp_path / "home")
    (asset,) = hold(alone.home, [photo(900, 64)], "local", "medical")
    assert told("blocked.no_key") in plain(alone.get(f"/review/{asset}").text)
    (asset,) = hold(alone.home, [photo(901, 64)], "local", "advertising")
    assert alone.browser().post(f"/review/{asset}", data={"choice": "approve"}).status_code == 303


def test_nobody_waits_for_anything_and_no_word_stands_in_a_template(tmp_path: Path) -> None:
    """What comes from no catalogue would have plain vowels in the made-up language."""
    empty = Desk(tmp_path / "home")
    assert told("empty") in plain(empty.get("/review").text)
    for path in ("/review", "/works"):
        page = empty.new_client().get(f"{path}?lang=pseudo").text
        body = plain(page[page.index("<main") : page.index("</main>")])
        assert not re.findall(r"\b\w*[aeou]\w*\b", body), path
