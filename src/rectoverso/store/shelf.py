"""Sealed files of a home that can all be made again from its database: kept so that this need not be done each time.

They hold nothing that the database does not, and fall with it: whoever removes a row removes the files made of it, and
changes their key, so that no copy of them opens either. A file is sealed with the key that was there when it was looked
for: what is put after such a change, but was made before, opens for nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rectoverso.errors import RecordDamaged
from rectoverso.store.atomic import make_private_folder, write_atomically
from rectoverso.store.vault import Cipher


class Shelf:
    """One folder of them. ``key_of`` gives what seals a file; None where there is nothing that it could be made of."""

    def __init__(self, folder: Path, key_of: Callable[[str], Cipher | None]) -> None:
        self._folder = folder
        self._key_of = key_of
        self._looked_with: dict[str, Cipher | None] = {}

    def read(self, name: str) -> bytes | None:
        """What was put there, None for nothing; one that was changed or moved is nothing either, and is made again."""
        key = self._looked_with[name] = self._key_of(name)
        try:
            return key.open((self._folder / name).read_bytes(), self._place(name)) if key else None
        except (OSError, RecordDamaged):
            return None

    def put(self, name: str, data: bytes) -> None:
        """Keep it. A home that cannot be written to goes without, and has to make it again."""
        key = self._looked_with.pop(name) if name in self._looked_with else self._key_of(name)
        if key is None:
            return
        with suppress(OSError):
            make_private_folder(self._folder)
            write_atomically(self._folder / name, key.seal(data, self._place(name)))

    def remove(self, name: str) -> None:
        """Take it away, if it is there."""
        (self._folder / name).unlink(missing_ok=True)

    def _place(self, name: str) -> str:
        return f"{self._folder.name}/{name}"
