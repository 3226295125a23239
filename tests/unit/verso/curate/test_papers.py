"""The datasheet and the Croissant file say what was measured, and nothing that strangers wrote does anything in
them."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from rectoverso.i18n import LANGUAGES, catalogue
from rectoverso.verso.curate.about import About, questions
from rectoverso.verso.curate.croissant import RAI, croissant
from rectoverso.verso.curate.datasheet import PARTS, Made, datasheet
from rectoverso.verso.curate.summary import MOST_NAMES, Summary

MADE = Made("harbours", "2026-11-27", "0.1.0", "a" * 64, "b" * 64, "2026-08-31", ("signals.reserved",))


def line(**more: object) -> dict[str, object]:
    seen = {
        "faces": {"looked": False},
        "text": {"looked": False},
        "size": [1, 1],
        "signals": [],
        "reasons": [],
    }
    return {"action": "keep", "rights": {}, "written": {"removed": [], "bytes": 10}, **seen, **more}


def test_every_question_stands_in_one_part() -> None:
    asked = [name for names in PARTS.values() for name in names]
    assert sorted(asked) == sorted(questions())
    assert {f"datasheet.parts.{part}" for part in PARTS} == {
        key for key in catalogue("en") if ".parts." in key
    }
    assert {name for names in RAI.values() for name in names} <= set(asked)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_datasheet_has_every_question_and_says_which_nobody_answered(language: str) -> None:
    about = About.read('[answers]\npurpose = { en = "A game.", zh = "一个游戏。" }\nfunding = "Nobody."')
    text = datasheet(Summary.of([line()]), MADE, about, language)
    for name in questions():
        assert f"(`{name}`)" in text
    assert {"en": "A game.", "zh": "一个游戏。"}[language] in text
    assert catalogue(language)["datasheet.unanswered"] in text
    assert "a" * 64 in text
    assert "`signals.reserved`" in text


def test_strangers_words_do_nothing_in_the_datasheet() -> None:
    summary = Summary.of([line(rights={"licence": "[x](http://evil)<script>\x1b[2J\n# head"})])
    text = datasheet(summary, MADE, About(), "en")
    assert not [words for words in ("<script>", "\x1b", "\n# head", "[x](") if words in text]


def test_an_answer_to_no_question_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="purpose"):
        About.read('[answers]\npurpos = "x"')


def test_names_without_end_are_counted_together() -> None:
    summary = Summary.of(line(rights={"licence": str(at)}) for at in range(10 * MOST_NAMES))
    assert len(summary.licences) == MOST_NAMES + 1
    assert summary.licences.total() == summary.kept == 10 * MOST_NAMES


def test_croissant_has_what_its_specification_asks_for() -> None:
    files = {"pictures.parquet": "c" * 64, "manifest.jsonl": "a" * 64}
    told = croissant(Summary.of([line()]), MADE, About(), files, ("label", "digest"))
    assert told["conformsTo"] == [
        "http://mlcommons.org/croissant/1.0",
        "http://mlcommons.org/croissant/RAI/1.0",
    ]
    assert [file["sha256"] for file in told["distribution"]] == ["c" * 64, "a" * 64]
    fields = told["recordSet"][0]["field"]
    assert [field["name"] for field in fields] == ["image", "label", "digest"]
    assert {field["source"]["fileObject"]["@id"] for field in fields} == {"pictures.parquet"}
    assert "not looked for" in told["rai:personalSensitiveInformation"]
    rai = {name.partition(":")[2]: words for name, words in told.items() if name.startswith("rai:")}
    assert rai.keys() < RAI.keys()
    assert "dataBiases" not in rai  # nobody answered that
    assert not [words for words in rai.values() if "Nobody" in words or not words]
    json.dumps(told)


def test_faces_looked_for_in_only_some_pictures_count_as_not_looked_for() -> None:
    looked = {"looked": True, "found": 2, "by": "finder"}
    assert Summary.of([line(faces=looked), line(faces=looked)]).looked_by("faces") == "finder"
    assert Summary.of([line(faces=looked), line()]).looked_by("faces") is None
    assert Summary.of([line(faces=looked)]).seen == Counter(
        {"faces=finder": 1, "faces.found": 1, "text=": 1, "text.found": 0}
    )
