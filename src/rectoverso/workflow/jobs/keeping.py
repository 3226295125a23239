"""Sealing what a job has made so far while it goes on, so that a killed one goes on there.

It is done between two steps of the job, now and then, and takes no more than a twentieth of its time.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from rectoverso.errors import RecordDamaged
from rectoverso.store.curation import copy_state
from rectoverso.store.sealed_folder import SealedFolder
from rectoverso.workflow.curated import state_in
from rectoverso.workflow.jobs.kept import STATE
from rectoverso.workflow.progress import Listener, Progress

EVERY_S = 2.0
SHARE = 20
"""It takes no more than one part in so many."""
LOOKED = "looked.sqlite3"
"""What a curation that has not ended has seen."""


class Keeping:
    """Listens to a job; between two steps nothing is half written."""

    def __init__(self, kept: SealedFolder, folder: Path, listener: Listener) -> None:
        self.kept, self.folder, self._listener = kept, folder, listener
        self._next_at = 0.0

    def __call__(self, progress: Progress) -> None:
        self._listener(progress)
        if time.monotonic() >= self._next_at:
            self.keep()

    def keep(self) -> None:
        """Seal what there is."""
        began = time.monotonic()
        self.seal()
        took = time.monotonic() - began
        self._next_at = began + max(EVERY_S, SHARE * took)

    def seal(self) -> None:
        raise NotImplementedError


class KeepingRun(Keeping):
    """Of a training: all files of the run in ``folder``."""

    def seal(self) -> None:
        """The checkpoint first: whatever else there is may be later than it, as after a kill."""
        if self.folder.is_dir():
            self.kept.take(self.folder, first=lambda name: name.startswith(f"{STATE}/"))


class KeepingLooks(Keeping):
    """Of a curation into ``folder``: what it has seen of the pictures, which takes the hours. What it writes is written
    again.
    """

    def seal(self) -> None:
        """A copy, for the file itself is in use. One that cannot be made is looked for again."""
        state, copy = state_in(self.folder), self.folder.with_suffix(".copy")
        if state.is_file():
            with suppress(sqlite3.Error):
                copy_state(state, copy)
                self.kept.put(LOOKED, copy)
            copy.unlink(missing_ok=True)

    def bring_back(self) -> None:
        """Put what was sealed before a kill where the curation will look for it."""
        if not self.kept.has(LOOKED):
            return
        state = state_in(self.folder)
        state.parent.mkdir(parents=True)
        try:
            with state.open("wb") as file:
                file.writelines(self.kept.pieces(LOOKED))
        except RecordDamaged:  # then it begins anew
            state.unlink()
