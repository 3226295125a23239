"""The average forgets at the rate that its half-life says."""

import pytest
import torch
from torch import nn

from rectoverso.recto.systems.recipe import Averaging
from rectoverso.recto.train.average import Average


def test_after_one_half_life_half_of_the_old_weights_is_left() -> None:
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    average = Average(module, Averaging(half_life=64, ramp=1.0))
    nn.init.ones_(module.weight)
    for images in range(10_016, 10_080, 16):
        average.follow(images, 16)
    assert average.module.weight.item() == pytest.approx(0.5)


def test_early_in_a_run_the_half_life_is_a_share_of_the_images_seen() -> None:
    average = Average(nn.Linear(1, 1), Averaging(half_life=10_000, ramp=0.05))
    assert average.decay(images=1_000, count=50) == pytest.approx(0.5)
    assert average.decay(images=10**9, count=10_000) == pytest.approx(0.5)


def test_the_average_does_not_move_with_its_source_nor_learn() -> None:
    module = nn.BatchNorm1d(2)
    average = Average(module, Averaging(half_life=10, ramp=0.0))
    assert not any(parameter.requires_grad for parameter in average.module.parameters())
    with torch.no_grad():
        module.weight.fill_(9)
        module.running_mean.fill_(4)  # type: ignore[union-attr]
    assert average.module.weight.tolist() == [1, 1]
    average.follow(10, 10)
    assert average.module.running_mean.tolist() == [4, 4]
