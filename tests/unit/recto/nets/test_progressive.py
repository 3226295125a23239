"""The growing pair: any pictures, and a level that comes in without a jump."""

import pytest
import torch

from rectoverso.recto.nets.progressive import GrowingCritic, GrowingGenerator, faded
from rectoverso.recto.nets.resampling import larger, smaller
from rectoverso.recto.systems.recipe import Shape

SQUARE = Shape(32, 32, 3, 0)


def pair(shape: Shape, growth: float) -> tuple[GrowingGenerator, GrowingCritic]:
    torch.manual_seed(0)
    generator, critic = GrowingGenerator(shape, latent=8, width=4), GrowingCritic(shape, width=4)
    generator.grow(growth)
    critic.grow(growth)
    return generator, critic


@pytest.mark.parametrize("sides", [(16, 16), (32, 32), (24, 48), (128, 64)])
@pytest.mark.parametrize(("channels", "classes"), [(1, 0), (3, 2), (4, 100)])
def test_it_makes_and_judges_any_sides_channels_and_classes_at_every_growth(
    sides: tuple[int, int], channels: int, classes: int
) -> None:
    label = torch.tensor([0, classes - 1]) if classes else None
    shape = Shape(*sides, channels, classes)
    for growth in (0.0, 0.5, 1.0, shape.levels - 0.25, shape.levels):
        generator, critic = pair(shape, growth)
        picture = generator(torch.randn(2, 8), label)
        assert picture.shape == (2, channels, *sides)
        assert critic(picture, label).shape == (2,)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_level_that_is_not_yet_faded_in_equals_the_lower_level_made_larger(level: int) -> None:
    z, hair = torch.randn(3, 8), 1e-6
    (before, judge_before), (after, judge_after) = pair(SQUARE, level - 1.0), pair(SQUARE, level - 1.0 + hair)
    small, large = before.grown(z), after.grown(z)
    assert large.shape[2] == 2 * small.shape[2] == 4 * 2**level
    torch.testing.assert_close(large, larger(small), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(judge_after(larger(small)), judge_before(small), atol=1e-4, rtol=1e-4)


def test_halfway_it_is_half_of_both() -> None:
    z = torch.randn(3, 8)
    low, half, high = (pair(SQUARE, growth)[0].grown(z) for growth in (1.0, 1.5, 2.0))
    torch.testing.assert_close(half, (larger(low) + high) / 2, atol=1e-5, rtol=1e-5)
    assert (high - larger(low)).abs().max() > 0.1


def test_real_pictures_are_faded_the_same_way() -> None:
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(faded(x, 3, 3.0), x)
    torch.testing.assert_close(faded(x, 3, 2.0), smaller(x))
    torch.testing.assert_close(faded(x, 3, 2.25), 0.75 * larger(smaller(x)) + 0.25 * x)
    torch.testing.assert_close(faded(x, 3, 2 + 1e-6), larger(smaller(x)), atol=1e-4, rtol=1e-4)
    assert faded(x, 3, 0.0).shape == (2, 3, 4, 4)


def test_the_critic_judges_a_full_picture_by_what_it_has_grown_to() -> None:
    x, critic = torch.randn(2, 3, 32, 32), pair(SQUARE, 1.0)[1]
    torch.testing.assert_close(critic(x), critic(smaller(smaller(x))))


def test_the_growth_is_stored_with_the_weights() -> None:
    young, other = pair(SQUARE, 0.75)[0], GrowingGenerator(SQUARE, latent=8, width=4)
    z = torch.randn(2, 8)
    other.load_state_dict(young.state_dict())
    assert torch.equal(other(z), young(z))
    assert other(z)[0, 0, :4, :4].unique().numel() == 1


def test_the_critic_looks_at_the_class() -> None:
    one, other = pair(Shape(16, 16, 3, 2), 2.0)[1](torch.ones(2, 3, 16, 16), torch.tensor([0, 1]))
    assert one != other
