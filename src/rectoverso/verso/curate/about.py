"""What only people know of a data set, as they write it down for its datasheet (``--about``).

name = "Harbour photographs"
description = "Photographs of European harbours, 2019 to 2025."
licence = "CC-BY-4.0"
creator = "Anna Muster"
url = "https://example.org/harbours"
citation = "A. Muster, Harbour photographs, 2025."

[answers]                              # by the questions' names in the datasheet
purpose = "To train a generator of harbour views for a game."
consent = { en = "By contract.", zh = "依合同。" }
"""

from __future__ import annotations

import tomllib
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from rectoverso.i18n import catalogue

QUESTIONS = "datasheet.questions."


class Words(BaseModel):
    """The same in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str


class About(BaseModel):
    """What was written down; empty where nothing was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    description: str = ""
    licence: str = ""
    creator: str = ""
    url: str = ""
    citation: str = ""
    answers: dict[str, str | Words] = {}

    @classmethod
    def read(cls, text: str) -> Self:
        """From TOML. Raises ValueError: TOMLDecodeError, ValidationError."""
        return cls.model_validate(tomllib.loads(text))

    @model_validator(mode="after")
    def _answers_questions(self) -> Self:
        unknown = sorted(set(self.answers) - set(questions()))
        if unknown:
            raise ValueError(f"no such question: {', '.join(unknown)}. There are: {', '.join(questions())}")
        return self

    def answer(self, question: str, language: str) -> str:
        """What was answered, "" where nothing was."""
        found = self.answers.get(question, "")
        return found if isinstance(found, str) else str(getattr(found, language))


def questions() -> tuple[str, ...]:
    """The names of all questions, in the order of the datasheet."""
    return tuple(key.removeprefix(QUESTIONS) for key in catalogue("en") if key.startswith(QUESTIONS))
