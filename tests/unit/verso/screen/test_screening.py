"""A check that cannot answer never lets an image by."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from rectoverso.i18n import LANGUAGES, say
from rectoverso.types import Digest, Draft, Finding, Maker, Message, Outcome
from rectoverso.verso.screen.screening import screen

DRAFT = Draft(np.zeros((8, 8, 3), np.uint8), Digest("a" * 64), Maker("a maker", "1"))
PASSED = Message("screen.memorisation.pass")


@dataclass
class Asked:
    """A check that does what it is told."""

    name: str
    does: Callable[[], Any]

    def examine(self, draft: Draft) -> Finding:
        assert draft is DRAFT
        return self.does()


def passing(name: str) -> Asked:
    return Asked(name, lambda: Finding(name, Outcome.PASS, PASSED))


def failing(name: str, error: BaseException) -> Asked:
    def fail() -> Finding:
        raise error

    return Asked(name, fail)


def test_answers_come_in_the_order_of_the_checks() -> None:
    slow = Asked("slow", lambda: time.sleep(0.05) or Finding("slow", Outcome.BLOCK, PASSED))
    findings = screen(DRAFT, [slow, passing("quick")])
    assert [(finding.check, finding.outcome) for finding in findings] == [
        ("slow", Outcome.BLOCK),
        ("quick", Outcome.PASS),
    ]


@pytest.mark.parametrize("error", [ValueError("the file is cut"), MemoryError(), SystemExit(0)], ids=repr)
def test_a_check_that_raises_is_a_review_that_says_why(error: BaseException) -> None:
    (finding,) = screen(DRAFT, [failing("broken", error)])
    assert finding.outcome is Outcome.REVIEW
    assert finding.check == "broken"
    assert type(error).__name__ in finding.message.facts["reason"]
    assert str(error) in finding.message.facts["reason"]


def test_a_check_that_is_late_is_a_review_and_does_not_keep_the_door_waiting() -> None:
    never = threading.Event()
    started = time.monotonic()
    findings = screen(DRAFT, [Asked("stuck", never.wait), passing("quick")], timeout_s=0.5)
    assert time.monotonic() - started < 2
    assert [finding.outcome for finding in findings] == [Outcome.REVIEW, Outcome.PASS]
    assert findings[0].message.key == "screen.late"
    never.set()


def test_all_checks_together_have_the_time_of_one() -> None:
    never = threading.Event()
    started = time.monotonic()
    findings = screen(DRAFT, [Asked(f"stuck {n}", never.wait) for n in range(10)], timeout_s=0.3)
    assert time.monotonic() - started < 2
    assert len(findings) == 10
    never.set()


@pytest.mark.parametrize(
    "answer", [None, True, "pass", Finding("another", Outcome.PASS, PASSED), Finding("odd", "fine", PASSED)]
)
def test_an_answer_that_is_no_finding_of_this_check_is_a_review(answer: Any) -> None:
    (finding,) = screen(DRAFT, [Asked("odd", lambda: answer)])
    assert finding.check == "odd"
    assert finding.outcome is Outcome.REVIEW


def test_an_image_that_nobody_looked_at_has_not_passed() -> None:
    (finding,) = screen(DRAFT, [])
    assert finding.outcome is Outcome.REVIEW


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_failure_has_words(language: str) -> None:
    never = threading.Event()
    checks = [failing("broken", ValueError("cut")), Asked("stuck", never.wait)]
    findings = [*screen(DRAFT, checks, timeout_s=0.5), *screen(DRAFT, [])]
    assert len({say(finding.message, language) for finding in findings}) == 3
    never.set()
