"""Signals in a site's ``robots.txt`` and ``ai.txt``.

| line | says | source |
| --- | --- | --- |
| ``Disallow`` for an agent that gathers for AI, or for all | reserved | RFC 9309; the agents are in `agents.toml` |
| ``Content-Usage: [path] train-ai=n`` | AIPREF | IETF draft-ietf-aipref-attach, 4 |
| ``Content-Signal: ai-train=no`` | the same | Cloudflare, 2025 |
| ``License: address`` | there are conditions | Really Simple Licensing 1.0, 2025 |
| ``Disallow``, ``Allow`` in ``ai.txt`` | reserved, allowed | Spawning, 2023; no standard |

A rule's weight is the length of its path; the heaviest that matches decides, and of two equal ones ``Allow`` in
``robots.txt`` (RFC 9309, 2.2.2), the stricter preference elsewhere. Whoever gathered the pictures may have had another
name than those listed: what a site refuses to any of them is taken to be refused.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from rectoverso.verso.curate import preference
from rectoverso.verso.curate.headers import lines
from rectoverso.verso.curate.signal import Says, Signal, SignalKind, Source, strictest

MOST_BYTES = 512_000
"""RFC 9309, 2.5: at least 500 KiB are to be read."""
EVERYBODY = "*"
_AI_TXT = {"disallow": Says.RESERVED, "allow": Says.ALLOWED}
_LICENCE = "license"
_SPECIAL = re.compile(r"(\*|\$$)")
_USAGE = {"content-usage": SignalKind.AIPREF_ROBOTS, "content-signal": SignalKind.CONTENT_SIGNAL}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: what it is, the path that it is for, what it says, and its words."""

    name: str
    pattern: str
    value: str
    raw: str

    def weight(self, path: str) -> int | None:
        """How closely it is meant for this path; None where it is not."""
        return len(self.pattern) if _matches(self.pattern, path) else None


@dataclass(slots=True)
class Group:
    """Rules, and the agents that they are for, in lower case."""

    agents: list[str] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)


@cache
def agents() -> frozenset[str]:
    """The agents that gather for AI, in lower case, as listed on the day that `agents.toml` gives."""
    return frozenset(name.lower() for name in _listed()["agents"])


def agents_date() -> str:
    """The day of that list."""
    return str(_listed()["date"])


