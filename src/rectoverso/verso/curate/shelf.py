"""Finding what lies beside a picture's file, within the source and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import PurePosixPath
from typing import Any

from rectoverso.verso.curate.beside import SITE_FILES, Beside, Facts, Read, Site, said

MOST_BYTES = 2_000_000
"""Of a file beside a picture; what is longer cannot be read to its end."""
SITES = "sites"
DECLARATIONS = ("declarations.jsonl", "declarations.json")
_WELL_KNOWN = ".well-known"
_MADE_OF: dict[str, Callable[[tuple[Read, ...]], Beside]] = {
    "headers": lambda reads: Beside(headers=reads),
    "html": lambda reads: Beside(pages=reads),
    "xmp": lambda reads: Beside(packets=reads),
}

ReadFile = Callable[[PurePosixPath, int], bytes | None]
"""The first so many bytes of a file by its path in the source; None where there is none. Raises OSError."""


class Shelf:
    """What is beside the pictures of one source."""

    def __init__(self, read: ReadFile) -> None:
        self._read = read
        # All pictures of a site ask for the same.
        self._of_site = lru_cache(maxsize=64)(partial(_read, read))

    def beside(self, file: PurePosixPath | None, row: Mapping[str, Any] | None, source: str) -> Beside:
        """Everything that speaks of one picture: its sidecars, its row in a table, the files of its site."""
        found = said(source, row) if row is not None else Beside()
        if file is not None:
            for sidecar in self._sidecars(file):
                found = _joined(found, sidecar)
        for site in (*self._of_host(found.facts), *(self._above(file, found.facts) if file else ())):
            found = _joined(found, site)
        return found

    def _sidecars(self, file: PurePosixPath) -> Iterator[Beside]:
        for suffix in ("json", *_MADE_OF):
            for name in dict.fromkeys((f"{file.name}.{suffix}", f"{file.stem}.{suffix}")):
                where = file.with_name(name)
                data = _read(self._read, where)
                if isinstance(data, Beside):
                    yield data
                elif data is not None and suffix == "json":
                    yield _object(str(where), data)
                elif data is not None:
                    yield _MADE_OF[suffix](((str(where), data),))

    def _of_host(self, facts: Facts) -> Iterator[Beside]:
        # A host may have dots, hyphens and underscores; what else an address may claim is no name of a folder.
        if facts.host and all(letter.isalnum() or letter in ".-_" for letter in facts.host):
            yield from self._in(PurePosixPath(SITES, facts.host), facts.path)

    def _above(self, file: PurePosixPath, facts: Facts) -> Iterator[Beside]:
        """The files of a site in the picture's folder and those above it. Without an address, the picture's path from
        there is the one that the site knows it by: so mirrors are laid out.
        """
        for folder in file.parents:
            path = facts.path if facts.host else f"/{file.relative_to(folder).as_posix()}"
            yield from self._in(folder, path)

    def _in(self, folder: PurePosixPath, path: str) -> Iterator[Beside]:
        for name in SITE_FILES:
            for place in (folder / name, folder / _WELL_KNOWN / name):
                data = self._of_site(place)
                if isinstance(data, Beside):
                    yield data
                elif data is not None:
                    yield Beside(sites=(Site(name, (str(place), data), path),))


def _read(read: ReadFile, path: PurePosixPath) -> bytes | Beside | None:
    """A file; where it is there and cannot be read to its end, that it is broken."""
    try:
        data = read(path, MOST_BYTES + 1)
    except OSError:
        return Beside(broken=(str(path),))
    return data if data is None or len(data) <= MOST_BYTES else Beside(broken=(str(path),))


def _object(where: str, data: bytes) -> Beside:
    """What a sidecar says; one that is no object is broken."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return Beside(broken=(where,))
    return said(where, told) if isinstance(told, dict) else Beside(broken=(where,))


def _joined(one: Beside, other: Beside) -> Beside:
    rest = {name: getattr(one, name) + getattr(other, name) for name in Beside.__slots__ if name != "facts"}
    return replace(one, facts=one.facts.joined(other.facts), **rest)
