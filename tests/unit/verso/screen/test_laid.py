"""What lies beneath a work is compared with it where the picture shows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rectoverso.types import Pixels
from rectoverso.verso.screen.alignment import Alignment
from rectoverso.verso.screen.laid import alike
from rectoverso.verso.screen.sketch import Sketch

FRAME = (120, 160)
SAME = np.eye(3)


def _lying(matrix: Any, picture: tuple[int, int] = FRAME, *, inverted: bool = False) -> Alignment:
    return Alignment(
        np.asarray(matrix, float), np.zeros((0, 2, 2), np.float32), False, inverted, FRAME, picture
    )


def _grey(pixels: Pixels) -> Any:
    return np.asarray(pixels @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)


@pytest.fixture(scope="module")
def work(pictures: Any) -> Pixels:
    return np.asarray(pictures.photo(5, *FRAME))


@pytest.fixture(scope="module")
def sketch(work: Pixels) -> Sketch:
    return Sketch.from_bytes(Sketch.of(work).to_bytes())


def test_a_copy_looks_the_same_and_another_picture_does_not(
    work: Pixels, sketch: Sketch, pictures: Any
) -> None:
    assert (alike(_grey(work), _lying(SAME), sketch) or 0) > 0.97
    for seed in range(6, 16):
        assert abs(alike(_grey(pictures.photo(seed, *FRAME)), _lying(SAME), sketch) or 1) < 0.5


def test_inverted_tones_are_taken_back(work: Pixels, sketch: Sketch) -> None:
    turned = _grey(255 - work)
    assert (alike(turned, _lying(SAME, inverted=True), sketch) or 0) > 0.97
    assert (alike(turned, _lying(SAME), sketch) or 0) < -0.97


def test_only_what_the_picture_shows_is_compared(work: Pixels, sketch: Sketch) -> None:
    piece = _grey(work)[30:100, 40:140]
    away = [[1, 0, -40], [0, 1, -30], [0, 0, 1]]
    assert (alike(piece, _lying(away, (70, 100)), sketch) or 0) > 0.9


def test_of_too_little_nothing_is_said(work: Pixels, sketch: Sketch) -> None:
    corner = _grey(work)[:20, :20]
    assert alike(corner, _lying(SAME, (20, 20)), sketch) is None


def test_of_a_flat_picture_nothing_is_said(sketch: Sketch) -> None:
    assert alike(np.full(FRAME, 90, np.uint8), _lying(SAME), sketch) is None
