"""What is wrong with a policy's file is told in the reader's language, with its place."""

from __future__ import annotations

import re

import pytest

from rectoverso.errors import PolicyUnusable
from rectoverso.i18n import Phrase, catalogue, explain
from rectoverso.verso.policy import Shelf, run_cases
from rectoverso.verso.policy.pack import Pack

GOOD = """version = 1
extends = "general"
required = ["similarity"]
[any]
review = "hold"
[people]
least = 2
"""
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")
"""Two words of English in a row; names of rules and their values stand alone."""


def _refused(text: str | bytes) -> PolicyUnusable:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(PolicyUnusable) as raised:
        Pack.read("own", data, "own.toml")
    return raised.value


@pytest.mark.parametrize(
    ("change", "en", "zh"),
    [
        (
            ('"hold"', '"shrug"'),
            "line 5, any.review is shrug, and has to be one of",
            "第 5 行，any.review 写的是 shrug",
        ),
        (
            ("[people]\nleast = 2", '[always]\ndecision = "release"\nsays = { en = "x", zh = "x" }'),
            "line 7, always.decision is release, and has to be one of hold, refuse.",
            "always.decision 写的是 release，只能是以下之一：hold, refuse",
        ),
        (
            ("[people]\nleast = 2", '[kinds.likenes]\nreview = "refuse"'),
            "line 6, kinds.likenes is likenes, and has to be one of exact, character, logo, likeness, style, heritage",
            "kinds.likenes 写的是 likenes",
        ),
        (("least = 2", "least = 0"), "line 7, people.least has to be at least 1", "people.least 至少为 1"),
        (("least = 2", "least = 10"), "people.least has to be at most 9", "people.least 至多为 9"),
        (("least = 2", 'least = "two"'), "people.least has to be a whole number", "people.least 必须是整数"),
        (
            ("least = 2", "signed = 7"),
            "people.signed has to be true or false",
            "people.signed 必须是 true 或 false",
        ),
        (("version = 1", ""), "version has to be there", "version 必须写明"),
        (
            ("[any]", "[nay]"),
            "line 4, nay is nothing that can be said there",
            "第 4 行，nay 不是此处可以写的内容",
        ),
        (
            ('"similarity"', '"a", "Not A Name"'),
            "line 3, required[2] has to be a name",
            "required[2] 必须是名称",
        ),
        (('["similarity"]', "7"), "line 3, required has to be a list", "required 必须是列表"),
        (('[any]\nreview = "hold"', "any = 7"), "any has to be a table", "any 必须是表"),
    ],
)
def test_a_fault_is_told_in_the_readers_language(change: tuple[str, str], en: str, zh: str) -> None:
    error = _refused(GOOD.replace(*change))
    assert en in str(error)
    assert zh in explain(error, "zh")
    reason = error.facts["reason"]
    assert isinstance(reason, Phrase)
    assert not ENGLISH.search(reason.within("zh"))


def test_what_the_reader_of_toml_says_is_quoted_with_its_place() -> None:
    error = _refused(GOOD.replace("[any]", "any] = 1"))
    assert "line 4, column" in str(error)
    assert "第 4 行第" in explain(error, "zh")
    assert "读取程序的原文：" in explain(error, "zh")
    assert "读取程序的原文：" in explain(_refused(GOOD + "most = ["), "zh")
    assert "不是 UTF-8" in explain(_refused(GOOD.encode() + b"# \xff"), "zh")


def test_a_case_is_named_by_its_number_from_one() -> None:
    case = """[[cases]]
name = "one"
findings = { similarity = "pass" }
decision = "release"
line = "any.pass"
"""
    policy = Shelf().policy("general")
    with pytest.raises(PolicyUnusable, match=re.escape("cases[2].decision is shrug")):
        run_cases(policy, (case + case.replace('"release"', '"shrug"')).encode(), "general.cases.toml")


def test_every_kind_of_fault_has_its_words() -> None:
    from rectoverso.verso.policy.wrong import _KINDS

    assert {f"policy.wrong.{name}" for name in _KINDS.values()} <= set(catalogue("zh"))