@cache
def _listed() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("agents.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def signals(text: str, path: str, source: Source) -> Iterator[Signal]:
    """What a ``robots.txt`` says of the resource at ``path``, which begins with a slash."""
    groups = _groups(text)
    path = normal(path)
    yield from _refused(groups, path, source)
    for name, kind in _USAGE.items():
        found = [found for rules in _for_ai(groups) if (found := _preference(rules, name, path))]
        if said := strictest(answer for answer, _ in found):
            raw = "\n".join(words for answer, words in found if answer is said)
            yield Signal(kind, said, raw, source)
    for rule in (rule for group in groups for rule in group.rules if rule.name == _LICENCE):
        yield Signal(SignalKind.RSL, Says.CONSTRAINED, rule.raw, source)


def ai_txt_signals(text: str, path: str, source: Source) -> Iterator[Signal]:
    """What an ``ai.txt`` says: its patterns are mostly endings such as ``*.jpg``."""
    path = normal(path)
    deciding = (_heaviest(rules, path, tuple(_AI_TXT), first="disallow") for rules in _for_ai(_groups(text)))
    found = [(_AI_TXT[rule.name], rule.raw) for rule in deciding if rule]
    if said := strictest(answer for answer, _ in found):
        raw = "\n".join(words for answer, words in found if answer is said)
        yield Signal(SignalKind.AI_TXT, said, raw, source)


def normal(path: str) -> str:
    """Percent-encoded in one way, so that what means the same is the same, octet by octet. A star and a dollar sign in
    it are no patterns (RFC 9309, 2.2.3), and are encoded.
    """
    # A file system's name may have octets that are no letters.
    octets = unquote_to_bytes((path or "/").encode("utf-8", "surrogateescape"))
    return quote(octets, safe="/%?&=+:;,@!'()~-._")


def _refused(groups: list[Group], path: str, source: Source) -> Iterator[Signal]:
    """One signal for all agents that may not get it."""
    rules = {
        agent: _heaviest(_rules_of(groups, agent), path, ("allow", "disallow"), first="allow")
        for agent in _named(groups)
    }
    refusing = {agent: rule for agent, rule in rules.items() if rule and rule.name == "disallow"}
    lines = [f"User-agent: {agent}\n{rule.raw}" for agent, rule in refusing.items()]
    if lines:
        yield Signal(SignalKind.ROBOTS_AGENTS, Says.RESERVED, "\n".join(lines), source)


def _named(groups: list[Group]) -> list[str]:
    """The agents for AI that the file has rules for, and whoever is not named."""
    named = {agent for group in groups for agent in group.agents}
    return [*sorted(named & agents()), EVERYBODY]


def _for_ai(groups: list[Group]) -> Iterator[list[Rule]]:
    for agent in _named(groups):
        yield _rules_of(groups, agent)


def _rules_of(groups: list[Group], agent: str) -> list[Rule]:
    """All groups of one agent are one (RFC 9309, 2.2.1)."""
    return [rule for group in groups if agent in group.agents for rule in group.rules]


def _heaviest(rules: Iterable[Rule], path: str, names: tuple[str, ...], *, first: str) -> Rule | None:
    """The rule of these names that decides; ``first`` is the one that does among equals."""
    weighed = [
        (weight, rule.name == first, rule)
        for rule in rules
        if rule.name in names and rule.pattern and (weight := rule.weight(path)) is not None
    ]
    return max(weighed, key=lambda row: row[:2], default=(0, False, None))[2]


def _preference(rules: Iterable[Rule], name: str, path: str) -> tuple[Says, str] | None:
    """The strictest of the preferences whose path is the longest that matches, and its words."""
    weighed = [
        (weight, rule)
        for rule in rules
        if rule.name == name and (weight := rule.weight(path)) is not None and preference.says(rule.value)
    ]
    heaviest = max((weight for weight, _ in weighed), default=None)
    told = [(preference.says(rule.value), rule.raw) for weight, rule in weighed if weight == heaviest]
    said = strictest(answer for answer, _ in told if answer)
    return None if said is None else (said, next(raw for answer, raw in told if answer is said))


@lru_cache(maxsize=64)
def _groups(text: str) -> list[Group]:
    """Groups in their order. Rules before any agent are for everybody: some sites write their preferences so."""
    groups = [Group([EVERYBODY])]
    is_naming = False
    for line in lines(text[:MOST_BYTES]):
        name, colon, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        name = name.lower()
        if not colon:
            continue
        if name == "user-agent":
            if not is_naming:
                groups.append(Group())
            groups[-1].agents += _agents_in(value.lower())
            is_naming = True
        elif rule := _rule(name, value, line):
            groups[-1].rules.append(rule)
            is_naming = False
    return groups


def _agents_in(value: str) -> list[str]:
    """The names in a line, which should have one: with a version, or several between commas, they are meant as well."""
    named = [name.strip() for name in value.split(",")]
    return list(dict.fromkeys([*named, *(name.partition("/")[0].strip() for name in named)]))


def _rule(name: str, value: str, line: str) -> Rule | None:
    if name in ("allow", "disallow"):
        return Rule(name, pattern(value), "", line.strip())
    if name == _LICENCE and value:
        return Rule(name, "", value, line.strip())
    if name not in _USAGE:
        return None
    if value.startswith("/"):
        path, *said = value.split(maxsplit=1)
        return Rule(name, pattern(path), "".join(said), line.strip())
    return Rule(name, "", value, line.strip())


def pattern(value: str) -> str:
    """As `normal`, but for what is a pattern in it."""
    parts = (part if part in ("*", "$") else normal(part) for part in _SPECIAL.split(value) if part)
    return "".join(parts)


def _matches(pattern: str, path: str) -> bool:
    """``*`` is anything, a ``$`` at the end is the end; what does not begin with a slash may begin anywhere.

    Piece after piece, so that no pattern takes long: regular expressions of many stars can.
    """
    is_whole = pattern.endswith("$")
    pieces = pattern.removesuffix("$").split("*")
    if pattern.startswith("/"):
        if not path.startswith(pieces[0]):
            return False
        at = len(pieces.pop(0))
    else:
        path, pieces, at = path.lower(), [piece.lower() for piece in pieces], 0
    if not pieces:
        return not is_whole or at == len(path)
    *between, last = pieces
    for piece in between:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return path.find(last, at) >= 0 if not is_whole else path.endswith(last) and len(path) - len(last) >= at
