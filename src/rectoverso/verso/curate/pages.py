"""Signals in the page that showed a picture: ``tdm-reservation``, ``tdm-policy`` and ``noai`` in its ``meta`` tags.

Sources: TDM Reservation Protocol, W3C Community Group Final Report, 10 May 2024; DeviantArt's ``noai``, 2022.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from rectoverso.verso.curate.headers import forbids_ai, reservation
from rectoverso.verso.curate.signal import Says, Signal, SignalKind, Source

MOST_CHARACTERS = 2_000_000
"""Of a page; what it says of itself stands in its head."""


def signals(html: str, source: Source) -> Iterator[Signal]:
    """What the page's ``meta`` tags say."""
    reader = _Metas()
    reader.feed(html[:MOST_CHARACTERS])
    policy = next((content for name, content, _ in reader.found if name == "tdm-policy"), None)
    for name, content, raw in reader.found:
        if name == "tdm-reservation":
            words = raw + (f"\ntdm-policy: {policy}" if policy else "")
            yield Signal(SignalKind.TDMREP_META, reservation(content), words, source)
        elif forbids_ai(content) and (name == "robots" or name.endswith("bot")):
            yield Signal(SignalKind.NOAI_META, Says.RESERVED, raw, source)


class _Metas(HTMLParser):
    """Name, content and the very words of each named ``meta`` tag."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "meta" and "name" in told:
            name = told["name"].strip().lower()
            self.found.append((name, told.get("content", ""), self.get_starttag_text() or ""))
