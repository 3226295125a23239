"""What lies beside a picture and speaks of it: what its maker or a crawl put down, and the files of its site.

A sidecar ``NAME.json`` (or ``NAME.jpg.json``), or the columns of a table, may have:

url          where it was found
licence      under what it may be used (``license`` as well), in words or as an identifier
consent      yes, no or withdrawn, of the people in it and of who made it; anything else is unclear
owner        who is to be named (``artist``, ``author``, ``creator`` as well)
title, label, caption
headers      the header fields that came with it: an object, pairs, as HAR has them, or the text as it was sent
html         the page that showed it
robots_txt, ai_txt, tdmrep   the site's files, as text
iscc, ...    anything else stays where it is; names may be in capital letters

Files do the same: ``NAME.headers``, ``NAME.html``, ``NAME.xmp``, and for all pictures below a folder ``robots.txt``,
``ai.txt``, ``tdmrep.json`` or ``.well-known/tdmrep.json`` in it, or in ``sites/HOST`` for all pictures of that host.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from rectoverso.verso.curate import headers, pages, robots, tdmrep
from rectoverso.verso.curate.consent import strictest_words
from rectoverso.verso.curate.signal import Signal, Source, sound

Read = tuple[str, bytes]
"""Where something was read, and its bytes."""

SITE_FILES = ("robots.txt", "ai.txt", "tdmrep.json")
_OTHER_NAMES = {"licence": ("license",), "owner": ("artist", "author", "creator")}
_FACTS = ("url", "licence", "consent", "owner", "title", "label", "caption")
_TEXTS = {"robots_txt": "robots.txt", "ai_txt": "ai.txt", "tdmrep": "tdmrep.json"}
COLUMNS = frozenset(
    {*_FACTS, *(name for names in _OTHER_NAMES.values() for name in names), "headers", "html", *_TEXTS}
)
"""All names that are read, in a sidecar or in a table."""
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
        """From a sidecar's object or a table's row."""
        told = {}
        for name in _FACTS:
            values = (said.get(key) for key in (name, *_OTHER_NAMES.get(name, ())))
            told[name] = next((text for value in values if (text := _text(value))), "")
        return cls(**told)

    def joined(self, other: Self) -> Self:
        """Both: a fact that both know is that of the first, but for consent, of which the strictest counts."""
        told = {name: getattr(self, name) or getattr(other, name) for name in _FACTS}
        return type(self)(**told | {"consent": strictest_words(self.consent, other.consent)})

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
    licences: tuple[str, ...] = ()
    """All that are stated; the first is that of the facts."""
    headers: tuple[Read, ...] = ()
    pages: tuple[Read, ...] = ()
    packets: tuple[Read, ...] = ()
    sites: tuple[Site, ...] = ()
    broken: tuple[str, ...] = ()
    """Sidecars and columns that cannot be read: what they say is not known, so it is not taken for nothing."""

    def signals(self) -> Iterator[Signal]:
        """What all of it says of the use of the picture, but for the packets: those are read where the picture is."""
        for where, data in self.headers:
            yield from headers.signals(headers.parsed(decoded(data)), Source.of(where, data))
        for where, data in self.pages:
            yield from pages.signals(decoded(data), Source.of(where, data))
        for site in self.sites:
            where, data = site.read
            yield from _READERS[site.name](decoded(data), site.path, Source.of(where, data))


_READERS = {"robots.txt": robots.signals, "ai.txt": robots.ai_txt_signals, "tdmrep.json": tdmrep.signals}


def said(where: str, row: Mapping[str, Any]) -> Beside:
    """What a sidecar's object or a table's row says; ``where`` names it. What is there and cannot be understood as what
    its name promises is broken.
    """
    told = {str(name).lower(): value for name, value in row.items() if value is not None}
    facts, broken = Facts.of(told), list[str]()
    texts = dict[str, str]()
    for name, read in _READINGS.items():
        try:
            texts[name] = read(told.get(name, ""))
        except (ValueError, RecursionError):
            broken.append(f"{where}: {name}")
    read_as = {
        name: (f"{where}: {_TEXTS.get(name, name)}", text.encode()) for name, text in texts.items() if text
    }
    return Beside(
        facts,
        (facts.licence,) if facts.licence else (),
        headers=tuple(read_as[name] for name in ("headers",) if name in read_as),
        pages=tuple(read_as[name] for name in ("html",) if name in read_as),
        sites=tuple(Site(_TEXTS[name], read, facts.path) for name, read in read_as.items() if name in _TEXTS),
        broken=tuple(broken),
    )


def decoded(data: bytes) -> str:
    """Text as it was saved: in UTF-16 where it begins so, else in UTF-8."""
    is_utf16 = data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return data.decode("utf-16" if is_utf16 else "utf-8-sig", "replace")


def _header_text(value: Any) -> str:
    """Header fields as lines, from however they were saved. Raises ValueError, RecursionError for what are none."""
    if isinstance(value, bytes):
        value = decoded(value)
    if isinstance(value, str):
        if not value.lstrip().startswith(("{", "[")):
            return sound(value)
        value = json.loads(value)
    if not isinstance(value, Mapping | list | tuple):
        raise ValueError("not header fields")  # noqa: TRY004 - as of any text that is no such list
    rows = list(value.items()) if isinstance(value, Mapping) else [_pair(row) for row in value]
    fields = [
        (name, one) for name, many in rows for one in (many if isinstance(many, list | tuple) else [many])
    ]
    return sound(
        "\n".join(f"{name}: {' '.join(str(one).split())}" for name, one in fields if one is not None)
    )


def _pair(row: Any) -> tuple[Any, Any]:
    """A field as a pair, or as browsers save it (HAR 1.2: ``name`` and ``value``)."""
    if isinstance(row, Mapping):
        row = (row.get("name"), row.get("value"))
    if not isinstance(row, list | tuple) or len(row) != 2 or not isinstance(row[0], str):
        raise ValueError("not a header field")
    return row[0], row[1]


def _page_text(value: Any) -> str:
    if isinstance(value, bytes):
        return decoded(value)
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004 - as above
    return sound(value)


def _rules_text(value: Any) -> str:
    return json.dumps(value, default=str) if isinstance(value, list | dict) else _page_text(value)


_READINGS: dict[str, Callable[[Any], str]] = {
    "headers": _header_text,
    "html": _page_text,
    "robots_txt": _page_text,
    "ai_txt": _page_text,
    "tdmrep": _rules_text,
}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        value = decoded(value)
    elif isinstance(value, list | tuple):
        value = "; ".join(filter(None, map(_text, value)))
    elif isinstance(value, Mapping):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else sound(str(value)).strip()[:MOST_CHARACTERS]
