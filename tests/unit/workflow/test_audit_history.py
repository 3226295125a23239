"""Nobody audits a run again until it passes: what it takes to clear what an audit found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rectoverso.workflow.audit_history import Audited, lacking

NOW = Audited(True, (), members=1000, others=1000, drawn=10_000, held_out="a", most=None, date="2026-11-28")
FAILED = replace(NOW, passed=False, short=("recognises",))
UNSHOWN = replace(FAILED, short=("not_shown",), most=0.05)


def test_the_same_question_again_clears() -> None:
    assert lacking(NOW, []) == ()
    assert lacking(NOW, [FAILED]) == ()
    assert lacking(replace(NOW, members=2000, others=1500, drawn=20_000), [FAILED, FAILED]) == ()


@pytest.mark.parametrize(
    ("now", "reasons"),
    [
        (replace(NOW, members=100, others=100, drawn=20_000), ("weaker",)),  # more drawn make up for none
        (replace(NOW, others=999), ("weaker",)),
        (replace(NOW, drawn=200, members=9000, others=9000), ("weaker",)),
        (replace(NOW, held_out="b", members=2000, others=2000), ("other_pictures",)),
        (replace(NOW, held_out="b", drawn=100), ("weaker", "other_pictures")),
    ],
)
def test_fewer_or_other_pictures_do_not(now: Audited, reasons: tuple[str, ...]) -> None:
    assert lacking(now, [FAILED]) == reasons
    assert lacking(now, [replace(now, passed=False, short=("weaker",)), FAILED]) == reasons  # nor tried twice


def test_a_bar_that_was_not_kept_is_not_passed_by_leaving_it_out() -> None:
    assert lacking(NOW, [UNSHOWN]) == ("no_bar",)
    assert lacking(replace(NOW, most=0.06), [UNSHOWN]) == ("no_bar",)
    assert lacking(replace(NOW, most=0.05), [UNSHOWN]) == ()
    tried = replace(NOW, passed=False, short=("no_bar",), most=0.06)
    assert lacking(replace(NOW, most=0.05), [tried, UNSHOWN]) == ()
    assert lacking(replace(NOW, most=0.06), [tried, UNSHOWN]) == ("no_bar",)


def test_one_that_found_nothing_and_cleared_nothing_stands_in_nobodys_way() -> None:
    tried = replace(NOW, passed=False, short=("weaker", "other_pictures"), held_out="b", drawn=50_000)
    assert lacking(NOW, [tried, FAILED]) == ()


def test_what_was_cleared_is_no_matter_any_more() -> None:
    fewer = replace(NOW, members=100, others=100)
    assert lacking(fewer, [NOW, FAILED]) == ()
    assert lacking(fewer, [FAILED, NOW]) == ("weaker",)


def test_an_entry_from_before_counts_as_larger_than_any() -> None:
    old = {
        "passed": False,
        "short": ["recognises"],
        "held_out": "a",
        "at": "2026-11-27T00:00:00Z",
        "compared": 12,
    }
    assert lacking(NOW, [Audited.of(old)]) == ("weaker",)
    told = Audited.of(FAILED.facts() | {"at": FAILED.date})
    assert told == FAILED
