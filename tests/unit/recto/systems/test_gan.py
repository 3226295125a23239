"""The first GAN: its choices are real ones, it resumes exactly, and it learns."""

from pathlib import Path

import numpy as np
import pytest
import torch

from classics import assert_resumes_exactly, stripe_scores
from rectoverso.errors import BadSetting
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.systems.pair import Pair
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.streams import Streams

SMALL = ("batch=8", "nets.latent=8", "nets.generator_width=16", "nets.critic_width=16", "precision=float32")


@pytest.fixture
def small() -> Recipe:
    return with_settings(recipe("gan"), (*SMALL, "milestones=2"))


def test_it_learns_stripes_that_run_the_way_the_class_says(stripes: Dataset, tmp_path: Path) -> None:
    quick = with_settings(recipe("gan"), ("batch=16", "nets.generator_width=64", "nets.critic_width=32"))
    train(quick, stripes, tmp_path, images=6_000)
    across, down = stripe_scores(tmp_path)
    assert across > 0.7
    assert down < -0.7


@pytest.mark.parametrize(
    ("setting", "one_pass"),
    [("objective=nonsaturating", "yes"), ("objective=minimax", "no"), ("optimiser=momentum", "yes")],
)
def test_a_resumed_run_equals_an_uninterrupted_one(
    small: Recipe, stripes: Dataset, tmp_path: Path, setting: str, one_pass: str
) -> None:
    assert_resumes_exactly(with_settings(small, [setting, f"one_pass={one_pass}"]), stripes, tmp_path)


def test_pictures_of_any_sides_are_taken(tmp_path: Path, small: Recipe) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 9, 14, 1), dtype=np.uint8)
    train(small, Dataset("odd", pixels), tmp_path, images=16)
    with pytest.raises(BadSetting):
        recipe("dcgan").check(Shape(9, 14, 1, 0))


def test_momentum_keeps_half_of_the_last_step(small: Recipe) -> None:
    pair = with_settings(small, ["optimiser=momentum"]).cast(Shape(8, 8, 1, 0), Streams(0))
    assert isinstance(pair, Pair)
    player = pair.players[1]
    parameter = next(player.module.parameters())
    parameter.grad = torch.ones_like(parameter)
    places = [parameter.detach().clone()]
    for _ in range(2):
        player.step(0.0)
        places.append(parameter.detach().clone())
    rate = player.adam.rate
    torch.testing.assert_close(places[0] - places[1], torch.full_like(parameter, rate))
    torch.testing.assert_close(places[1] - places[2], torch.full_like(parameter, 1.5 * rate))
