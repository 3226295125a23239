"""The pyramid of `single`: its sides, its noise, and pictures of any sides."""

import pytest
import torch

from rectoverso.recto.nets.single import LEAST_PX, SingleCritics, SingleGenerator, begin_like, pyramid
from rectoverso.recto.systems.recipe import Shape


def generator(height: int = 36, width: int = 48) -> SingleGenerator:
    torch.manual_seed(0)
    made = SingleGenerator(Shape(height, width, 3, 0), width=4, coarsest_px=16, factor=1.5)
    made.amplitude_S.fill_(0.5)
    for part in made.parts:
        torch.nn.init.normal_(part[-1].weight, std=0.1)
    return made


def test_scales_grow_by_about_the_factor_from_the_coarsest_to_the_picture() -> None:
    assert pyramid((36, 48), 16, 1.5) == [(16, 21), (24, 32), (36, 48)]
    assert pyramid((16, 300), 16, 1.5) == [(16, 300)]
    assert pyramid((14, 14), 16, 1.5) == [(14, 14)]
    sides = pyramid((85, 128), 16, 1.5)
    assert (len(sides), sides[-1]) == (5, (85, 128))


def test_a_picture_is_a_function_of_its_noise_alone() -> None:
    made = generator()
    noise = torch.randn(3, made.noise)
    both = made(noise)
    assert both.shape == (3, 3, 36, 48)
    torch.testing.assert_close(made(noise[1:2]), both[1:2], rtol=0, atol=1e-5)
    assert (both[0] != both[1]).any()
    assert made.noise == sum(3 * h * w for h, w in made.scales)


def test_the_finest_noise_comes_last_and_does_not_touch_coarser_scales() -> None:
    made = generator()
    noise = torch.randn(1, made.noise)
    parts = made.split(noise[:, : made.noise_until(1)])
    assert [tuple(part.shape[2:]) for part in parts] == made.scales[:2]
    torch.testing.assert_close(
        torch.cat([part.flatten(1) for part in parts], 1), noise[:, : made.noise_until(1)]
    )


@pytest.mark.parametrize("sides", [(36, 48), (50, 90), (20, 130)])
def test_the_same_weights_draw_pictures_of_other_sides(sides: tuple[int, int]) -> None:
    made = generator()
    other = made.at(sides)
    assert other(torch.randn(1, other.noise)).shape == (1, 3, *sides)
    assert made.scales[-1] == (36, 48)
    assert other.parts is made.parts
    assert all(min(scale) >= LEAST_PX for scale in other.scales)


def test_without_noise_the_anchor_draws_always_the_same_and_a_new_scale_changes_nothing() -> None:
    made = SingleGenerator(Shape(36, 48, 3, 0), width=4, coarsest_px=16, factor=1.5)
    made.anchor_1CHW.normal_()
    torch.testing.assert_close(made.itself(1), made.enlarged(made.itself(0), 1))


def test_critics_rate_every_patch_and_a_scale_can_begin_like_the_one_before() -> None:
    critics = SingleCritics(Shape(36, 48, 3, 0), width=4, coarsest_px=16, factor=1.5)
    x = torch.randn(2, 3, 24, 32)
    assert critics.rated(1, x).shape == (2, 1, 14, 22)
    begin_like(critics.parts, 1)
    torch.testing.assert_close(critics.rated(0, x), critics.rated(1, x))
