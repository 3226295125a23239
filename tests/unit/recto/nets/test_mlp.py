"""The first GAN's networks fit any pictures, and do what their paper says."""

from typing import Literal

import pytest
import torch

from rectoverso.recto.nets.mlp import Maxout, MaxoutCritic, MlpGenerator
from rectoverso.recto.systems.recipe import Shape


def critic(shape: Shape, dropout: float = 0.0) -> MaxoutCritic:
    return MaxoutCritic(shape, width=8, layers=2, pieces=3, dropout_input=dropout, dropout=dropout)


@pytest.mark.parametrize("sides", [(16, 16), (32, 32), (24, 48), (17, 5)])
@pytest.mark.parametrize(("channels", "classes"), [(1, 0), (3, 2), (4, 100)])
@pytest.mark.parametrize("output", ["sigmoid", "tanh"])
def test_it_makes_and_judges_any_sides_channels_and_classes(
    sides: tuple[int, int], channels: int, classes: int, output: Literal["sigmoid", "tanh"]
) -> None:
    torch.manual_seed(0)
    label = torch.tensor([0, classes - 1]) if classes else None
    shape = Shape(*sides, channels, classes)
    picture = MlpGenerator(shape, latent=8, width=16, layers=2, output=output)(torch.randn(2, 8), label)
    assert picture.shape == (2, channels, *sides)
    assert 0 < picture.abs().max() <= 1
    assert critic(shape)(picture, label).shape == (2,)


def test_a_maxout_unit_takes_the_largest_of_its_pieces() -> None:
    unit = Maxout(1, 1, 3)
    with torch.no_grad():
        unit.linear.weight.copy_(torch.tensor([[1.0], [-2.0], [0.0]]))
        unit.linear.bias.copy_(torch.tensor([0.0, 0.0, 0.5]))
    assert unit(torch.tensor([[3.0], [-3.0], [0.1]]))[:, 0].tolist() == [3, 6, 0.5]


def test_the_class_counts_as_a_one_hot_input_would() -> None:
    unit = Maxout(2, 3, 2, classes=4)
    assert unit.of_class is not None
    x, label = torch.randn(5, 2), torch.tensor([0, 3, 1, 2, 3])
    whole = torch.cat([unit.linear.weight, unit.of_class.weight.T], 1)
    by_hand = torch.cat([x, torch.eye(4)[label]], 1) @ whole.T + unit.linear.bias
    torch.testing.assert_close(unit(x, label), by_hand.view(5, 3, 2).max(2).values)


def test_both_networks_look_at_the_class() -> None:
    shape, labels = Shape(16, 16, 3, 2), torch.tensor([0, 1])
    one, other = MlpGenerator(shape, latent=8, width=8, layers=2)(torch.ones(2, 8), labels)
    assert not torch.equal(one, other)
    left, right = critic(shape)(torch.ones(2, 3, 16, 16), labels)
    assert left != right


def test_dropout_acts_in_training_only() -> None:
    net, x = critic(Shape(8, 8, 1, 0), dropout=0.5), torch.ones(1, 1, 8, 8)
    assert net(x) != net(x)
    net.eval()
    assert net(x) == net(x)
