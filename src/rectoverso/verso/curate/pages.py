"""Signals in the page that showed a picture: ``tdm-reservation``, ``tdm-policy`` and ``noai`` in its ``meta`` tags.

The tags are looked for by plain search, in time that grows with the page and no faster: the parser of the standard
library can be kept busy for hours by a page of two megabytes.

Sources: TDM Reservation Protocol, W3C Community Group Final Report, 10 May 2024; DeviantArt's ``noai``, 2022.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from rectoverso.verso.curate.headers import forbids_ai, reservation
from rectoverso.verso.curate.signal import Says, Signal, SignalKind, Source

MOST_CHARACTERS = 2_000_000
"""Of a page; what it says of itself stands in its head."""
_TAG = re.compile(r"<meta\b[^<>]{0,4000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w:-]{1,64})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_HIDDEN = (("<!--", "-->"), ("<script", "</script"), ("<style", "</style"))
"""What stands between these is not part of the page's head, whatever it looks like."""


def signals(html: str, source: Source) -> Iterator[Signal]:
    """What the page's ``meta`` tags say."""
    found = list(_metas(html[:MOST_CHARACTERS]))
    policy = next((content for name, content, _ in found if name == "tdm-policy"), None)
    for name, content, raw in found:
        if name == "tdm-reservation":
            words = raw + (f"\ntdm-policy: {policy}" if policy else "")
            yield Signal(SignalKind.TDMREP_META, reservation(content), words, source)
        elif forbids_ai(content) and (name == "robots" or name.endswith("bot")):
            yield Signal(SignalKind.NOAI_META, Says.RESERVED, raw, source)


def _metas(html: str) -> Iterator[tuple[str, str, str]]:
    """Name, content and the very words of each named ``meta`` tag."""
    for start, end in _HIDDEN:
        html = "".join(_outside(html, start, end))
    for tag in _TAG.finditer(html):
        told = {
            row[1].lower(): unescape(row[2] or row[3] or row[4] or "") for row in _ATTRIBUTE.finditer(tag[0])
        }
        if "name" in told:
            yield told["name"].strip().lower(), told.get("content", ""), tag[0]


def _outside(html: str, start: str, end: str) -> Iterator[str]:
    """What is left without everything from each ``start`` to the next ``end``; one without an end hides all."""
    lower, at = html.lower(), 0
    while (begins := lower.find(start, at)) >= 0:
        yield html[at:begins]
        ends = lower.find(end, begins + len(start))
        if ends < 0:
            return
        at = ends + len(end)
    yield html[at:]
