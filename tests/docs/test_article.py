"""docs/en/article.md and docs/zh/article.md say the same, and what they call done is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ARTICLES = {language: ROOT / "docs" / language / "article.md" for language in ("en", "zh")}
DONE = {"done", "已实现"}
OPEN = {"not yet", "尚未"}
PATH = re.compile(r"`([^`]+)`")


def table_rows(language: str) -> list[list[str]]:
    """The cells of every row of every table, headings and rules included."""
    lines = ARTICLES[language].read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def state(row: list[str]) -> str | None:
    """The state a row claims, or None when its table has no states."""
    return next((cell for cell in row if cell in DONE | OPEN), None)


def test_both_languages_have_the_same_headings() -> None:
    levels = {
        language: re.findall(r"^#+", article.read_text(encoding="utf-8"), re.MULTILINE)
        for language, article in ARTICLES.items()
    }
    assert levels["en"] == levels["zh"]
    assert len(levels["en"]) > 5


def test_both_languages_have_the_same_rows_in_the_same_order() -> None:
    shapes = {
        language: [(len(row), state(row) in DONE, PATH.findall(row[-1])) for row in table_rows(language)]
        for language in ARTICLES
    }
    assert shapes["en"] == shapes["zh"]


@pytest.mark.parametrize("language", ARTICLES)
def test_every_row_called_done_names_a_file_that_exists(language: str) -> None:
    done = [row for row in table_rows(language) if state(row) in DONE]
    assert done
    missing = [
        row for row in done if not PATH.findall(row[-1]) or not (ROOT / PATH.findall(row[-1])[0]).is_file()
    ]
    assert missing == []


@pytest.mark.parametrize("language", ARTICLES)
def test_every_repair_names_a_file_that_exists(language: str) -> None:
    """The first table has no states: its six faults are all mended."""
    repairs = [row for row in table_rows(language) if state(row) is None and PATH.findall(row[-1])]
    assert len(repairs) == 6
    assert [row for row in repairs if not (ROOT / PATH.findall(row[-1])[0]).is_file()] == []


@pytest.mark.parametrize("language", ARTICLES)
def test_what_is_not_yet_there_names_no_file(language: str) -> None:
    assert [row for row in table_rows(language) if state(row) in OPEN and PATH.findall(row[-1])] == []


@pytest.mark.parametrize("language", ARTICLES)
def test_all_twelve_cited_systems_are_accounted_for(language: str) -> None:
    text = ARTICLES[language].read_text(encoding="utf-8")
    last_table = [line for line in text.rpartition("\n## ")[2].splitlines() if line.startswith("|")]
    assert len(last_table) == 2 + 12
