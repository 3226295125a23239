"""Two hundred held images, decided on by somebody whose hands do not leave the keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from holding import hold
from rectoverso.store.people import Role
from rectoverso.store.reviews import Choice
from rectoverso.workflow.people import add_person
from unit.verso.conftest import photo
from walking import Studio, a_browser, walking

pytestmark = pytest.mark.slow

MANY = 200
KEYS = {"a": Choice.APPROVE, "r": Choice.REFUSE, "e": Choice.ESCALATE}
WORDS = "are a keuju: letters are no keys here?"


def test_two_hundred_held_images(tmp_path: Path) -> None:
    """Every tenth is let go and every tenth escalated; on the way some are looked at again."""
    with a_browser() as browser, Studio(tmp_path / "home") as studio:
        studio.hire(Role.REVIEWER)
        maker = add_person(studio.home, "who asked", Role.MAKER)[0].id
        queue = hold(studio.home, [photo(number, 64) for number in range(MANY)], maker)
        assert len(queue) == MANY
        said = [{0: "a", 5: "e"}.get(number % 10, "r") for number in range(MANY)]
        with walking(browser, studio, Role.REVIEWER) as walker:
            walker.go("/review")
            keys = Keys(walker.page)
            keys.press("j")
            for number, key in enumerate(said):
                assert keys.at() == queue[number]
                if number == 3:
                    keys.press("j")
                    keys.press("k")
                if number == 7:
                    keys.press("r")
                    assert keys.at() == queue[8]
                    keys.press("u")
                    assert keys.at() == queue[7]
                    walker.page.reload()
                    assert keys.at() == queue[7], "the place is kept"
                if number == 11:
                    keys.write(WORDS)
                keys.press(key)
            assert re.fullmatch(r"/review", keys.path()), "all is done: it leads back to the queue"
            assert not walker.wrong
        votes = studio.home.reviews.of(queue)
        for asset, key in zip(queue, said, strict=True):
            (counts,) = [vote for vote in votes[asset] if vote.undone is None]
            assert counts.choice is KEYS[key]
        assert studio.home.assets.counts() == {
            "release": MANY // 10,
            "hold": MANY,
            "refuse": 0,
            "waiting": MANY // 10,
        }


class Keys:
    """A keyboard before a page. A press is over when the page that it led to is there, with its picture."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def path(self) -> str:
        return str(self._page.evaluate("location.pathname"))

    def at(self) -> str:
        self._page.wait_for_function(
            "(() => { const one = document.getElementById('draft'); return one && one.complete && one.naturalWidth })()"
        )
        return self.path().removeprefix("/review/")

    def press(self, key: str) -> None:
        with self._page.expect_navigation(wait_until="load", timeout=120_000):
            self._page.keyboard.press(key)

    def write(self, words: str) -> None:
        """Say something beside the vote: keys are letters there."""
        self._page.keyboard.press("c")
        self._page.keyboard.type(words)
        self._page.keyboard.press("Escape")
        assert self._page.input_value("#comment") == words
