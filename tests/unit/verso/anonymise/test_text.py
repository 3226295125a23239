"""Rows of letters are found, and slopes and noise have none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from rectoverso.verso.anonymise.text import rows_of_text

SLOPE = np.add.outer(np.linspace(40, 120, 160), np.linspace(0, 60, 320)).astype(np.uint8)


@pytest.mark.parametrize("colour", [255, 0])
@pytest.mark.parametrize("size", [0.4, 0.6, 1.0])
def test_a_row_of_letters_is_found_where_it_is(colour: int, size: float) -> None:
    shown = cv2.putText(
        SLOPE.copy(), "ROE JANE 1970", (20, 90), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1 + (size > 0.5)
    )
    rows = rows_of_text(shown)
    assert rows
    assert any(abs(row.y + row.height - 90) <= 6 for row in rows)


@pytest.mark.parametrize("number", range(5))
def test_slopes_noise_and_strokes_have_no_rows(number: int) -> None:
    random = np.random.default_rng(number)
    assert rows_of_text(SLOPE) == []
    assert rows_of_text(random.integers(90, 150, SLOPE.shape, np.uint8)) == []
    strokes = cv2.line(SLOPE.copy(), (0, 0), (319, 159), 255, 3)
    assert rows_of_text(cv2.circle(strokes, (100, 80), 40, 255, 4)) == []
