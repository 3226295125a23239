"""Translators: their sides and their range."""

from __future__ import annotations

import pytest
import torch

from rectoverso.recto.nets.translator import Translator

PICTURE_NCHW = torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("patch", [1, 2])
def test_what_comes_out_has_the_sides_of_what_came_in_and_the_range_of_pictures(patch: int) -> None:
    torch.manual_seed(1)
    made_NCHW = Translator(3, 3, width=8, downs=1, blocks=1, patch=patch)(PICTURE_NCHW)
    assert made_NCHW.shape == PICTURE_NCHW.shape
    assert made_NCHW.abs().max() < 1
