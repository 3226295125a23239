"""What is hidden stays hidden, also from a finder that sees more the second time."""

from __future__ import annotations

import numpy as np
import pytest

from rectoverso.types import Pixels
from rectoverso.verso.anonymise.faces import Face
from rectoverso.verso.anonymise.obscure import AROUND, apart, hide, mask_of
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


def test_a_face_around_one_that_was_hidden_is_hidden_as_a_whole() -> None:
    """A detector may see an eye at first, and then the face that it is in."""
    eye, face = Face(40, 30, 8, 8, 0.9), Face(24, 14, 40, 40, 0.8)
    hidden = hide(PICTURE, Sees([eye], [face]), Way.PIXELATE)
    assert (hidden.faces, hidden.still) == ((eye, face), 0)
    assert not np.array_equal(hidden.pixels[16:24, 26:36], PICTURE[16:24, 26:36])


@pytest.mark.parametrize("way", [Way.PIXELATE, Way.BLUR])
@pytest.mark.parametrize("side", [12, 40, 60])
def test_a_face_keeps_three_cells_and_no_more_whatever_its_size(way: Way, side: int) -> None:
    """What is hidden has four along its shorter side: no more than 16 numbers for each colour."""
    hidden = hide(PICTURE, Sees([Face(10, 10, side, side, 0.9)]), way).pixels
    begin, end = 10 - round(side * (AROUND - 1) / 2), 10 + round(side * (1 + AROUND) / 2)
    part = hidden[max(0, begin) : end, max(0, begin) : end].astype(float)
    rank = [
        np.linalg.matrix_rank(part[..., colour] - part[..., colour].mean(), tol=side) for colour in range(3)
    ]
    assert max(rank) <= 4


def test_what_is_to_be_filled_has_nothing_of_the_face_not_even_its_mean() -> None:
    light, dark = (np.full((40, 40, 4), value, np.uint8) for value in (220, 20))
    faces = [Face(10, 10, 20, 20, 0.9)]
    one, two = (hide(pixels, Sees(faces), Way.FILL).pixels[12:28, 12:28] for pixels in (light, dark))
    assert np.array_equal(one, two)
    assert (one[..., 3] == 255).all()


def test_holes_are_filled_together_only_where_one_is_near_another() -> None:
    wide = np.zeros((100, 400, 3), np.uint8)
    near, too, far = (Face(x, 40, 20, 20, 0.9) for x in (20, 50, 300))
    assert apart(wide, [near, far, too]) == [[near, too], [far]]
    assert apart(wide, []) == []


def test_a_face_outside_of_the_picture_or_of_no_size_breaks_nothing() -> None:
    odd = [Face(-50, -50, 3, 3, 0.5), Face(300, 300, 5, 5, 0.5), Face(50, 50, 0.0, 0.0, 0.5)]
    assert hide(PICTURE, Sees(odd), Way.PIXELATE).pixels.shape == PICTURE.shape
