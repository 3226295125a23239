"""Signals in a site's ``/.well-known/tdmrep.json``: rules in a list, the first whose location matches decides.

Source: TDM Reservation Protocol, W3C Community Group Final Report, 10 May 2024, 7.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rectoverso.verso.curate.headers import reservation
from rectoverso.verso.curate.robots import Rule, normal, pattern
from rectoverso.verso.curate.signal import Says, Signal, SignalKind, Source

MOST_CHARACTERS = 2_000_000


def signals(text: str, path: str, source: Source) -> Iterator[Signal]:
    """What the file says of the resource at ``path``, which begins with a slash; a broken one is unclear."""
    try:
        rules = json.loads(text[:MOST_CHARACTERS])
        matching = next((rule for rule in _objects(rules) if _is_for(rule, normal(path))), None)
    except (ValueError, RecursionError):
        yield Signal(SignalKind.TDMREP_FILE, Says.UNCLEAR, text, source)
        return
    if matching is not None:
        said = reservation(matching.get("tdm-reservation"))
        yield Signal(SignalKind.TDMREP_FILE, said, json.dumps(matching, ensure_ascii=False), source)


def _objects(rules: Any) -> list[dict[str, Any]]:
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise ValueError("rules are a list of objects")
    return rules


def _is_for(rule: dict[str, Any], path: str) -> bool:
    location = str(rule.get("location") or "/")
    return Rule("location", pattern(location), "", "").weight(path) is not None
