"""What only a browser shows: scrolling and coming back, dropping and pasting, and doing without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hanging import hang
from rectoverso.verso.picture import to_png
from unit.verso.conftest import photo
from walking import Studio, a_browser, walking

pytestmark = pytest.mark.slow
MANY = 200
_DROP = """(bytes) => {
  const given = new DataTransfer();
  given.items.add(new File([new Uint8Array(bytes)], "a.png", {type: "image/png"}));
  document.dispatchEvent(new DragEvent("drop", {bubbles: true, dataTransfer: given}));
}"""
_PASTE = """(bytes) => {
  const given = new DataTransfer();
  given.items.add(new File([new Uint8Array(bytes)], "a.png", {type: "image/png"}));
  document.dispatchEvent(new ClipboardEvent("paste", {bubbles: true, clipboardData: given}));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("by hand") / "home") as studio:
        hang(studio.home, *range(MANY))
        yield studio


def test_scrolling_goes_on_and_coming_back_leads_to_the_same_place(browser: Any, studio: Studio) -> None:
    with walking(browser, studio) as walker:
        page = walker.page
        page.route("**/file", lambda route: route.abort())  # these rows have no pictures
        page.goto(f"{studio.url}/gallery")
        assert page.locator("#gallery li").count() == 60
        page.locator("a[rel=next]").scroll_into_view_if_needed()
        page.locator("#gallery li").nth(119).wait_for()
        wanted = page.locator("#gallery li a").nth(100)
        name = wanted.get_attribute("id")
        wanted.scroll_into_view_if_needed()
        wanted.click()
        page.wait_for_url("**/gallery/0*")
        page.go_back()
        page.locator(f"#{name}:focus").wait_for()
        place = page.locator(f"#{name}").bounding_box()
        assert 0 <= place["y"] < 900
        for _ in range(2):  # what is done at each return may not move it
            page.wait_for_timeout(500)
            page.reload()
            page.locator(f"#{name}:focus").wait_for()
            assert page.locator(f"#{name}").bounding_box() == pytest.approx(place, abs=2)


@pytest.mark.parametrize("gesture", [_DROP, _PASTE])
def test_a_picture_may_be_dropped_or_pasted(browser: Any, studio: Studio, gesture: str) -> None:
    with walking(browser, studio) as walker:
        walker.go("/verify")
        walker.page.evaluate(gesture, list(to_png(photo(1, 64))))
        walker.page.wait_for_selector(".report.nothing_found")
        walker.look()


def test_without_javascript(browser: Any, studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no picture")
    with walking(browser, studio, java_script_enabled=False) as walker:
        page = walker.page
        page.goto(f"{studio.url}/gallery")
        page.click("a[rel=next]")
        assert page.locator("#gallery li").count() == 60
        page.click("a[rel=prev]")
        page.goto(f"{studio.url}/verify")
        page.set_input_files("#file", tmp_path / "a.txt")
        page.click("form.drop button")
        page.wait_for_selector(".report.could_not_check")
