"""The only words that stay: DICOM's defined terms, makers of devices, and the meanings of standard codes.

A code's meaning is free text, so it is not kept but looked up (pydicom's dictionary of PS3.16, SNOMED CT and UCUM): a
code that is not in it does not stay, whatever its scheme calls itself.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

_ORIENTATION = re.compile("[LRAPFH]{1,3}")


@cache
def _words() -> dict[str, Any]:
    text = resources.files(__name__.rpartition(".")[0]).joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def terms() -> frozenset[str]:
    """Every value that a coded string may keep."""
    return frozenset(_words()["terms"].split()) | {
        "PALETTE COLOR",
        "FOR PRESENTATION",
        "FOR PROCESSING",
        "WHOLE BODY",
    }


def term(value: str) -> str:
    """A coded string as it may stay: itself where it is a defined term or a direction, else OTHER."""
    return value if value in terms() or _ORIENTATION.fullmatch(value) else "OTHER"


def maker(value: str) -> str | None:
    """The canonical name of a maker of devices, None for one that is not known."""
    makers = _words()["makers"].items()
    return next((str(name) for start, name in makers if value.upper().startswith(start)), None)


def fits(keyword: str, value: str) -> bool:
    """Whether a text attribute says nothing but what its pattern allows; none is allowed without one."""
    pattern = _words()["patterns"].get(keyword)
    return pattern is not None and re.fullmatch(pattern, value) is not None


@cache
def meanings() -> dict[tuple[str, str], str]:
    """The meaning of each code that the dictionary knows, by scheme and value."""
    from pydicom.sr._concepts_dict import concepts

    found: dict[tuple[str, str], str] = {}
    for scheme, names in concepts.items():
        for codes in names.values():
            for value, (meaning, *_) in codes.items():
                found[scheme, value] = meaning
    return found


def is_ours(value: str) -> bool:
    """Whether a text is one that cleaning itself may write: then it tells nothing of anybody."""
    return value in terms() or value in set(_words()["makers"].values()) or value in _all_meanings()


@cache
def _all_meanings() -> frozenset[str]:
    return frozenset(meanings().values())
