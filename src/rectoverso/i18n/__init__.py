"""What people read, in their language.

Catalogues are TOML files, one folder a language, one file a subject (``en/verify.toml``); a message's key is
``subject.name``. ``pseudo`` is a made-up language that shows on a page what was never translated.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from importlib import resources

from rectoverso.errors import RectoversoError
from rectoverso.types import Message

LANGUAGES = ("en", "zh")
PSEUDO = "pseudo"


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
    """The sentence behind a message, its blanks filled."""
    return catalogue(language)[message.key].format(**message.facts)


def explain(error: RectoversoError, language: str = "en") -> str:
    """An error's sentences: what happened, why, what to do."""
    if language == "en":
        return str(error)
    texts = {part: catalogue(language).get(f"errors.{error.code}.{part}") for part in ("what", "why", "fix")}
    return " ".join(error.sentences(**texts))


def preferred_language() -> str:
    """The reader's language: RECTOVERSO_LANG, else the locale of the terminal, else English."""
    names = (os.environ.get(name, "") for name in ("RECTOVERSO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    wanted = next((name for name in names if name), "en").lower()
    return next((language for language in (*LANGUAGES, PSEUDO) if wanted.startswith(language)), "en")


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
