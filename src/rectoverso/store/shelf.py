"""Sealed files of a home that can all be made again from its database: kept so that this need not be done each time.

They hold nothing that the database does not, and fall with it: whoever removes a row removes the files made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rectoverso.errors import RecordDamaged
from rectoverso.store.atomic import make_private_folder, write_atomically
from rectoverso.store.vault import Vault


class Shelf:
    """One folder of them. ``vault`` is asked for when there is something to seal or to open."""

    def __init__(self, folder: Path, vault: Callable[[], Vault]) -> None:
        self._folder = folder
        self._vault = vault

    def read(self, name: str) -> bytes | None:
        """What was put there, None for nothing; one that was changed or moved is nothing either, and is made again."""
        try:
            return self._vault().open((self._folder / name).read_bytes(), self._place(name))
        except (OSError, RecordDamaged):
            return None

    def put(self, name: str, data: bytes) -> None:
        """Keep it. A home that cannot be written to goes without, and has to make it again."""
        with suppress(OSError):
            make_private_folder(self._folder)
            write_atomically(self._folder / name, self._vault().seal(data, self._place(name)))

    def remove(self, name: str) -> None:
        """Take it away, if it is there."""
        (self._folder / name).unlink(missing_ok=True)

    def _place(self, name: str) -> str:
        return f"{self._folder.name}/{name}"
