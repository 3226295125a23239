"""What people read, in their language.

Catalogues are TOML files, one folder a language, one file a subject (``en/verify.toml``); a message's key is
``subject.name``. ``pseudo`` is a made-up language that shows on a page what was never translated.
"""

from __future__ import annotations

import os
import tomllib
import unicodedata
from functools import cache
from importlib import resources
from typing import Self

from rectoverso.errors import RectoversoError
from rectoverso.types import Message

LANGUAGES = ("en", "zh")
PSEUDO = "pseudo"
PARTS = ("what", "why", "fix")
"""Of what is said of an error."""


@cache
def catalogue(language: str) -> dict[str, str]:
    """Every message of one language, flat: ``{"verify.trusted.title": "..."}``."""
    if language == PSEUDO:
        return {key: _accented(text) for key, text in catalogue("en").items()}
    messages: dict[str, str] = {}
    for file in resources.files(__name__).joinpath(language).iterdir():
        if file.name.endswith(".toml"):
            subject = file.name.removesuffix(".toml")
            messages |= _flat(subject, tomllib.loads(file.read_text(encoding="utf-8")))
    return messages


def say(message: Message, language: str = "en") -> str:
    """The sentence behind a message, its blanks filled.

    A fact that is itself a message, as a value or as JSON keeps one, is said as well; one that brings its own words in
    every language gives those.
    """
    facts = {name: _said(fact, language) for name, fact in message.facts.items()}
    return catalogue(language)[message.key].format(**facts)


class Phrase(str):
    """English text that remembers its messages (one a line), so that an error's facts follow its language."""

    __slots__ = ("messages",)
    messages: tuple[Message, ...]

    def __new__(cls, *messages: Message) -> Self:
        phrase = super().__new__(cls, "\n".join(say(message) for message in messages))
        phrase.messages = messages
        return phrase

    def within(self, language: str) -> str:
        return "\n".join(say(message, language) for message in self.messages)


class Listing(str):
    """English text of several errors, one a line, that remembers them, so that each follows the reader's language."""

    __slots__ = ("errors",)
    errors: tuple[RectoversoError, ...]

    def __new__(cls, *errors: RectoversoError) -> Self:
        listing = super().__new__(cls, "\n".join(f"- {error}" for error in errors))
        listing.errors = errors
        return listing

    def within(self, language: str) -> str:
        return "\n".join(f"- {explain(error, language)}" for error in self.errors)


def explain(error: RectoversoError, language: str = "en") -> str:
    """An error's sentences: what happened, why, what to do."""
    return str(error) if language == "en" else _within(error, language).told(**_templates(error, language))


def sentences(error: RectoversoError, language: str = "en") -> dict[str, str]:
    """The same, each by its name (``what``, ``why``, ``fix``); one that has nothing to say is left out."""
    templates = {part: getattr(error, part) for part in PARTS}
    templates |= {part: text for part, text in _templates(error, language).items() if text}
    facts = _within(error, language).facts
    return {part: text.format(**facts) for part, text in templates.items() if text}


def _templates(error: RectoversoError, language: str) -> dict[str, str | None]:
    return {part: catalogue(language).get(f"errors.{error.code}.{part}") for part in PARTS}


def _within(error: RectoversoError, language: str) -> RectoversoError:
    """The error, its facts in that language where they have one."""
    facts = {
        name: fact.within(language) if isinstance(fact, Phrase | Listing) else fact
        for name, fact in error.facts.items()
    }
    return type(error)(**facts)


def printable(text: str) -> str:
    """One line without control characters: a name that a stranger gave may hold what would repaint the terminal."""
    one_line = text.replace("\n", " ")
    return "".join(letter if unicodedata.category(letter)[0] != "C" else "?" for letter in one_line)


def preferred_language() -> str:
    """The reader's language: RECTOVERSO_LANG, else the locale of the terminal, else English."""
    names = (os.environ.get(name, "") for name in ("RECTOVERSO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    wanted = next((name for name in names if name), "en").lower()
    return next((language for language in (*LANGUAGES, PSEUDO) if wanted.startswith(language)), "en")


def _said(fact: object, language: str) -> object:
    if isinstance(fact, Message):
        return say(fact, language)
    if isinstance(fact, dict) and set(fact) == set(LANGUAGES):
        return fact.get(language, fact["en"])
    if isinstance(fact, dict) and set(fact) == {"key", "facts"}:
        return say(Message(**fact), language)
    return fact


def _flat(prefix: str, table: dict[str, object]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in table.items():
        key = f"{prefix}.{name}"
        flat |= _flat(key, value) if isinstance(value, dict) else {key: str(value)}
    return flat


def _accented(text: str) -> str:
    """Accent the letters outside {blanks}, so that a person still reads it and a test can spot it."""
    table = str.maketrans("aeiouAEIOU", "àéîõüÀÉÎÕÜ")
    parts = text.replace("{", "\0{").replace("}", "}\0").split("\0")
    return "".join(part if part.startswith("{") else part.translate(table) for part in parts)
