"""What is typed becomes an order, an order becomes what was typed again; and nobody is shown how others made theirs."""

from __future__ import annotations

import html
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benched import drawn, end
from hanging import asset as decided
from rectoverso.errors import RequestUnusable
from rectoverso.i18n import catalogue
from rectoverso.store.jobs import State
from rectoverso.store.people import Role
from rectoverso.studio.wish import Mixed, Wish
from rectoverso.types import AssetId
from rectoverso.verso.picture import to_png
from rectoverso.workflow.jobs.asked import GenerateAsked, asked_of
from rectoverso.workflow.jobs.order import order
from rectoverso.workflow.jobs.runs import RunControls, controls_of
from unit.verso.conftest import photo
from visitor import Visitors

MAKER, REVIEWER, ADMIN = Role.MAKER, Role.REVIEWER, Role.ADMIN
NOTHING: frozenset[str] = frozenset()
EN = catalogue("en")
STYLED = RunControls(
    "r", "stylegan2", "default", 32, 32, (), (), NOTHING, 8, ("smile",), takes_style=False, both_ways=False
)


@pytest.fixture(scope="module")
def house(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Visitors:
    """A house in which the maker has had three pictures drawn, one of them held."""
    visitors = Visitors(Path(shutil.copytree(template, tmp_path_factory.mktemp("make") / "home")))
    visitors.hire(MAKER, ADMIN)
    drawn(
        visitors.home,
        visitors.ids[MAKER],
        16,
        held=18,
        count=3,
        seed=7,
        label="3",
        truncation=0.5,
        law=("eu",),
    )
    return visitors


def ordered(studio: Visitors, **form: Any) -> Any:
    files = form.pop("files", None)
    answer = studio.browser(MAKER).post("/make", data={"run": "demo", "use": "general"} | form, files=files)
    if answer.status_code != 303:
        return answer
    job = studio.home.jobs.find(answer.headers["location"].rpartition("/")[2])
    assert job is not None
    return asked_of(job.asked)


def test_a_form_is_an_order(house: Visitors) -> None:
    asked = ordered(
        house, seed="5", count="2", label="4", truncation="0.5", law=["cn", "eu"], format="webp", visible="on"
    )
    expected: dict[str, Any] = {
        "run": "demo",
        "seed": 5,
        "count": 2,
        "label": "4",
        "truncation": 0.5,
        "law": ("cn", "eu"),
    }
    assert asked == GenerateAsked(**expected, format="webp", visible=True)
    assert ordered(house, truncation="3", label="", seed="") == GenerateAsked(run="demo", count=4)
    assert ordered(house, between="1, 2 5", steps="3").between == (1, 2, 5)
    assert ordered(house, seed="9", fresh="1").seed is None


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"seed": "-1"}, "seed"),
        ({"count": "many"}, "count"),
        ({"count": "5000"}, "count"),
        ({"between": "4"}, "between"),
        ({"truncation": "nan"}, "truncation"),
        ({"use": "war"}, "war"),
        ({"territory": "Atlantis"}, "Atlantis"),
        ({"image_kept": "0" * 64}, "000000"),
        ({"run": "../x"}, "x"),
        ({"format": "exe"}, "format"),
    ],
)
def test_what_is_typed_wrong_is_told_and_stays(house: Visitors, form: dict[str, str], told: str) -> None:
    answer = ordered(house, prompt="<i>", **{"label": "7"} | form)
    assert 400 <= answer.status_code < 500
    alert = re.search(r'role="alert">(.*?)</div>', answer.text, re.DOTALL)
    assert alert is not None
    assert told in alert[1]
    assert '<option value="7" selected>' in answer.text


def test_a_file_that_is_no_picture_is_told(house: Visitors) -> None:
    answer = ordered(house, files={"image": ("a.png", b"<svg/>", "image/png")})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_a_picture_that_is_sent_is_kept_and_comes_back_to_its_maker_alone(house: Visitors) -> None:
    asked = ordered(house, files={"image": ("a.png", to_png(photo(3, 40)), "image/png")})
    assert house.home.uploads.has(asked.image)
    (job,) = house.home.jobs.page(1, kind="generate")
    place = f"/make/{job.id}/given/"
    assert house.get(place + "image", MAKER).headers["content-type"] == "image/png"
    assert house.get(place + "mask", MAKER).status_code == 404
    other, _ = order(house.home, "somebody", GenerateAsked(run="demo", image=asked.image))
    assert house.get(f"/make/{other.id}/given/image", MAKER).status_code == 404
    assert ordered(house, image_kept=asked.image).image == asked.image


