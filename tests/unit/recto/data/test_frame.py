"""The size of the pictures, as people write it."""

from __future__ import annotations

import pytest

from rectoverso.errors import BadSetting
from rectoverso.i18n import explain
from rectoverso.recto.data.frame import Frame


@pytest.mark.parametrize(
    ("size", "sides"),
    [
        (64, (64, 64)),
        ("64", (64, 64)),
        ("96x64", (96, 64)),
        ("96 X 64", (96, 64)),
        ("96×64", (96, 64)),
        ((8, 1024), (8, 1024)),
    ],
)
def test_one_number_is_a_square_and_two_are_width_and_height(size, sides):
    frame = Frame.of(size)
    assert (frame.width, frame.height) == sides
    assert str(frame) == f"{sides[0]}x{sides[1]}"


@pytest.mark.parametrize(
    "size", ["", "x", "96x", "x64", "96x64x3", "-8", "9.5", "7", 7, 1025, "64x2000", "a", (64, 4)]
)
def test_what_is_no_size_is_refused_with_an_example(size):
    with pytest.raises(BadSetting, match="96x64") as caught:
        Frame.of(size)
    assert "宽x高" in explain(caught.value, "zh")
