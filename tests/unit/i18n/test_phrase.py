"""Facts of an error that follow its language."""

from __future__ import annotations

from rectoverso.errors import BadWorks, DataUnusable, ImageEmpty, WorkTooPlain
from rectoverso.i18n import Listing, Phrase, explain, say
from rectoverso.types import Message

EMPTY = Message("data.bad.empty.reason")
LINE = Message("data.bad.line", {"path": "x.png", "reason": EMPTY, "fix": Message("data.bad.empty.fix")})


def test_a_message_inside_a_message_is_said_in_the_same_language():
    assert "The file is empty" in say(LINE)
    assert "文件是空的" in say(LINE, "zh")


def test_a_phrase_is_english_text_that_can_be_said_again():
    phrase = Phrase(EMPTY, LINE)
    assert phrase == f"{say(EMPTY)}\n{say(LINE)}"
    assert phrase.within("zh") == f"{say(EMPTY, 'zh')}\n{say(LINE, 'zh')}"


def test_an_error_explains_its_phrases_and_keeps_its_plain_facts():
    error = DataUnusable(data="x.zip", reason=Phrase(EMPTY), advice="plain")
    assert "The file is empty" in str(error)
    chinese = explain(error, "zh")
    assert "文件是空的" in chinese
    assert "x.zip" in chinese
    assert chinese.endswith("plain")


def test_errors_within_an_error_follow_its_language_a_line_each():
    listing = Listing(WorkTooPlain(path="a.png"), ImageEmpty(path="b.png"))
    error = BadWorks(count=2, total=3, listing=listing)
    assert "- a.png is too plain to be registered." in str(error)
    assert "\nWorks are entered together" in str(error)
    chinese = explain(error, "zh").split("\n")
    assert len(chinese) == 4
    assert chinese[1].startswith("- a.png 过于单调")
    assert chinese[2].startswith("- b.png 是空文件")
    assert "Register" not in "".join(chinese)
    assert not any("。 " in line for line in chinese)
