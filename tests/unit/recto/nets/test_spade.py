"""A generator from maps draws texture from noise, and a picture from a latent and a map."""

from __future__ import annotations

import torch

from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.spade import SpadeGenerator
from rectoverso.recto.nets.style_layers import PixelNoise
from rectoverso.recto.systems.recipe import Shape

SHAPE = Shape(32, 16, 3, 0, regions=2)


def generator() -> SpadeGenerator:
    torch.manual_seed(0)
    made = SpadeGenerator(SHAPE, latent=4, width=2, seen=4)
    for layer in made.modules():
        if isinstance(layer, PixelNoise):
            torch.nn.init.ones_(layer.strength)
    return made


def drawn(made: SpadeGenerator) -> torch.Tensor:
    mask = torch.zeros(1, SHAPE.height_px, SHAPE.width_px, dtype=torch.int64)
    picture: torch.Tensor = made(torch.ones(1, 4), Given(mask_NHW=mask)).detach()
    return picture


def test_while_it_learns_every_picture_has_noise_of_its_own_and_none_afterwards() -> None:
    made = generator()
    assert not torch.equal(drawn(made), drawn(made))
    made.eval()
    assert torch.equal(drawn(made), drawn(made))


def test_one_class_alone_has_texture_that_does_not_come_back_every_few_pixels() -> None:
    """Without noise all that such a map can have are the edges of the picture and what doublings repeat."""
    made = generator().eval()
    inside = drawn(made)[..., 8:24, 4:12]
    for period in (1, 2, 4):
        assert not torch.allclose(inside[..., period:, :], inside[..., :-period, :], atol=1e-2)


def test_its_blocks_reach_full_sides() -> None:
    made = generator()
    assert made.blocks[-1].noises[0].noise_1HW.shape == (1, 32, 16)
    assert drawn(made).shape == (1, 3, 32, 16)
