"""Signals in the page that showed a picture: ``tdm-reservation``, ``tdm-policy`` and ``noai`` in its ``meta`` tags,
and a ``link`` to licence terms for machines (Really Simple Licensing 1.0).

The tags are looked for by plain search, in time that grows with the page and no faster: the parser of the standard
library can be kept busy for hours by a page of two megabytes.

Sources: TDM Reservation Protocol, W3C Community Group Final Report, 10 May 2024; DeviantArt's ``noai``, 2022.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from rectoverso.verso.curate.headers import RSL, forbids_ai, reservation
from rectoverso.verso.curate.robots import agents
from rectoverso.verso.curate.signal import Says, Signal, SignalKind, Source

MOST_CHARACTERS = 2_000_000
"""Of a page; what it says of itself stands in its head."""
_TAG = re.compile(
    r"""<(?:meta|link)\b(?:(?:[^<>"']++|"[^"]{0,2000}"|'[^']{0,2000}')*+>|[^<>]{0,4000}>)""", re.IGNORECASE
)
"""A bracket between quotes does not end a tag; where quotes are not closed, the first one does."""
_ATTRIBUTE = re.compile(r"""([\w:-]{1,64})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_HIDING = re.compile(r"<!--|<script\b|<style\b", re.IGNORECASE)
_SHOWN_AGAIN = {
    "<!--": re.compile(r"--!?>"),
    "<script": re.compile(r"</script", re.IGNORECASE),
    "<style": re.compile(r"</style", re.IGNORECASE),
}
"""What stands between these is not part of the page's head, whatever it looks like."""
_NAMING = ("name", "property", "http-equiv")
_RESERVATION, _POLICY = ("tdm-reservation", "tdm:reservation"), ("tdm-policy", "tdm:policy")


def signals(html: str, source: Source) -> Iterator[Signal]:
    """What the page's ``meta`` and ``link`` tags say."""
    found = list(_tags(html[:MOST_CHARACTERS]))
    policy = next((told.get("content", "") for name, told, _ in found if name in _POLICY), None)
    for name, told, raw in found:
        content = told.get("content", "")
        if name in _RESERVATION:
            words = raw + (f"\ntdm-policy: {policy}" if policy else "")
            yield Signal(SignalKind.TDMREP_META, reservation(content), words, source)
        elif forbids_ai(content) and (name == "robots" or name.endswith("bot") or name in agents()):
            yield Signal(SignalKind.NOAI_META, Says.RESERVED, raw, source)
        elif "license" in told.get("rel", "").lower().split() and told.get("type", "").strip().lower() == RSL:
            yield Signal(SignalKind.RSL, Says.CONSTRAINED, raw, source)


def _tags(html: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Name, attributes and the very words of each tag."""
    for tag in _TAG.finditer("".join(_shown(html))):
        told = {
            row[1].lower(): unescape(row[2] or row[3] or row[4] or "") for row in _ATTRIBUTE.finditer(tag[0])
        }
        name = next((told[one] for one in _NAMING if one in told), "")
        yield name.strip().lower(), told, tag[0]


def _shown(html: str) -> Iterator[str]:
    """What is left without comments, scripts and styles, whichever begins first; one without an end hides all."""
    at = 0
    while begins := _HIDING.search(html, at):
        yield html[at : begins.start()]
        # A comment may end as it begins: <!-->.
        start = begins.start() + 2 if begins[0] == "<!--" else begins.end()
        ends = _SHOWN_AGAIN[begins[0].lower()].search(html, start)
        if ends is None:
            return
        at = ends.end()
    yield html[at:]
