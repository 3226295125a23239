"""The scorer: the loss by hand, captions a word away, and that it learns."""

from __future__ import annotations

import math

import pytest
import torch

from rectoverso.recto.nets.codes import Grid
from rectoverso.recto.nets.matching import Scorer, found, nearby
from rectoverso.recto.systems.recipe import Shape

SHAPE = Shape(16, 16, 3, 0)


def test_each_row_looks_for_its_own_column() -> None:
    logit_NM = torch.tensor([[2.0, 0.0, 1.0], [0.0, 3.0, 1.0]])
    same_NM = torch.zeros(2, 3, dtype=torch.bool)
    by_hand = [
        math.log(sum(math.exp(logit) for logit in row)) - row[place]
        for place, row in enumerate(logit_NM.tolist())
    ]
    assert found(logit_NM, same_NM).item() == pytest.approx(sum(by_hand) / 2)


def test_a_caption_that_says_the_same_does_not_count_against_it() -> None:
    logit_NM = torch.tensor([[2.0, 5.0], [5.0, 2.0]])
    assert found(logit_NM, torch.ones(2, 2, dtype=torch.bool)).item() == 0


def test_a_nearby_caption_has_one_word_from_another() -> None:
    word_NT = torch.tensor([[1, 2, 3, -1], [4, 5, -1, -1]])
    near_NT = nearby(word_NT, torch.tensor([0.4, 0.9]), torch.tensor([1, 0]))
    assert near_NT.tolist() == [[1, 5, 3, -1], [4, 2, -1, -1]]
    assert nearby(word_NT, torch.tensor([0.9, 0.0]), torch.tensor([1, 1])).tolist() == word_NT.tolist()


def test_directions_are_of_length_one_and_learned() -> None:
    torch.manual_seed(0)
    net = Scorer(SHAPE, Grid(SHAPE, 8), words=9, places=3, width=16, picture_width=8, blocks=1)
    x_NCHW, word_NT = torch.rand(4, 3, 16, 16), torch.arange(12).view(4, 3) % 9
    assert torch.allclose(net.seen(x_NCHW).norm(dim=1), torch.ones(4))
    assert torch.allclose(net.read(word_NT).norm(dim=1), torch.ones(4))
    adam = torch.optim.Adam(net.parameters(), 3e-3)
    losses = []
    for _ in range(60):
        adam.zero_grad()
        loss = net.losses(x_NCHW, word_NT, word_NT.roll(1, 1), x_NCHW.flip(3))
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3
    fit = (net.seen(x_NCHW) * net.read(word_NT)).sum(1)
    fit_of_rivals = (net.seen(x_NCHW.flip(3)) * net.read(word_NT)).sum(1)
    assert (fit > fit_of_rivals).all()
