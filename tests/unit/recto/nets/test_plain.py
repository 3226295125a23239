"""The plain pair fits any data that a recipe allows."""

import pytest
import torch

from rectoverso.recto.nets.plain import PlainCritic, PlainGenerator


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize(("channels", "classes"), [(1, 0), (3, 2), (4, 100)])
def test_it_makes_and_judges_any_side_channels_and_classes(size: int, channels: int, classes: int) -> None:
    label = torch.tensor([0, classes - 1]) if classes else None
    generator = PlainGenerator(size, channels, classes, latent=8, width=4)
    picture = generator(torch.randn(2, 8), label)
    assert picture.shape == (2, channels, size, size)
    assert picture.abs().max() <= 1
    assert PlainCritic(size, channels, classes, width=4)(picture, label).shape == (2,)


def test_the_critic_looks_at_the_class() -> None:
    critic = PlainCritic(16, 3, 2, width=4)
    picture = torch.randn(1, 3, 16, 16).expand(2, 3, 16, 16)
    one, other = critic(picture, torch.tensor([0, 1]))
    assert one != other
