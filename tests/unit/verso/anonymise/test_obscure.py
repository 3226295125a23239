"""What is hidden stays hidden, also from a finder that sees more the second time."""

from __future__ import annotations

import numpy as np

from rectoverso.types import Pixels
from rectoverso.verso.anonymise.faces import Face
from rectoverso.verso.anonymise.obscure import hide, mask_of
from rectoverso.verso.anonymise.ways import Way

PICTURE = np.random.default_rng(0).integers(0, 256, (80, 100, 3), np.uint8)


class Sees:
    """Finds a list of faces at each look, and none after the last."""

    def __init__(self, *looks: list[Face]) -> None:
        self.looks = list(looks)

    def find(self, pixels: Pixels) -> list[Face]:  # noqa: ARG002 - a fake
        return self.looks.pop(0) if self.looks else []


def test_without_a_face_nothing_changes() -> None:
    hidden = hide(PICTURE, Sees(), Way.PIXELATE)
    assert hidden.pixels is PICTURE
    assert (hidden.faces, hidden.still) == ((), 0)


def test_a_face_that_is_still_found_keeps_fewer_cells_and_others_are_hidden_too() -> None:
    first, second = Face(10, 10, 20, 20, 0.9), Face(60, 40, 20, 20, 0.4)
    once = hide(PICTURE, Sees([first]), Way.PIXELATE).pixels
    again = hide(PICTURE, Sees([first], [first], [second]), Way.PIXELATE)
    colours = [len(np.unique(one[10:30, 10:30].reshape(-1, 3), axis=0)) for one in (once, again.pixels)]
    assert colours[0] > colours[1]
    assert again.faces == (first, second)
    assert again.still == 0
    assert not np.array_equal(again.pixels[45:55, 65:75], PICTURE[45:55, 65:75])


def test_a_face_that_nothing_hides_is_told() -> None:
    face = Face(10, 10, 20, 20, 0.9)
    assert hide(PICTURE, Sees(*[[face]] * 9), Way.BLUR).still == 1


def test_what_is_to_be_filled_is_one_colour_and_its_mask_covers_it() -> None:
    faces = [Face(-5, -5, 20, 20, 0.9), Face(90, 70, 30, 30, 0.9)]
    hidden = hide(PICTURE, Sees(faces), Way.FILL)
    mask = mask_of(PICTURE, hidden.faces)
    assert mask[0, 0] == mask[79, 99] == 255
    assert mask[40, 50] == 0
    changed = (hidden.pixels != PICTURE).any(axis=2)
    assert not changed[mask == 0].any()
    assert len(np.unique(hidden.pixels[:15, :15].reshape(-1, 3), axis=0)) == 1


def test_a_face_outside_of_the_picture_or_of_no_size_breaks_nothing() -> None:
    odd = [Face(-50, -50, 3, 3, 0.5), Face(300, 300, 5, 5, 0.5), Face(50, 50, 0.0, 0.0, 0.5)]
    assert hide(PICTURE, Sees(odd), Way.PIXELATE).pixels.shape == PICTURE.shape
