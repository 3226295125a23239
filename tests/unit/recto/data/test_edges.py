"""Edges are where a picture changes, and a hole's rim is none."""

import numpy as np

from rectoverso.recto.data.edges import edges_of
from rectoverso.recto.data.holes import hole


def square() -> np.ndarray:
    image = np.full((48, 48, 3), 220, np.uint8)
    image[12:36, 12:36] = (200, 30, 30)
    return image


def test_edges_are_the_outline_of_a_square() -> None:
    found = edges_of(square())
    assert found[24, 10:15].any()
    assert not found[20:28, 18:30].any()
    assert not found[2:8, 2:8].any()


def test_a_hole_has_no_edges_and_no_rim() -> None:
    hole_HW = np.zeros((48, 48), bool)
    hole_HW[4:30, 4:30] = True
    image = square()
    image[hole_HW] = 0  # what a hole shows is not looked at
    found = edges_of(image, hole_HW)
    assert not found[:32, :32].any()
    assert found[33:38, 20:34].any(), "the edge that is outside is still there"
    assert (found == edges_of(np.where(hole_HW[..., None], np.uint8(255), image), hole_HW)).all()


def test_grey_pictures_have_edges_too() -> None:
    assert edges_of(square()[..., :1]).any()


def test_holes_cover_what_is_asked_and_repeat() -> None:
    shares = [hole(np.random.default_rng(seed), 64, 96, (0.2, 0.3)).mean() for seed in range(30)]
    assert min(shares) > 0.17
    assert max(shares) < 0.45
    again = [hole(np.random.default_rng(seed), 64, 96, (0.2, 0.3)).mean() for seed in range(30)]
    assert shares == again
    assert np.std([hole(np.random.default_rng(seed), 64, 64).mean() for seed in range(60)]) > 0.05
