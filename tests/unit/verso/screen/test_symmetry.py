"""Turning a picture and turning its coefficients are the same thing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rectoverso.types import Pixels
from rectoverso.verso.screen.sketch import coefficients
from rectoverso.verso.screen.symmetry import INVERSES, SYMMETRIES, turned, turned_coefficients


@pytest.mark.parametrize("symmetry", range(8))
def test_turned_coefficients_are_the_coefficients_of_the_turned_picture(symmetry: int, pictures: Any) -> None:
    pixels: Pixels = pictures.photo(1, 48, 64)
    seen = coefficients(turned(pixels, symmetry)[None])[0]
    assert np.allclose(turned_coefficients(coefficients(pixels[None])[0], symmetry), seen, atol=1e-3)


@pytest.mark.parametrize("symmetry", range(8))
def test_every_symmetry_has_its_inverse(symmetry: int, pictures: Any) -> None:
    pixels: Pixels = pictures.photo(1, 10, 14)
    assert (turned(turned(pixels, symmetry), INVERSES[symmetry]) == pixels).all()


def test_the_eight_symmetries_are_eight_different_pictures(pictures: Any) -> None:
    pixels: Pixels = pictures.photo(1, 12, 12)
    assert len({turned(pixels, symmetry).tobytes() for symmetry in range(len(SYMMETRIES))}) == 8
