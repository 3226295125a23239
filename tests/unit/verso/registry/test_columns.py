"""What may be said of a work is declared once, read strictly, and documented in both languages."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rectoverso.i18n import LANGUAGES, say
from rectoverso.store.rights import Asked, Kind, Rights, State
from rectoverso.verso.registry.columns import COLUMNS, MOST_CHARACTERS, Said, read
from rectoverso.verso.screen.claims import OWNER_QUOTA, WORK_QUOTA

DOCS = Path(__file__).parents[4] / "docs"


def test_every_column_is_read() -> None:
    said, problems = read(
        {
            "file": "a.png",
            "title": " The Harbour ",
            "owner": "安娜",
            "licence": "CC BY 4.0",
            "contact": "anna@example.org",
            "territory": "de, FR;eu  DE",
            "from": "2020-01-02",
            "until": "2030-03-04",
            "asked": "Credit",
            "kind": "heritage",
        }
    )
    rights = Rights(
        "CC BY 4.0",
        "anna@example.org",
        ("DE", "FR", "EU"),
        date(2020, 1, 2),
        date(2030, 3, 4),
        Asked.CREDIT,
        Kind.HERITAGE,
    )
    assert problems == []
    assert said == Said("a.png", "The Harbour", "安娜", rights)


def test_an_empty_cell_says_nothing() -> None:
    assert read(dict.fromkeys(COLUMNS, " ")) == (Said(), [])


@pytest.mark.parametrize(
    ("column", "cell", "key"),
    [
        ("asked", "blok", "word"),
        ("kind", "exakt", "word"),
        ("from", "1.2.2020", "day"),
        ("until", "2026-02-30", "day"),
        ("territory", "Germany", "territory"),
        ("territory", "DE UK", "territory"),
        ("owner", "Anna\x1b[2J", "unprintable"),
        ("title", "two\nlines", "unprintable"),
        ("contact", "\u202egro.elpmaxe@anna", "unprintable"),
        ("licence", "x" * (MOST_CHARACTERS + 1), "long"),
    ],
)
def test_a_wrong_cell_is_told_and_counts_as_empty(column: str, cell: str, key: str) -> None:
    said, (problem,) = read({column: cell})
    assert said == Said()
    assert (problem.column, problem.message.key) == (column, f"registry.wrong.{key}")
    for language in LANGUAGES:
        assert say(problem.message, language)


def test_a_last_day_before_the_first_is_told_at_the_last() -> None:
    _, (problem,) = read({"from": "2026-01-02", "until": "2026-01-01"})
    assert (problem.column, problem.message.key) == ("until", "registry.wrong.ends_first")
    assert read({"from": "2026-01-02", "until": "2026-01-02"})[1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_every_column_every_word_and_the_quotas(language: str) -> None:
    text = (DOCS / language / "registry.md").read_text(encoding="utf-8")
    for column in COLUMNS:
        assert f"| `{column}` |" in text
    for words in (Asked, Kind, State):
        for word in words:
            assert f"`{word}`" in text
    for number in (WORK_QUOTA, OWNER_QUOTA, f"{MOST_CHARACTERS:,}"):
        assert str(number) in text
