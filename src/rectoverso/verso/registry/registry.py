"""The register of protected works. Only fingerprints are kept; nobody has to hand over a picture.

Entering is all or nothing: every file is opened and fingerprinted before the first one is written, and each change is
recorded in the transaction that makes it, so that register and ledger cannot disagree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from rectoverso.errors import BadWorks, RectoversoError, WorkNotFound, WorkTooPlain
from rectoverso.protocols import Clock
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.works import Work
from rectoverso.types import Digest, Outcome, Pixels
from rectoverso.verso.picture import read_bytes
from rectoverso.verso.screen.fingerprint import fingerprints
from rectoverso.verso.screen.gallery import Gallery, Match
from rectoverso.verso.screen.sketch import Sketch
from rectoverso.verso.verify.bounded import shared

Recorder = Callable[[Transaction, str, Work], object]
"""Writes one ledger entry (`work_registered` or `work_removed`) about a work, in the transaction given."""


class Registry:
    """The works of one home. ``record`` is told of every change while its transaction is open."""

    def __init__(self, home: Home, clock: Clock, record: Recorder) -> None:
        self._home = home
        self._clock = clock
        self._record = record

    def add(self, files: Sequence[Path], *, title: str | None = None, owner: str = "") -> list[Work]:
        """Enter files as works; the title is the file's name if none is given. A file entered before stays.

        Raises ImageUnreadable or WorkTooPlain for one bad file, BadWorks for several; nothing is entered then.
        """
        added_at = self._clock.now().isoformat(timespec="seconds")
        works = _enrolled(files, title, owner, added_at)
        with self._home.database.transaction() as tx:
            return [self._entered(tx, work) for work in works]

    def _entered(self, tx: Transaction, work: Work) -> Work:
        named = replace(work, id=self._home.works.id_for(work.file_digest))
        if self._home.works.add(tx, named):
            self._record(tx, "work_registered", named)
            return named
        return self._home.works.find(named.id) or named

    def search(self, file: Path) -> list[Match]:
        """The works that a picture is similar to, the nearest first. Raises ImageUnreadable."""
        pixels = shared().open(read_bytes(file), name=str(file)).pixels
        return [match for match in rank(pixels, self.list()) if match.outcome is not Outcome.PASS]

    def list(self) -> list[Work]:
        """Every work, the oldest first."""
        return self._home.works.all()

    def remove(self, name: str) -> Work:
        """Take a work off the register, by id or title. Raises WorkNotFound."""
        work = self._home.works.find(name)
        if work is None:
            raise WorkNotFound(work=name)
        with self._home.database.transaction() as tx:
            if self._home.works.remove(tx, work.id):
                self._record(tx, "work_removed", work)
        return work


def enrol(file: Path, *, title: str | None = None, owner: str = "", added_at: str) -> Work:
    """The work that a file would be, without entering it. Raises ImageUnreadable, WorkTooPlain."""
    data = read_bytes(file)
    pixels = shared().open(data, name=str(file)).pixels
    sketch = Sketch.of(pixels)
    if sketch.plain:
        raise WorkTooPlain(path=str(file))
    digest = Digest(hashlib.sha256(data).hexdigest())
    name = title or file.stem
    return Work(digest[:8], name, owner, digest, fingerprints(pixels), sketch.to_bytes(), added_at)


def rank(pixels: Pixels, works: Sequence[Work], *, at_most: int = 10) -> list[Match]:
    """The works nearest to a picture (uint8 HWC), similar or not: the gravest outcome first."""
    return Gallery(works).ranked(pixels, at_most=at_most)


def _enrolled(files: Iterable[Path], title: str | None, owner: str, added_at: str) -> list[Work]:
    paths = list(files)
    works: dict[Digest, Work] = {}
    errors: list[RectoversoError] = []
    for path in paths:
        name = f"{title}: {path.stem}" if title and len(paths) > 1 else title
        try:
            work = enrol(path, title=name, owner=owner, added_at=added_at)
        except RectoversoError as error:
            errors.append(error)
        else:
            works.setdefault(work.file_digest, work)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BadWorks(
            count=len(errors), total=len(paths), listing="\n".join(f"- {error}" for error in errors)
        )
    return list(works.values())
