"""Facts of an error that follow its language."""

from __future__ import annotations

from rectoverso.errors import DataUnusable
from rectoverso.i18n import Phrase, explain, say
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
