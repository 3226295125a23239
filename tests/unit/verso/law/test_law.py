"""The packs: what they say holds together, and a regime of a known shape is a file and nothing more."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib import resources

import pytest
from pydantic import ValidationError

from rectoverso.errors import UnknownName
from rectoverso.types import Origin
from rectoverso.verso.law import Labelling, Law, law, laws, laws_named
from rectoverso.verso.law.lint import State, lint, look
from rectoverso.verso.mark import visible
from unit.verso.conftest import photo
from unit.verso.law.corpus import LATENT, Drawn

INDIA = """
law = "in"
version = 1
place = { en = "India", zh = "印度" }
in_force = 2026-02-20
layers = ["visible_label", "metadata"]
[source]
title = { en = "IT Rules", zh = "信息技术规则" }
note = { en = "Made up for this test.", zh = "仅供测试。" }
[visible]
required = true
corner = "top_left"
near = "edge"
height_share = 0.04
contrast = 4.5
must_hold = [["AI"]]
words = { ai = ["AI generated"], edited = ["AI altered"] }
[file]
fields = ["unique_id"]
[[clauses]]
id = "label"
asks = "visible_label"
says = { en = "A prominent label.", zh = "醒目的标识。" }
[[clauses]]
id = "id"
asks = "field"
field = "unique_id"
says = { en = "A unique identifier.", zh = "唯一标识符。" }
"""


def test_the_packs_are_there_and_in_force_when_they_were() -> None:
    assert laws() == ("cn", "eu", "us-ca")
    days = {name: law(name).in_force for name in laws()}
    assert days == {"cn": date(2025, 9, 1), "eu": date(2026, 8, 2), "us-ca": date(2026, 8, 2)}


def test_what_is_asked_later_has_its_day() -> None:
    days = {name: [stage.day for stage in law(name).later] for name in laws()}
    assert days["cn"] == []
    assert days["eu"] == [date(2026, 12, 2), date(2027, 2, 2)]
    assert days["us-ca"] == [date(2027, 1, 1), date(2028, 1, 1)]
    assert {clause.id: clause.since for clause in law("eu").clauses if clause.since} == {
        "Code 3": days["eu"][1]
    }
    since = {clause.id: clause.since for clause in law("us-ca").clauses if clause.since}
    first, second = days["us-ca"]
    assert since == {"platforms": first, "hosts": first, "cameras": second}
    answers = lint(look(Drawn(photo(1, 64)).file()), law("us-ca"))
    told = {one.clause.id: one.message.facts.get("since") for one in answers if one.clause.since}
    assert told == {name: day.isoformat() for name, day in since.items()}


def test_names_may_be_repeated_or_joined() -> None:
    assert [one.law for one in laws_named(["cn,eu", " us-ca", "cn", ""])] == ["cn", "eu", "us-ca"]
    with pytest.raises(UnknownName, match="us-ca"):
        laws_named(["us"])


def test_every_word_of_every_law_has_its_glyphs() -> None:
    """A letter that the font lacks is drawn as its box for missing ones; no two letters may look like that."""
    missing = visible.ink("\U0001f600", 40)
    words = {
        letter
        for name in laws()
        if (rule := law(name).visible)
        for text in (*rule.words.ai, *rule.words.edited, *sum(rule.must_hold, ()))
        for letter in text
        if letter != " "
    }
    for letter in words:
        drawn = visible.ink(letter, 40)
        assert drawn.any()
        assert drawn.shape != missing.shape or (drawn != missing).any(), letter


def test_another_regime_is_a_file_only() -> None:
    india = Law.model_validate(tomllib.loads(INDIA))
    labelling = Labelling((india,))
    labelled = visible.put(photo(1, 300), labelling.words(Origin.AI))
    assert [one.text for one in labelled.placed] == ["AI generated"]
    stated = {**LATENT, "verso:VisibleLabels": str(visible.to_text(labelled.placed))}
    answers = lint(look(Drawn(labelled.pixels, stated).file()), india)
    assert [one.state for one in answers] == [State.MET, State.MET]
    answers = lint(look(Drawn(photo(1, 300)).file()), india)
    assert [one.state for one in answers] == [State.CANNOT_TELL, State.MISSING]


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ('ai = ["AI generated"]', 'ai = ["made"]'),
        ('asks = "visible_label"', 'asks = "aigc"'),
        ('field = "unique_id"', ""),
        ('asks = "field"', 'asks = "person"'),
        ('fields = ["unique_id"]', 'fields = ["aigc"]'),
        ("height_share = 0.04", "height_share = 4"),
        ('asks = "field"', 'asks = "something"'),
        ("in_force = 2026-02-20", ""),
        ('asks = "field"', 'since = 2027-01-01\nasks = "field"'),
        ("[source]", '[[later]]\nday = 2026-02-20\nsays = { en = "All.", zh = "全部。" }\n[source]'),
    ],
)
def test_a_pack_that_contradicts_itself_is_refused(written: str, instead: str) -> None:
    assert written in INDIA
    with pytest.raises(ValidationError):
        Law.model_validate(tomllib.loads(INDIA.replace(written, instead, 1)))


def test_the_licence_lies_beside_the_font() -> None:
    folder = resources.files("rectoverso.verso.mark").joinpath("font")
    assert "SIL OPEN FONT LICENSE" in folder.joinpath("OFL.txt").read_text(encoding="utf-8")
    assert len(folder.joinpath("label.otf").read_bytes()) < 30_000
    assert visible.font_is_there()
