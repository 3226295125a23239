"""Trying at *Make* in a browser: the page stays while what comes of an order is put into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rectoverso.service.work.turns import take
from walking import Studio, a_browser, walking

pytestmark = pytest.mark.slow


def test_an_order_is_given_and_followed_without_leaving_the_page(tmp_path: Path) -> None:
    with a_browser() as browser, Studio(tmp_path / "home") as studio, walking(browser, studio) as walker:
        page = walker.page
        walker.go("/make")
        page.evaluate("window.stays = 1")
        loaded: list[str] = []
        page.on("response", lambda answer: loaded.append(answer.url.removeprefix(studio.url)))

        order(page, seed="-1")
        page.wait_for_selector("main [role=alert]")
        assert page.input_value("#seed") == "-1"
        assert page.url == f"{studio.url}/make"
        walker.look()

        for seed in ("5", "9"):
            order(page, seed=seed)
            page.wait_for_url("**/make/*")
            page.wait_for_selector(".stands")
            (turn,) = studio.home.jobs.unsent(9)
            before = len(loaded)
            take(studio.home, turn)
            page.wait_for_selector(f".grid a[href='/make?from={drawn(studio, turn.job)}']")
            parts = sum(path.endswith("/part") for path in loaded[before:])
            assert 1 <= parts <= 2, "once when it is begun, if that is seen, and once when it is done"
            assert page.evaluate("document.activeElement.id") == "make"
            walker.look()
        assert page.evaluate("window.stays") == 1
        page.go_back()
        page.wait_for_function(
            "() => window.stays === undefined && document.querySelector('#seed').value === '5'"
        )


def order(page: Any, seed: str) -> None:
    page.evaluate("document.querySelector('form.wish').noValidate = true")
    page.fill("#seed", seed)
    page.fill("#count", "1")
    page.click("#make")


def drawn(studio: Studio, job: str) -> str:
    (row,) = studio.home.jobs.items(job)[0].told["result"]["released"]
    return str(row["asset"])
