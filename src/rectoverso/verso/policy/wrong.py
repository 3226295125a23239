"""What is wrong with a file that should be a policy or its cases, in words of every language.

The readers of TOML and of rules speak English. What they find is told by the kind of the fault; only where that says
too little are their own words quoted, as such.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from rectoverso.errors import PolicyUnusable
from rectoverso.i18n import Phrase
from rectoverso.types import Message

_KINDS = {
    "extra_forbidden": "unknown",
    "missing": "missing",
    "enum": "word",
    "literal_error": "word",
    "int_type": "number",
    "int_parsing": "number",
    "int_from_float": "number",
    "bool_type": "switch",
    "bool_parsing": "switch",
    "string_type": "text",
    "string_too_short": "empty",
    "string_pattern_mismatch": "name",
    "greater_than_equal": "least",
    "less_than_equal": "most",
    "dict_type": "table",
    "model_type": "table",
    "model_attributes_type": "table",
    "tuple_type": "list",
}
"""Kinds of fault as pydantic 2 names them, and our words for them (``policy.wrong``)."""

_MEMBER = re.compile(r"<\w+\.\w+: (.*?)>")
"""How Python writes a word of ours."""

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def unusable(file: str, which: str, /, **facts: object) -> PolicyUnusable:
    """The error for a file that is no policy, worded in the catalogues under ``policy.bad``."""
    reason, advice = (Message(f"policy.bad.{which}.{part}", facts) for part in ("reason", "advice"))
    return PolicyUnusable(file=file, reason=Phrase(reason), advice=Phrase(advice))


def not_toml(error: UnicodeDecodeError | tomllib.TOMLDecodeError) -> Message:
    """Where a text stops being TOML, and what its reader says there."""
    if isinstance(error, UnicodeDecodeError):
        return Message("policy.wrong.encoding", {"at": error.start})
    place = _PLACE.search(str(error))
    words = _PLACE.sub("", str(error))
    if place is None or place[1] is None:
        return Message("policy.wrong.toml_end", {"words": words})
    return Message("policy.wrong.toml", {"line": place[1], "column": place[2], "words": words})


def problem_of(error: ValidationError, numbers: Mapping[tuple[str, ...], int]) -> Message:
    """The first thing that is wrong, with its line where it has one."""
    first = error.errors(include_url=False)[0]
    path = tuple(part for part in first["loc"] if part != "[key]")
    names = tuple(map(str, path))
    number = next((numbers[names[:end]] for end in range(len(path), 0, -1) if names[:end] in numbers), None)
    at = "at" if number is None else "at_line"
    return Message(f"policy.wrong.{at}", {"line": number, "rule": _named(path), "what": _fault(first)})


def _fault(found: Mapping[str, Any]) -> Message:
    context = found.get("ctx", {})
    expected = _MEMBER.sub(r"\1", str(context.get("expected", "")))
    facts = {
        "given": found["input"] if isinstance(found["input"], str | int | float) else "",
        "known": expected.replace(" or ", ", ").replace("'", ""),
        "least": context.get("ge"),
        "most": context.get("le"),
        "words": found["msg"],
    }
    return Message(f"policy.wrong.{_KINDS.get(found['type'], 'other')}", facts)


def _named(path: tuple[int | str, ...]) -> str:
    """``cases[4].line``: of a list the parts are counted from 1."""
    named = ""
    for part in path:
        named += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return named.lstrip(".") or "-"
