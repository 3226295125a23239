"""What is given as works, read: pictures, folders, Parquet files and a catalogue, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.types import Message
from rectoverso.verso.registry.catalogue import Line, read_catalogue
from rectoverso.verso.registry.columns import Said, read
from rectoverso.verso.registry.offers import Offer, of_files, of_lines, of_parquet
from rectoverso.workflow.files import pictures_and_tables, unusable

CATALOGUES = frozenset({".csv", ".tsv"})
"""How the names of tables end that somebody may give in the place of pictures."""


@dataclass(frozen=True, slots=True)
class Given:
    """``said`` is of all ``pictures`` and ``tables``; what the ``lines`` of the catalogue say stands there."""

    pictures: Sequence[Path]
    tables: Sequence[Path]
    said: Said
    catalogue: Path | None = None
    lines: Sequence[Line] = ()

    @classmethod
    def of(
        cls,
        files: Sequence[Path],
        catalogue: Path | None,
        cells: Mapping[str, str | None],
        *,
        has_others: bool = False,
    ) -> Given:
        """What was typed, read; ``has_others``: something else was given that speaks for itself.

        Raises BadCatalogue, FilesUnusable, and BadSetting for a wrong cell, for cells that nothing would hear, and
        where nothing was given.
        """
        stated = {name: cell for name, cell in cells.items() if cell}
        said = said_of(stated)
        if not files and not catalogue and not has_others:
            raise bad("FILE", "nothing_given", Message("registry.nothing_given.reason"))
        if stated and not files:
            raise bad(options(stated), "catalogue_says", Message("registry.catalogue_says.reason"))
        lines = read_catalogue(catalogue) if catalogue else []
        if table := next((file for file in files if file.suffix.lower() in CATALOGUES), None):
            raise unusable(table, "is_catalogue", file=table)
        return cls(*pictures_and_tables(files), said, catalogue, lines)

    @property
    def total(self) -> int | None:
        """How many works there are; None where nobody knows before they are read."""
        return None if self.tables else len(self.lines) + len(self.pictures)

    def offers(self) -> Iterator[Offer]:
        """The catalogue's works first, then pictures, then the rows of Parquet files."""
        if self.catalogue:
            yield from of_lines(self.catalogue, self.lines)
        yield from of_files(self.pictures, self.said)
        for table in self.tables:
            yield from of_parquet(table, self.said)


def said_of(cells: Mapping[str, str]) -> Said:
    """What cells say of a work. Raises BadSetting, which names them as options."""
    said, problems = read(cells)
    if problems:
        settings = options(problem.column for problem in problems)
        raise bad(settings, "said", *(problem.message for problem in problems))
    return said


def options(columns: Iterable[str]) -> str:
    """The options that say what these columns would."""
    return ", ".join(f"--{column}" for column in columns)


def bad(setting: str, problem: str, *reasons: Message) -> BadSetting:
    """The error for something said of works that cannot be."""
    advice = Phrase(Message(f"registry.{problem}.advice"))
    return BadSetting(setting=setting, reason=Phrase(*reasons), advice=advice)
