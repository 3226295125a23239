"""Names taken out of what was found of other pictures: a finding names the works that it found, and their owners."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import Any

from rectoverso.store.works import Work

_ABOUT_A_WORK = ("title", "owner", "id", "licence", "contact")
_LONG_ENOUGH = 4


def says(text: str, name: str) -> bool:
    """Whether a name stands in a text, as words of their own: `Ed` is not in `edited`, nor in a digest."""
    return bool(name) and _whole(name).search(text) is not None


def scrubbed(told: Any, works: Collection[Work], name: str = "") -> Any:
    """``told`` (as JSON keeps it) without what it says of these works, and without the name where one is given.

    What is about a work is known by the work's id, or by its title and owner together. Titles also fall where they
    stand in a sentence, unless they are so short that they might be any word.
    """
    names = {work.title for work in works if len(work.title) >= _LONG_ENOUGH} | ({name} if name else set())
    return _without(told, works, sorted(names, key=len, reverse=True))


def _without(told: Any, works: Collection[Work], names: Collection[str]) -> Any:
    if isinstance(told, dict):
        is_about = any(_is_about(told, work) for work in works)
        return {
            key: "" if is_about and key in _ABOUT_A_WORK else _without(value, works, names)
            for key, value in told.items()
        }
    if isinstance(told, list):
        return [_without(value, works, names) for value in told]
    if isinstance(told, str):
        for name in names:
            told = _whole(name).sub("", told)
    return told


@cache
def _whole(name: str) -> re.Pattern[str]:
    """The name, where letters of an alphabet do not go on before or behind it; Chinese puts nothing between words."""
    before, after = (
        "" if _is_ideograph(letter) else side
        for letter, side in ((name[0], r"(?<!\w)"), (name[-1], r"(?!\w)"))
    )
    return re.compile(before + re.escape(name) + after)


def _is_ideograph(letter: str) -> bool:
    return letter >= "\u2e80"


def _is_about(told: dict[str, Any], work: Work) -> bool:
    if "id" in told:
        return bool(told["id"] == work.id)
    return told.get("title") == work.title and told.get("owner", work.owner) in (work.owner, "-")