def test_what_is_asked_can_be_typed_again() -> None:
    wish = Wish(
        run="r", seed="3", mix=(Mixed("9", "0", "3"),), edits={"smile": "1.5", "age": "0"}, truncation="0.7"
    )
    asked = wish.asked(STYLED)
    assert (asked.mix, asked.edit, asked.truncation) == (("9@0-3",), ("smile=1.5",), 0.7)
    again = Wish.of_asked(asked, 3, "job")
    assert again.asked(STYLED) == asked
    assert (again.mix, again.edits) == (wish.mix, {"smile": "1.5"})
    assert replace(wish, truncation="1.0").asked(STYLED).truncation is None, (
        "all the way from the mean is none"
    )
    with pytest.raises(RequestUnusable):
        replace(wish, steps="1", between="1 2").asked(STYLED)


def test_a_picture_leads_back_to_all_its_settings(house: Visitors) -> None:
    for asset, seed in (("000000000011", 8), ("000000000012", 9)):
        text = house.get(f"/make?from={asset}", MAKER).text
        assert f'name="seed" value="{seed}"' in text
        assert 'name="count" value="1"' in text
        assert '<option value="3" selected>' in text
        assert 'value="0.5" data-off' in text
        assert 'value="eu" checked' in text
    assert 'name="seed" value="8"' in house.get("/make?from=000000000011", ADMIN).text


def test_a_picture_that_others_had_drawn_before_leads_back_to_ones_own_order(place: Path) -> None:
    """Asked for again it is not drawn again: the order was given after the picture was decided."""

    class Later:
        def now(self) -> datetime:
            return datetime(2027, 2, 1, tzinfo=UTC)

    visitors = Visitors(place)
    visitors.hire(MAKER)
    drawn(visitors.home, "somebody", 16, count=1, seed=12)
    mine = GenerateAsked(run="demo", seed=12, label="6")
    job, _ = order(visitors.home, visitors.ids[MAKER], mine, clock=Later())
    row = {
        "asset": "000000000010",
        "seed": 12,
        "ledger_index": 16,
        "verdict": {"decision": "release", "reasons": []},
    }
    end(visitors.home, job, {"result": {"released": [row]}})
    text = visitors.get("/make?from=000000000010", MAKER).text
    assert 'name="seed" value="12"' in text
    assert '<option value="6" selected>' in text


def test_how_others_made_theirs_is_private(place: Path) -> None:
    visitors = Visitors(place)
    visitors.hire(MAKER)
    job = drawn(visitors.home, "somebody", 16, held=17, count=2, seed=12345)
    text = visitors.get("/make?from=000000000010", MAKER).text
    assert catalogue("en")["studio_make.not_yours"] in text
    assert "12345" not in text
    assert "12345" not in visitors.get("/make/compare?asset=000000000010", MAKER).text
    for place in (
        "/make?from=000000000011",
        "/make?from=ffffffffffff",
        f"/make/{job.id}",
        f"/make/{job.id}/part",
    ):
        assert visitors.get(place, MAKER).status_code == 404, place


def test_what_came_of_it_is_shown_and_what_is_held_is_not(house: Visitors) -> None:
    job = house.home.jobs.page(50, kind="generate")[-1]
    text = house.get(f"/make/{job.id}", MAKER).text
    assert text.count("/file") == 2
    assert "/api/v1/assets/000000000012/file" not in text
    assert "2 of 3 released" in text
    why = catalogue("en")["release.mark_failed"].format(code="door:mark", decision="hold")
    assert why in html.unescape(text)
    assert "data-events" not in text, "it has ended"
    assert "<main" not in house.get(f"/make/{job.id}/part", MAKER).text


def test_what_is_held_leads_to_its_review_and_is_shown_once_people_let_it_go(place: Path) -> None:
    visitors = Visitors(place)
    visitors.hire(MAKER, ADMIN)
    home, held, let_go = visitors.home, AssetId(f"{17:012x}"), AssetId(f"{40:012x}")
    job = drawn(home, visitors.ids[MAKER], 16, held=17, count=2, seed=7)
    at, review = f"/make/{job.id}/part", f'href="/review/{held}"'
    assert review in visitors.get(at, ADMIN).text
    waiting = visitors.get(at, MAKER).text
    assert review not in waiting
    assert catalogue("en")["studio_make.waits"] in waiting

    with home.database.transaction() as tx:
        home.assets.record(tx, replace(decided(40), id=let_go, decided_at="2027-01-02T00:00:00+00:00"))
        home.assets.settle(tx, held, decided(40).ledger_index)
    shown = visitors.get(at, MAKER).text
    assert f"/api/v1/assets/{let_go}/file" in shown
    assert "2 of 2 released" in shown
    assert catalogue("en")["studio_make.waits"] not in shown
    for name in (held, let_go):
        assert 'name="seed" value="8"' in visitors.get(f"/make?from={name}", MAKER).text

    with home.database.transaction() as tx:
        home.assets.settle(tx, held, 999)  # what no image is: people refused it
    refused = visitors.get(at, MAKER).text
    assert "1 of 2 released" in refused
    assert 'class="verdict refuse"' in refused


