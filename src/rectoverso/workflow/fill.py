"""Fill hidden faces by a run of `edgeconnect`, and take the pictures through the door: part of them is generated then.

The run is shown pictures whose faces are one colour, and masks. What was there it never sees, and the home never keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.protocols import Clock
from rectoverso.recto.sample.controls import Controls
from rectoverso.types import Draft, Origin
from rectoverso.verso.anonymise.obscure import mask_of
from rectoverso.verso.mark.label import MEDIA_TYPES
from rectoverso.workflow.drawing import open_door, open_generator, request_of, take_through
from rectoverso.workflow.progress import Listener
from rectoverso.workflow.terms import Terms

if TYPE_CHECKING:
    from rectoverso.types import Pixels
    from rectoverso.verso.anonymise.faces import Face
    from rectoverso.workflow.release import Passage

Blank = tuple["Pixels", "tuple[Face, ...]", str]
"""A picture whose faces are one colour each, the faces, and the media type of its file."""


class Filler:
    """A run that fills holes, and the door for what it makes.

    Raises RunNotFound, MissingExtra, and BadSetting for a run that fills nothing (when it is first asked to).
    """

    def __init__(self, run: Path, home_path: Path, listener: Listener, clock: Clock | None) -> None:
        self._generator = open_generator(run)
        self._door = open_door(run, self._generator.maker, home_path, Terms(), listener, clock)
        self._listener = listener

    def fill(self, blanks: Sequence[Blank], out: Path) -> list[Passage]:
        """What became of each at the door; released ones are in ``out``, named by their assets."""
        return take_through(self._drafts(blanks), len(blanks), self._door, out, self._listener)

    def _drafts(self, blanks: Sequence[Blank]) -> Iterator[Draft]:
        from rectoverso.recto.sample.material import Material

        for pixels, faces, media_type in blanks:
            material = Material(image=pixels, hole=mask_of(pixels, faces))
            self._generator.check(Controls(), [material])
            yield Draft(
                pixels=self._generator.making.picture(0, material),
                request=request_of(self._generator, Controls(), seed="0", given=material.facts()),
                maker=self._generator.maker,
                origin=Origin.EDITED,
                seed=0,
                media_type=media_type if media_type in MEDIA_TYPES else "image/png",
            )
