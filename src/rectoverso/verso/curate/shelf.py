"""Finding what lies beside a picture's file, within the source and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from rectoverso.verso.curate.beside import SITE_FILES, Beside, Facts, Read, Site, said

MOST_BYTES = 2_000_000
"""Of a file beside a picture; more of it is not read."""
SITES = "sites"
DECLARATIONS = ("declarations.jsonl", "declarations.json")
_WELL_KNOWN = ".well-known"


class Shelf:
    """What is beside the pictures of one source, whose folder is ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read_again = lru_cache(maxsize=128)(_read)
        self._is_folder = lru_cache(maxsize=4096)(Path.is_dir)

    def beside(self, file: Path | None, row: Mapping[str, Any] | None, source: str) -> Beside:
        """Everything that speaks of one picture: its sidecars, its row in a table, the files of its site."""
        found = said(source, row) if row is not None else Beside()
        if file is not None:
            found = _joined(found, self._sidecars(file))
        facts = found.facts
        sites = [*found.sites, *self._of_host(facts), *(self._above(file, facts) if file else ())]
        return replace(found, sites=tuple(sites))

    def _sidecars(self, file: Path) -> Beside:
        found = Beside()
        for name in dict.fromkeys((f"{file.name}.json", f"{file.stem}.json")):
            if read := self._at(file.with_name(name)):
                found = _joined(found, _object(*read))
        texts = {kind: self._all(file, f".{kind}") for kind in ("headers", "html", "xmp")}
        return _joined(found, Beside(headers=texts["headers"], pages=texts["html"], packets=texts["xmp"]))

    def _all(self, file: Path, suffix: str) -> tuple[Read, ...]:
        names = dict.fromkeys((f"{file.name}{suffix}", f"{file.stem}{suffix}"))
        return tuple(read for name in names if (read := self._at(file.with_name(name))))

    def _of_host(self, facts: Facts) -> Iterator[Site]:
        # A host may have dots and hyphens; what else an address may claim is no name of a folder.
        if facts.host and all(letter.isalnum() or letter in ".-" for letter in facts.host):
            yield from self._in(self._root / SITES / facts.host, facts.path)

    def _above(self, file: Path, facts: Facts) -> Iterator[Site]:
        """The files of a site in the picture's folder and those above it. Without an address, the picture's path from
        there is the one that the site knows it by: so mirrors are laid out.
        """
        for folder in file.parents:
            if not folder.is_relative_to(self._root):
                return
            path = facts.path if facts.host else f"/{file.relative_to(folder).as_posix()}"
            yield from self._in(folder, path)

    def _in(self, folder: Path, path: str) -> Iterator[Site]:
        if not self._is_folder(folder):
            return
        for name in SITE_FILES:
            for place in (folder / name, folder / _WELL_KNOWN / name):
                # All pictures of a site ask for the same.
                if read := self._at(place, self._read_again):
                    yield Site(name, read, path)

    def _at(self, path: Path, read: Callable[[Path], bytes | None] | None = None) -> Read | None:
        data = (read or _read)(path)
        return None if data is None else (path.relative_to(self._root).as_posix(), data)


def _read(path: Path) -> bytes | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError:
        return None


def _object(where: str, data: bytes) -> Beside:
    """What a sidecar says; one that is no object is broken."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return Beside(broken=(where,))
    return said(where, told) if isinstance(told, dict) else Beside(broken=(where,))


def _joined(one: Beside, other: Beside) -> Beside:
    """Both; a fact that both know is that of the first."""
    facts = {name: getattr(one.facts, name) or getattr(other.facts, name) for name in Facts.__slots__}
    return Beside(
        Facts(**facts),
        one.headers + other.headers,
        one.pages + other.pages,
        one.packets + other.packets,
        one.sites + other.sites,
        one.broken + other.broken,
    )
