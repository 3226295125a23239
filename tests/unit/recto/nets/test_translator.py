"""Translators: their sides, and one that begins by changing nothing."""

from __future__ import annotations

import pytest
import torch

from rectoverso.recto.nets.translator import Translator

PICTURE_NCHW = torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1


def translator(*, patch: int = 1, skip: bool = False) -> Translator:
    torch.manual_seed(1)
    return Translator(3, 3, width=8, downs=1, blocks=1, patch=patch, skip=skip)


@pytest.mark.parametrize("patch", [1, 2])
def test_what_comes_out_has_the_sides_of_what_came_in_and_the_range_of_pictures(patch: int) -> None:
    made_NCHW = translator(patch=patch)(PICTURE_NCHW)
    assert made_NCHW.shape == PICTURE_NCHW.shape
    assert made_NCHW.abs().max() < 1


@pytest.mark.parametrize("patch", [1, 2])
def test_with_a_skip_it_begins_as_one_that_changes_nothing_and_can_learn(patch: int) -> None:
    net = translator(patch=patch, skip=True)
    assert torch.equal(net(PICTURE_NCHW), PICTURE_NCHW)
    adam = torch.optim.Adam(net.parameters(), 0.01)
    losses = []
    for _ in range(30):
        adam.zero_grad()
        loss = (net(PICTURE_NCHW) + PICTURE_NCHW).square().mean()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