def test_side_by_side_says_where_they_differ(house: Visitors) -> None:
    text = house.get("/make/compare?asset=000000000010&asset=000000000011", MAKER).text
    assert re.findall(r'class="differs"><th scope="row">(\w+)', text) == ["Seed"]
    assert 'name="between" value="7, 8"' in text
    job = house.home.jobs.page(50, kind="generate")[-1]
    assert house.get(f"/make/compare?of={job.id}", MAKER).text.count("/file") == 2
    assert house.get("/make/compare", MAKER).status_code == 404
    assert house.get("/make/compare?asset=../x", MAKER).status_code == 422


def test_an_order_is_followed_stopped_and_tried_again(place: Path) -> None:
    visitors = Visitors(place)
    visitors.hire(MAKER)
    asked = GenerateAsked(run="demo")
    job, _ = order(visitors.home, visitors.ids[MAKER], asked)
    text = visitors.get(f"/make/{job.id}", MAKER).text
    assert f'data-events="/api/v1/jobs/{job.id}/events"' in text
    assert visitors.browser(MAKER).post(f"/make/{job.id}/cancel").headers["location"] == f"/make/{job.id}"
    text = visitors.get(f"/make/{job.id}", MAKER).text
    assert catalogue("en")["studio_make.state.cancelled"] in text
    visitors.browser(MAKER).post(f"/make/{job.id}/retry")
    error = {"code": "x", "detail": {"en": "It <broke>.", "zh": "坏了。"}}
    end(visitors.home, job, {"error": error}, State.FAILED)
    assert "坏了。" in visitors.browser(MAKER).get(f"/make/{job.id}?lang=zh").text
    assert "It &lt;broke&gt;." in visitors.browser(MAKER).get(f"/make/{job.id}?lang=en").text


def test_what_came_of_an_order_is_shown_also_where_its_run_was_erased_since(house: Visitors) -> None:
    job = drawn(house.home, house.ids[MAKER], 64, seed=9)
    with house.home.database.transaction() as tx:
        house.home.jobs.change(tx, job.id, lambda told: told | ({"run": "f" * 16} if "run" in told else {}))
    for path in (f"/make/{job.id}", "/make?from=000000000040"):
        shown = house.get(path, MAKER)
        assert shown.status_code == 200, path
        assert EN["studio_make.run_gone"] in shown.text
        assert 'name="run" value="demo"' in shown.text
    assert "000000000040" in house.get(f"/make/{job.id}", MAKER).text
    assert EN["studio_make.run_gone"] not in house.get("/make", MAKER).text


def test_the_controls_are_those_that_a_run_has(house: Visitors) -> None:
    controls = controls_of(house.home, "demo")
    assert (controls.styles, controls.draws, controls.classes[9]) == (0, True, "9")
    text = house.get("/make", MAKER).text
    for name, there in (
        ("label", True),
        ("truncation", True),
        ("between", True),
        ("mix_seed", False),
        ("prompt", False),
        ("mask", False),
    ):
        assert (f'name="{name}"' in text) is there, name
    assert house.get("/make?run=none", MAKER).status_code == 404


@pytest.mark.parametrize("path", ["/make", "/make/compare?asset=000000000010", "/train", "/train/ready"])
def test_in_the_made_up_language_nothing_is_left_in_english(house: Visitors, path: str) -> None:
    browser = house.new_client()
    browser.post("/sign-in", data={"key": house.keys[MAKER]})
    text = browser.get(path + ("&" if "?" in path else "?") + "lang=pseudo").text
    body = re.sub(
        r"<option.*?</option>|<h3.*?</h3>|<p class=\"lead\">.*?</p>",
        "",
        text[text.index("<main") : text.index("</main>")],
    )
    said = re.findall(r"\b\w*[aeou]\w*\b", re.sub(r"<[^>]*>", " ", body))
    measured = "cores images px CIFAR after proxy FID at minutes seconds"
    names = {*measured.split(), "default", "demo", "dcgan", "digits", "eu", "shapes"}
    assert {word for word in said if not re.fullmatch(r"[0-9a-f]+", word)} <= names
