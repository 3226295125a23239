"""Signals in the header fields that came with a picture, as a crawl saved them.

| field | source |
| --- | --- |
| ``TDM-Reservation``, ``TDM-Policy`` | TDM Reservation Protocol, W3C Community Group Final Report, 10 May 2024 |
| ``Content-Usage`` | IETF draft-ietf-aipref-attach, 3 (`preference`) |
| ``Content-Signal`` | Cloudflare, 2025 (`preference`) |
| ``Link`` to a licence in ``application/rsl+xml`` | Really Simple Licensing 1.0, 2025: there are conditions |
| ``X-Robots-Tag: noai``, ``noimageai``, ``noml`` | DeviantArt, 2022; no standard |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rectoverso.verso.curate import preference
from rectoverso.verso.curate.signal import Says, Signal, SignalKind, Source

Fields = Iterable[tuple[str, str]]

NO_AI = frozenset({"noai", "noimageai", "noml"})
_PREFERENCES = {
    "content-usage": SignalKind.AIPREF_HEADER,
    "content-signal": SignalKind.CONTENT_SIGNAL,
}
RSL = "application/rsl+xml"
_LINE_END = re.compile(r"\r\n|\r|\n")
_BETWEEN = re.compile(r"[\s,:;]+")
_RESERVATION = {"1": Says.RESERVED, "0": Says.ALLOWED}


def parsed(text: str) -> list[tuple[str, str]]:
    """The fields of a saved answer, of all answers where redirects were saved too; lines that are none are left out."""
    fields: list[tuple[str, str]] = []
    for line in lines(text):
        name, colon, value = line.partition(":")
        if line[:1] in (" ", "\t") and fields:  # a folded line goes on with the one before (RFC 9112, 5.2)
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}")
        elif colon and (name := name.strip()) and not any(letter.isspace() for letter in name):
            fields.append((name, value.strip()))
    return fields


def lines(text: str) -> list[str]:
    """The lines as HTTP and robots.txt end them; Python's own ends more of them."""
    return _LINE_END.split(text)


def signals(fields: Fields, source: Source) -> Iterator[Signal]:
    """What the fields say; names are compared without regard to case."""
    rows = [(name.lower(), value) for name, value in fields]
    policy = next((value for name, value in rows if name == "tdm-policy"), None)
    for name, value in rows:
        raw = f"{name}: {value}"
        if name == "tdm-reservation":
            raw += f"\ntdm-policy: {policy}" if policy else ""
            yield Signal(SignalKind.TDMREP_HEADER, reservation(value), raw, source)
        elif name in _PREFERENCES and (said := preference.says(value)):
            yield Signal(_PREFERENCES[name], said, raw, source)
        elif name == "link" and RSL in value.lower():
            yield Signal(SignalKind.RSL, Says.CONSTRAINED, raw, source)
        elif name == "x-robots-tag" and forbids_ai(value):
            yield Signal(SignalKind.NOAI_HEADER, Says.RESERVED, raw, source)


def reservation(value: object) -> Says:
    """What a value of ``tdm-reservation`` says. The protocol counts a wrong one as none; here people are asked."""
    return _RESERVATION.get(str(value).strip(), Says.UNCLEAR)


def forbids_ai(directives: str) -> bool:
    """Whether one of the directives for robots asks not to be used by AI."""
    return not NO_AI.isdisjoint(_BETWEEN.split(directives.strip().lower()))
