"""What lies beside a picture and speaks of it: what its maker or a crawl put down, and the files of its site.

A sidecar ``NAME.json`` (or ``NAME.jpg.json``), or the columns of a table, may have:

url          where it was found
licence      under what it may be used (``license`` as well), in words or as an identifier
consent      yes, no or withdrawn, of the people in it and of who made it; anything else is kept as words
owner        who is to be named (``artist``, ``author``, ``creator`` as well)
title, label, caption
headers      the header fields that came with it: an object, pairs, or the text as it was sent
html         the page that showed it
robots_txt, ai_txt, tdmrep   the site's files, as text
iscc, ...    anything else stays where it is

Files do the same: ``NAME.headers``, ``NAME.html``, ``NAME.xmp``, and for all pictures below a folder ``robots.txt``,
``ai.txt``, ``tdmrep.json`` or ``.well-known/tdmrep.json`` in it, or in ``sites/HOST`` for all pictures of that host.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from rectoverso.verso.curate import embedded, headers, pages, robots, tdmrep
from rectoverso.verso.curate.signal import Signal, Source

Read = tuple[str, bytes]
"""Where something was read, and its bytes."""

SITE_FILES = ("robots.txt", "ai.txt", "tdmrep.json")
_OTHER_NAMES = {"licence": ("license",), "owner": ("artist", "author", "creator")}
_FACTS = ("url", "licence", "consent", "owner", "title", "label", "caption")
_TEXTS = {"robots_txt": "robots.txt", "ai_txt": "ai.txt", "tdmrep": "tdmrep.json"}
MOST_CHARACTERS = 2000
"""Of a fact; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said of a picture, "" where nothing is."""

    url: str = ""
    licence: str = ""
    consent: str = ""
    owner: str = ""
    title: str = ""
    label: str = ""
    caption: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """From a sidecar's object or a table's row; what is no text or number is left out."""
        told = {}
        for name in _FACTS:
            values = (said.get(key) for key in (name, *_OTHER_NAMES.get(name, ())))
            told[name] = next((text for value in values if (text := _text(value))), "")
        return cls(**told)

    @property
    def host(self) -> str:
        """The host of its address, in lower case; "" where that is none."""
        try:
            return (urlsplit(self.url).hostname or "").rstrip(".")
        except ValueError:
            return ""

    @property
    def path(self) -> str:
        """The path and query of its address, "/" where there is none."""
        try:
            parts = urlsplit(self.url)
        except ValueError:
            return "/"
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


@dataclass(frozen=True, slots=True)
class Site:
    """One of a site's files, and the path that it knows the picture by."""

    name: str
    read: Read
    path: str


@dataclass(frozen=True, slots=True)
class Beside:
    """Everything that was found beside one picture."""

    facts: Facts = field(default_factory=Facts)
    headers: tuple[Read, ...] = ()
    pages: tuple[Read, ...] = ()
    packets: tuple[Read, ...] = ()
    sites: tuple[Site, ...] = ()
    broken: tuple[str, ...] = ()
    """Sidecars and columns that cannot be read: what they say is not known, so it is not taken for nothing."""

    def signals(self) -> Iterator[Signal]:
        """What all of it says of the use of the picture."""
        for where, data in self.headers:
            yield from headers.signals(headers.parsed(_decoded(data)), Source.of(where, data))
        for where, data in self.pages:
            yield from pages.signals(_decoded(data), Source.of(where, data))
        for where, data in self.packets:
            yield from embedded.packet_signals(data, Source.of(where, data))
        for site in self.sites:
            where, data = site.read
            yield from _READERS[site.name](_decoded(data), site.path, Source.of(where, data))


_READERS = {"robots.txt": robots.signals, "ai.txt": robots.ai_txt_signals, "tdmrep.json": tdmrep.signals}


def said(where: str, row: Mapping[str, Any]) -> Beside:
    """What a sidecar's object or a table's row says; ``where`` names it."""
    facts = Facts.of(row)
    broken = ""
    try:
        fields = _header_text(row.get("headers"))
    except (ValueError, RecursionError):
        fields, broken = "", f"{where}: headers"
    page = _text(row.get("html"), whole=True)
    sites = {name: text for column, name in _TEXTS.items() if (text := _site_text(row.get(column)))}
    return Beside(
        facts,
        headers=((f"{where}: headers", fields.encode("utf-8", "replace")),) if fields else (),
        pages=((f"{where}: html", page.encode("utf-8", "replace")),) if page else (),
        sites=tuple(
            Site(name, (f"{where}: {name}", text.encode("utf-8", "replace")), facts.path)
            for name, text in sites.items()
        ),
        broken=(broken,) if broken else (),
    )


def _header_text(value: Any) -> str:
    """Header fields as lines, from however they were saved. Raises ValueError, RecursionError for broken JSON."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        value = json.loads(value)
    if isinstance(value, Mapping):
        value = [
            (name, one)
            for name, many in value.items()
            for one in (many if isinstance(many, list) else [many])
        ]
    if isinstance(value, list):
        pairs = [pair for pair in value if isinstance(pair, list | tuple) and len(pair) == 2]
        return "\n".join(f"{name}: {' '.join(str(one).split())}" for name, one in pairs)
    return _text(value, whole=True)


def _site_text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, list | dict) else _text(value, whole=True)


def _text(value: Any, *, whole: bool = False) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str | int | float):
        return ""
    text = str(value)
    return text if whole else text.strip()[:MOST_CHARACTERS]


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")
