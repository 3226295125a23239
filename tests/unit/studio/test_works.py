"""The register in a browser: works entered by files, folders and catalogues, their claims, and what came of them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from holding import hold, work_off_all
from rectoverso.i18n import catalogue
from rectoverso.store.people import Role
from rectoverso.types import Digest, Pixels
from rectoverso.verso.picture import to_png
from rectoverso.workflow.jobs.work import do
from rectoverso.workflow.progress import silent
from unit.verso.conftest import photo
from visitor import Visitors

VIEWER, MAKER, REVIEWER, ADMIN = Role.VIEWER, Role.MAKER, Role.REVIEWER, Role.ADMIN
A_CATALOGUE = [("catalogue", "c.csv", b"file\na.png\n")]


class Register(Visitors):
    """A studio in which works are registered by the process that asks."""

    def enter(self, *files: tuple[str, str, bytes], by: Role = REVIEWER, **cells: str) -> Any:
        """Send the form; ``files``: the field, the name, the bytes of each."""
        sent = [(field, (name, data, "application/octet-stream")) for field, name, data in files]
        return self.browser(by).post("/works", data=cells, files=sent or [("files", ("", b""))])

    def entered(self, *files: tuple[str, str, bytes], **cells: str) -> str:
        """The same, and the page that tells what came of it."""
        answer = self.enter(*files, **cells)
        assert answer.status_code == 303, plain(answer.text)
        work_off_all(self.home)
        return str(self.get(answer.headers["location"], REVIEWER).text)

    def work(self, title: str) -> dict[str, Any]:
        (found,) = self.get(f"/api/v1/works?q={title}", REVIEWER).json()["items"]
        return dict(found)


def plain(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def told(key: str, language: str = "en", **facts: object) -> str:
    return catalogue(language)[f"studio_works.{key}"].format(**facts)


def picture(seed: int) -> Pixels:
    return photo(seed, 96)


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    register = Register(tmp_path_factory.mktemp("works") / "home")
    register.hire(*Role)
    return register


def test_only_who_inspects_sees_them_and_only_who_registers_changes_them(register: Register) -> None:
    seen = {role for role in Role if register.get("/works", role).status_code == 200}
    assert seen == {Role.REVIEWER, Role.AUDITOR, Role.ADMIN}
    assert 'method="post" action="/works' not in register.get("/works", Role.AUDITOR).text
    assert register.get("/works").headers["location"] == "/sign-in?then=%2Fworks"
    one = ("files", "a.png", to_png(picture(1)))
    assert [register.enter(one, by=role).status_code for role in (VIEWER, MAKER, Role.AUDITOR)] == [403] * 3
    for path in ("/works/00000000/claim", "/works/00000000/remove"):
        assert (
            register.browser(MAKER).post(path, data={"state": "verified", "reason": "x"}).status_code == 403
        )


def test_one_picture_with_what_is_said_of_it(register: Register) -> None:
    page = register.entered(
        ("files", "kite.png", to_png(picture(2))),
        title="The <Kite>",
        owner="Anna",
        asked="review",
        kind="logo",
        territory="DE FR",
        until="2090-01-31",
    )
    assert told("job.done", count=1) in page
    assert "The &lt;Kite&gt;" in page
    work = register.work("Kite")
    assert (work["owner"], work["rights"]["asked"], work["rights"]["until"]) == (
        "Anna",
        "review",
        "2090-01-31",
    )
    for language in ("en", "zh"):
        row = plain(register.get(f"/works?q=kite&lang={language}", REVIEWER).text)
        for key in ("asked.review", "kind.logo", "state.asserted"):
            assert told(key, language) in row
    assert told("none_so", "zh") in plain(register.get("/works?q=nothing", REVIEWER).text)
    again = register.entered(("files", "again.png", to_png(picture(2))))
    assert told("known", "zh") in again
    register.get("/works?lang=en", REVIEWER)


def test_a_folder_is_its_pictures_each_called_as_its_file(register: Register) -> None:
    register.entered(
        ("folder", "Berta/hall.png", to_png(picture(3))),
        ("folder", "Berta/more/stair.png", to_png(picture(4))),
        ("folder", "Berta/.DS_Store", b"what programs leave"),
        ("folder", "Berta/.thumbs/hall.png", b"and hide"),
        title="not for several",
        owner="Berta",
    )
    assert {register.work(title)["owner"] for title in ("hall", "stair")} == {"Berta"}


def test_a_catalogue_names_what_was_sent_with_it(register: Register) -> None:
    table = "file;title;owner;asked;kind\none.png;Erste;Carla;credit;style\n"
    sent = [("folder", f"C/{name}.png", to_png(picture(5 + at))) for at, name in enumerate(("one", "two"))]
    register.entered(*sent, ("catalogue", "works.csv", table.encode()), owner="somebody else")
    work = register.work("Erste")
    assert (work["owner"], work["rights"]["asked"]) == ("Carla", "credit")
    assert register.get("/api/v1/works?q=two", REVIEWER).json()["items"] == [], "it is not in the catalogue"


@pytest.mark.parametrize(
    ("files", "cells", "tells"),
    [
        ((), {}, "No file came with this."),
        ([("files", "a.txt", b"no picture")], {}, "a.txt"),
        ([("files", "a.png", b"\x89PNG\r\n")], {}, "a.png"),
        ([("files", "a.png", b"x")], {"territory": "Atlantis"}, "Countries"),
        ([("files", "a.png", b"x")], {"from": "2026-02-02", "until": "2026-01-01"}, "Holds until"),
        ([("files", "a.png", b"x"), ("catalogue", "c.csv", b"file\nb.png\n")], {}, "b.png"),
        ([("files", "a.png", b"x"), ("catalogue", "c.csv", b"colour\nred\n")], {}, "colour"),
        (
            [
                ("files", "x/a.png", b"x"),
                ("files", "y/a.png", b"y"),
                ("catalogue", "c.csv", b"file\na.png\n"),
            ],
            {},
            "a.png",
        ),
    ],
)
def test_what_is_wrong_is_told_above_what_one_typed(
    register: Register, files: Any, cells: dict[str, str], tells: str
) -> None:
    before = len(register.get("/api/v1/works", REVIEWER).json()["items"])
    answer = register.enter(*files, **cells, owner="Anna <b>")
    assert answer.status_code in (400, 422)
    alert = answer.text[answer.text.index('role="alert"') :]
    assert tells in plain(alert)
    assert 'value="Anna &lt;b&gt;"' in answer.text
    assert len(register.get("/api/v1/works", REVIEWER).json()["items"]) == before


def test_a_claim_is_changed_and_ended(register: Register) -> None:
    register.entered(("files", "moon.png", to_png(picture(8))), title="Moon")
    work, browser = register.work("Moon")["id"], register.browser(REVIEWER)
    moon = Digest(register.work("Moon")["file_digest"])
    assert register.home.uploads.has(moon)
    assert browser.post(f"/works/{work}/claim", data={"state": "verified", "reason": ""}).status_code == 422
    assert browser.post(f"/works/{work}/claim", data={"state": "sold", "reason": "x"}).status_code == 422
    for state in ("verified", "withdrawn"):
        answer = browser.post(f"/works/{work}/claim", data={"state": state, "reason": "A contract."})
        assert answer.headers["location"] == f"/works/{work}"
        assert told(f"state.{state}") in plain(register.get(f"/works/{work}", REVIEWER).text)
    browser.post(f"/works/{work}/remove", data={})
    assert register.get(f"/works/{work}", REVIEWER).status_code == 200, "nobody said that they were sure"
    assert browser.post(f"/works/{work}/remove", data={"sure": "true"}).headers["location"] == "/works"
    assert register.get(f"/works/{work}", REVIEWER).status_code == 404
    assert not register.home.uploads.has(moon), "with the work its picture is destroyed"


def test_a_picture_that_an_open_job_names_outlives_the_work(register: Register) -> None:
    file = ("files", "mars.png", to_png(picture(15)))
    register.entered(file)
    work = register.work("mars")
    assert register.enter(file, fingerprints_only="true").status_code == 303
    register.browser(REVIEWER).post(f"/works/{work['id']}/remove", data={"sure": "true"})
    assert register.home.uploads.has(Digest(work["file_digest"]))
    work_off_all(register.home)
    assert not register.work("mars")["is_shown"], "it was entered, and then asked for no more"


def test_what_a_work_kept_here_is_listed_with_it_and_it_beside_the_draft(register: Register) -> None:
    register.entered(("files", "sun.png", to_png(photo(9, 256))), title="Sun", asked="review", owner="Dora")
    work = register.work("Sun")["id"]
    (copy,) = hold(register.home, [photo(9, 256)[:, ::-1].copy()], register.ids[MAKER], "general")
    assert f'href="/review/{copy}"' in register.get(f"/works/{work}", REVIEWER).text
    page = register.get(f"/review/{copy}", REVIEWER).text
    assert f'src="/api/v1/reviews/{copy}/works/{work}/points"' in page
    assert f'href="/works/{work}"' in page
    assert "Dora · asserted · " in plain(page), "whose it is and what is claimed stands beside it"
    assert catalogue("en")["studio_review.changed"].format(changes="mirrored") in plain(page)
    assert catalogue("en")["studio_review.near"].format(title="Sun") in plain(
        register.get("/review", REVIEWER).text
    )
    assert register.get(f"/api/v1/reviews/{copy}/works/{work}/points", REVIEWER).status_code == 200


def test_a_registration_tells_how_far_it_is_and_what_went_wrong(register: Register) -> None:
    """A plain picture, which nothing could be told apart from, is one that cannot be registered."""
    answer = register.enter(("files", "plain.png", to_png(photo(0, 96) // 255)))
    place = answer.headers["location"]
    waiting = register.get(place, REVIEWER).text
    assert told("job.waiting", count=1) in waiting
    assert 'hx-trigger="every 2s"' in waiting
    work_off_all(register.home)
    over = register.get(place, REVIEWER).text
    assert told("job.failed") in over
    assert "hx-trigger" not in over
    assert 'role="alert"' in over
    assert register.get("/works/jobs/0123456789abcdef", REVIEWER).status_code == 404


def test_of_works_entered_by_fingerprints_only_no_picture_stays(register: Register) -> None:
    """Also when the process that entered them was killed before it could say so: it is asked again."""
    picture_of = (("files", "star.png", to_png(picture(11))), ("files", "comet.png", to_png(picture(12))))
    answer = register.enter(*picture_of, owner="Emil", fingerprints_only="true")
    work_off_all(register.home)
    works = [register.work(title) for title in ("star", "comet")]
    assert [work["is_shown"] for work in works] == [False, False]
    assert [register.home.uploads.has(Digest(work["file_digest"])) for work in works] == [False, False]
    assert told("not_shown") in plain(register.get(f"/works/{works[0]['id']}", REVIEWER).text)
    job = register.home.jobs.find(answer.headers["location"].rsplit("/", 1)[1])
    assert job is not None
    again = do(register.home, job, 0, silent)
    assert set(again["works"]) == {work["id"] for work in works}


def test_whose_work_stands_for_somebody_else_is_told_on_the_page(register: Register) -> None:
    one = ("files", "tide.png", to_png(picture(13)))
    register.entered(one, owner="Squatter", asked="credit")
    page = plain(register.entered(one, owner="Frida"))
    assert told("contested", owner="Squatter") in page
    assert register.work("tide")["owner"] == "Squatter"


def test_a_work_that_is_not_in_force_yet_says_so(register: Register) -> None:
    register.entered(("files", "dusk.png", to_png(picture(14))), **{"from": "2199-01-01"})
    assert register.work("dusk")["begins"]
    assert told("state.begins", "zh") in plain(register.get("/works?q=dusk&lang=zh", REVIEWER).text)
    register.get("/works?lang=en", REVIEWER)
