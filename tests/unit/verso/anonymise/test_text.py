"""Rows of letters are found, and slopes and noise have none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from rectoverso.verso.anonymise.text import OF_DEVICES, rows_of_text

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


@pytest.mark.parametrize("edge", [0, 1])
def test_words_over_something_bright_are_found(edge: int) -> None:
    """As over bone: nothing there stands out from its surroundings, and hardly anything is as bright."""
    bone = np.full((160, 320), 60, np.uint8)
    bone[40:140, 60:300] = np.random.default_rng(1).integers(190, 235, (100, 240))
    shown = cv2.putText(bone, "ROE JANE 1970", (70, 90), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1 + edge)
    assert [row for row in rows_of_text(shown, OF_DEVICES) if abs(row.y + row.height - 90) <= 6]


def test_a_row_is_told_once() -> None:
    shown = cv2.putText(
        np.zeros((160, 320), np.uint8), "ROE JANE", (20, 90), cv2.FONT_HERSHEY_SIMPLEX, 1, 255, 2
    )
    assert len(rows_of_text(shown, OF_DEVICES)) == 1


@pytest.mark.parametrize("number", range(5))
def test_slopes_noise_and_strokes_have_no_rows(number: int) -> None:
    random = np.random.default_rng(number)
    assert rows_of_text(SLOPE, OF_DEVICES) == []
    assert rows_of_text(random.integers(90, 150, SLOPE.shape, np.uint8), OF_DEVICES) == []
    strokes = cv2.line(SLOPE.copy(), (0, 0), (319, 159), 255, 3)
    assert rows_of_text(cv2.circle(strokes, (100, 80), 40, 255, 4), OF_DEVICES) == []
