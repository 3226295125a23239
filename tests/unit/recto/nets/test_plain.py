"""The plain pair fits any data that a recipe allows."""

import pytest
import torch
import torch.nn.functional as F

from rectoverso.recto.nets.layers import DownConv2d
from rectoverso.recto.nets.plain import PlainCritic, PlainGenerator
from rectoverso.recto.systems.plain import PlainNets
from rectoverso.recto.systems.recipe import Shape


@pytest.mark.parametrize("sides", [(16, 16), (32, 32), (64, 64), (24, 48)])
@pytest.mark.parametrize(("channels", "classes"), [(1, 0), (3, 2), (4, 100)])
def test_it_makes_and_judges_any_sides_channels_and_classes(
    sides: tuple[int, int], channels: int, classes: int
) -> None:
    label = torch.tensor([0, classes - 1]) if classes else None
    shape = Shape(*sides, channels, classes)
    generator = PlainGenerator(shape, latent=8, width=4)
    picture = generator(torch.randn(2, 8), label)
    assert picture.shape == (2, channels, *sides)
    assert picture.abs().max() <= 1
    assert PlainCritic(shape, width=4)(picture, label).shape == (2,)


def test_from_which_side_on_a_generator_is_refined() -> None:
    nets = PlainNets(generator_width=4, critic_width=4, refined_px=64)
    sides = {side: len(nets.generator(Shape(side, 64, 3, 0)).refinements) for side in (32, 64)}
    assert sides == {32: 0, 64: 4}
    assert not PlainNets().generator(Shape(128, 128, 3, 0)).refinements


def test_the_critic_looks_at_the_class() -> None:
    critic = PlainCritic(Shape(16, 16, 3, 2), width=4)
    picture = torch.randn(1, 3, 16, 16).expand(2, 3, 16, 16)
    one, other = critic(picture, torch.tensor([0, 1]))
    assert one != other


@pytest.mark.parametrize("patch", [1, 2, 4])
def test_squares_of_pixels_may_be_one_pixel_of_the_networks(patch: int) -> None:
    shape = Shape(32, 48, 3, 0)
    generator = PlainGenerator(shape, latent=8, width=4, patch=patch)
    critic = PlainCritic(shape, width=4, patch=patch)
    picture = generator(torch.randn(2, 8))
    assert picture.shape == (2, 3, 32, 48)
    assert critic(picture).shape == (2,)
    assert len(generator.stages) == len(critic.stages) == 4 - patch.bit_length()


def test_a_pooled_critic_halves_by_means() -> None:
    """It sees a chequer of single pixels, which lies beyond its squares, as the flat colour that it is from afar."""
    shape = Shape(64, 64, 1, 0)
    plain, pooled = (PlainCritic(shape, width=4, pooled=way) for way in (False, True))
    flat = torch.zeros(1, 1, 64, 64)
    chequer = ((torch.arange(64)[:, None] + torch.arange(64)) % 2 * 2.0 - 1)[None, None]

    def first(critic: PlainCritic, x_NCHW: torch.Tensor) -> torch.Tensor:
        seen: torch.Tensor = critic.first(x_NCHW)[..., 1:-1, 1:-1]
        return seen

    assert torch.allclose(first(pooled, chequer), first(pooled, flat), atol=1e-5)
    assert not torch.allclose(first(plain, chequer), first(plain, flat), atol=1e-2)


def test_a_pooled_halving_is_a_convolution_and_then_a_mean() -> None:
    halving, x_NCHW = DownConv2d(3, 5), torch.randn(2, 3, 8, 6)
    slow = F.avg_pool2d(F.conv2d(x_NCHW, halving.weight, halving.bias, padding=1), 2)
    torch.testing.assert_close(halving(x_NCHW), slow, rtol=1e-4, atol=1e-4)


def test_biases_of_a_tile_change_nothing_until_they_learn_and_then_the_same_in_each_tile() -> None:
    shape = Shape(48, 48, 3, 0)
    generator = PlainGenerator(shape, latent=4, width=8).eval()
    z_NZ = torch.randn(2, 4)
    with torch.no_grad():
        before = generator(z_NZ)
        generator.give_tile(16)
        assert torch.equal(generator(z_NZ), before)
        assert generator.tile_FSS is not None
        generator.tile_FSS += torch.randn(8, 16, 16)
        added = generator.tiled(torch.zeros(1, 8, 48, 48))
        assert not torch.equal(generator(z_NZ), before)
    assert torch.equal(added[..., :16, :16], added[..., 32:, 16:32])
