"""Fill hidden faces by a run of `edgeconnect`, and take the pictures through the door: part of them is generated then.

The run is shown pictures whose faces are grey, and masks. What was there it never sees, and the home never keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rectoverso.protocols import Clock
from rectoverso.recto.sample.controls import Controls
from rectoverso.recto.sample.material import Material
from rectoverso.types import Draft, Origin
from rectoverso.verso.anonymise.obscure import apart, mask_of
from rectoverso.verso.mark.label import MEDIA_TYPES
from rectoverso.verso.picture import read_picture
from rectoverso.workflow.drawing import open_door, open_generator, request_of, take_through
from rectoverso.workflow.progress import Listener
from rectoverso.workflow.terms import Terms

if TYPE_CHECKING:
    from rectoverso.types import Pixels
    from rectoverso.verso.anonymise.faces import Face
    from rectoverso.workflow.anonymised import Blank
    from rectoverso.workflow.release import Passage


class Filler:
    """A run that fills holes, and the door for what it makes.

    Raises RunNotFound, MissingExtra, and BadSetting for a run that fills nothing.
    """

    def __init__(self, run: Path, home_path: Path, listener: Listener, clock: Clock | None) -> None:
        self._generator = open_generator(run)
        self._door = open_door(run, self._generator.maker, home_path, Terms(), listener, clock)
        self._listener = listener
        anything = np.zeros((8, 8, 3), np.uint8)
        self._generator.check(Controls(), [Material(image=anything, hole=anything[..., 0] + 255)])

    def fill(self, blanks: Sequence[Blank], out: Path) -> list[Passage]:
        """What became of each at the door; released ones are in ``out``, named by their assets."""
        return take_through(self._drafts(blanks), len(blanks), self._door, out, self._listener)

    def _drafts(self, blanks: Sequence[Blank]) -> Iterator[Draft]:
        for blank in blanks:
            _, pixels = read_picture(blank.path)
            material = Material(image=pixels, hole=mask_of(pixels, blank.faces))
            self._generator.check(Controls(), [material])
            yield Draft(
                pixels=self._filled(pixels, blank.faces),
                request=request_of(self._generator, Controls(), seed="0", given=material.facts()),
                maker=self._generator.maker,
                origin=Origin.EDITED,
                seed=0,
                media_type=blank.media_type if blank.media_type in MEDIA_TYPES else "image/png",
            )

    def _filled(self, pixels: Pixels, faces: Sequence[Face]) -> Pixels:
        """Holes that lie apart one by one: at once, all would share the few pixels of one of the run's pictures."""
        for near in apart(pixels, faces):
            pixels = self._generator.making.picture(0, Material(image=pixels, hole=mask_of(pixels, near)))
        return pixels
