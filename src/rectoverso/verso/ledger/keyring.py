"""Which keys a ledger signs with, and from which size on: what a verifier holds.

rectoverso.local/0123456789abcdef+1f2e3d4c+AR...         from the beginning
rectoverso.local/0123456789abcdef+5b6a7988+AS... 44      since the rotation that is entry 42

A line is a verifier key of c2sp.org/signed-note; after a rotation, the first size that the new key signs follows it.
The entry of a rotation is still under a checkpoint of the old keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rectoverso.verso.ledger.note import BadNote, KeyKind, NoteKey


@dataclass(frozen=True, slots=True)
class Era:
    """The keys that sign every checkpoint from ``first_size`` entries on, until the next era."""

    first_size: int
    keys: tuple[NoteKey, ...]


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The eras of one ledger, in order; all keys bear its name."""

    eras: tuple[Era, ...]

    def __post_init__(self) -> None:
        names = {key.name for era in self.eras for key in era.keys}
        starts = [era.first_size for era in self.eras]
        if len(names) != 1 or starts != sorted(set(starts)) or not all(era.keys for era in self.eras):
            raise ValueError("a key ring has the keys of one ledger, era after era")

    @classmethod
    def of(cls, *keys: NoteKey) -> KeyRing:
        """The ring of a ledger whose keys were never rotated."""
        return cls((Era(0, keys),))

    @property
    def origin(self) -> str:
        """The ledger's name: the first line of its checkpoints."""
        return self.eras[0].keys[0].name

    @property
    def newest(self) -> Era:
        return self.eras[-1]

    def at(self, size: int) -> tuple[NoteKey, ...]:
        """The keys that must have signed the checkpoint over ``size`` entries; none before the first era."""
        return next((era.keys for era in reversed(self.eras) if era.first_size <= size), ())

    def rotated(self, index: int, keys: Iterable[NoteKey]) -> KeyRing:
        """The ring after entry ``index`` named new keys."""
        return KeyRing((*self.eras, Era(first_size_after(index), tuple(keys))))

    @property
    def text(self) -> str:
        """The ring as a file."""
        return self.of_kind(*KeyKind)

    def of_kind(self, *kinds: KeyKind) -> str:
        """The same with the keys of these kinds alone."""
        return "".join(
            f"{key.text} {era.first_size}\n" if era.first_size else f"{key.text}\n"
            for era in self.eras
            for key in era.keys
            if key.kind in kinds
        )

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """The ring behind such lines. Raises BadNote."""
        eras: dict[int, list[NoteKey]] = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            key, _, first_size = line.partition(" ")
            if first_size and not first_size.isdecimal():
                raise BadNote("not a key ring")
            eras.setdefault(int(first_size or 0), []).append(NoteKey.parse(key))
        try:
            return cls(tuple(Era(start, tuple(keys)) for start, keys in sorted(eras.items())))
        except (ValueError, IndexError) as error:
            raise BadNote("not the keys of one ledger") from error


def first_size_after(index: int) -> int:
    """The first size whose checkpoint is of the new keys, when entry ``index`` is the rotation."""
    return index + 2
