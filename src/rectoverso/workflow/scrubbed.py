"""Names taken out of what was found of other pictures: a finding names the works that it found, and their owners."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import cache
from typing import Any

from rectoverso.store.works import Work

_ABOUT_A_WORK = ("title", "owner", "id", "licence", "contact")
_PROGRAMS = frozenset(
    {
        *("key", "code", "check", "outcome", "decision", "verdict", "asset", "digest"),
        *(
            "kind",
            "use",
            "law",
            "format",
            "origin",
            "system",
            "preset",
            "suffix",
            "run",
            "dataset",
            "data",
            "data_b",
        ),
    }
)
"""What holds words of this program and no one's: a person may be called Seal, or Block."""
_LONG_ENOUGH = 4
_BETWEEN = r"[\s_.,^+-]+"
"""What stands between the words of a name: in a sentence, a file's name, a list of surnames, DICOM."""


def says(text: str, name: str) -> bool:
    """Whether a name stands in a text, as words of their own: `Ed` is not in `edited`, nor in a digest. Capitals count
    for nothing, nor how accents are written, nor what stands between the words: names of files have no space.
    """
    return bool(name) and _whole(name).search(text) is not None


def is_same(one: str, other: str) -> bool:
    """Whether two names are the same, looked at in that way."""
    return bool(other) and _whole(other).fullmatch(one.strip()) is not None


def scrubbed(told: Any, works: Collection[Work], name: str = "", *, instead: str = "") -> Any:
    """``told`` (as JSON keeps it) without what it says of these works, and without the name where one is given.

    What is about a work is known by the work's id, or by its title and owner together. Titles also fall where they
    stand in a sentence, unless they are so short that they might be any word. Words of the program's own stay.
    """
    names = {work.title for work in works if len(work.title) >= _LONG_ENOUGH} | ({name} if name else set())
    return _without(told, works, sorted(names, key=len, reverse=True), instead)


def _without(told: Any, works: Collection[Work], names: Collection[str], instead: str) -> Any:
    if isinstance(told, dict):
        emptied = _ABOUT_A_WORK if any(_is_about(told, work) for work in works) else ()
        without = {
            key: "" if key in emptied else _without(value, works, names, instead)
            for key, value in told.items()
        }
        return without | {key: value for key, value in told.items() if key in _PROGRAMS}
    if isinstance(told, list):
        return [_without(value, works, names, instead) for value in told]
    if isinstance(told, str):
        for name in names:
            told = _whole(name).sub(lambda _: instead, told)
    return told


@cache
def _whole(name: str) -> re.Pattern[str]:
    """The name, where letters of an alphabet do not go on before or behind it; Chinese puts nothing between words. A
    number may follow on more words than one, as in `anna_muster2.png`: no digest looks like that.
    """
    words = unicodedata.normalize("NFC", name).split() or [name]
    goes_on = r"[^\W_]" if len(words) == 1 else r"[^\W\d_]"
    before, after = (
        "" if _is_ideograph(letter) else side
        for letter, side in ((words[0][0], f"(?<!{goes_on})"), (words[-1][-1], f"(?!{goes_on})"))
    )
    middle = _BETWEEN.join("".join(map(_letter, word)) for word in words)
    return re.compile(before + middle + after, re.IGNORECASE)


def _letter(letter: str) -> str:
    """It, also where its accent is a sign of its own, as file systems of Apple write it."""
    apart = unicodedata.normalize("NFD", letter)
    return re.escape(letter) if apart == letter else f"(?:{re.escape(letter)}|{re.escape(apart)})"


def _is_ideograph(letter: str) -> bool:
    return letter >= "\u2e80"


def _is_about(told: dict[str, Any], work: Work) -> bool:
    if "id" in told:
        return bool(told["id"] == work.id)
    return told.get("title") == work.title and told.get("owner", work.owner) in (work.owner, "-")
