"""BigGAN: who moves when, standing statistics, exact resume, and that it learns."""

from pathlib import Path

import pytest
import torch
from torch import nn

from classics import assert_resumes_exactly
from quick import REMEASURED
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.nets.biggan import BigGenerator
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.systems.big_pair import BigPair
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams

SETTINGS = ("batch=8", "nets.generator_width=4", "nets.critic_width=4", "nets.latent=16", "precision=float32")


@pytest.fixture
def small() -> Recipe:
    return with_settings(recipe("biggan"), (*SETTINGS, "milestones=2"))


def cast(small: Recipe) -> BigPair:
    torch.manual_seed(0)
    pair = small.cast(Shape(16, 16, 3, 2), Streams(0))
    assert isinstance(pair, BigPair)
    return pair


def norms(module: nn.Module) -> list[nn.BatchNorm2d]:
    return [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]


def test_the_critic_moves_as_often_as_the_recipe_says(small: Recipe) -> None:
    pair = cast(with_settings(small, ["critic_turns=3"]))
    assert [(phase.players, phase.every) for phase in pair.phases] == [(("generator",), 3), (("critic",), 1)]


def test_the_generator_pays_for_filters_that_are_alike(small: Recipe) -> None:
    streams = Streams(0)
    image = torch.from_numpy(streams.normals("image", 0, 4, 3 * 16 * 16)).view(4, 3, 16, 16)
    pair = cast(with_settings(small, ["orthogonal=0.5"]))
    with torch.no_grad():
        next(iter(pair.generator.parameters())).mul_(2)
        for weight in pair.generator.matrices():  # type: ignore[operator]
            weight.fill_(0.1)
    losses = pair.generator_losses(Turn(image, torch.tensor([0, 1, 0, 1]), 0, 0.0, streams))
    assert losses["orthogonal"].item() > 0.1
    off = cast(with_settings(small, ["orthogonal=0"]))
    assert "orthogonal" not in off.generator_losses(Turn(image, torch.tensor([0, 1, 0, 1]), 0, 0.0, streams))


def test_what_is_published_has_standing_statistics_and_not_the_running_ones(
    small: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    pair = cast(small)
    for first in range(0, 80, 8):
        pair.generator(*pair.noise("warm", first, 8))
    published = pair.published()["generator"]
    own = norms(pair.generator)
    standing = norms(published)
    assert len(own) == len(standing) == 5
    assert all(not torch.allclose(a.running_var, b.running_var) for a, b in zip(own, standing, strict=True))  # type: ignore[arg-type]
    assert all(norm.num_batches_tracked == REMEASURED // 8 for norm in standing)
    train(small, stripes, tmp_path, images=64)
    loaded = norms(RunGenerator(tmp_path).module)
    assert all(norm.num_batches_tracked == REMEASURED // 8 for norm in loaded)


def test_truncation_is_in_what_is_published_and_its_statistics_but_not_in_training(
    small: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    cut = with_settings(small, ["nets.truncation=0.5"])
    plain, pair = cast(small).published()["generator"], cast(cut)
    published = pair.published()["generator"]
    assert pair.generator.threshold == 0
    assert published.threshold == 0.5
    first, second = norms(plain)[0].running_mean, norms(published)[0].running_mean
    assert first is not None
    assert second is not None
    assert not torch.allclose(first, second)
    train(cut, stripes, tmp_path, images=16)
    drawn = RunGenerator(tmp_path).module
    assert isinstance(drawn, BigGenerator)
    assert drawn.threshold == 0.5


def test_the_class_changes_the_picture_that_a_run_draws(
    small: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    train(small, stripes, tmp_path, images=160)
    generator = RunGenerator(tmp_path)
    (one,), (other,) = (list(generator.sample([5], label)) for label in (0, 1))
    assert (one != other).mean() > 0.1


@pytest.mark.parametrize("settings", [(), ("critic_turns=2",), ("labels=no",)])
def test_a_resumed_run_equals_an_uninterrupted_one(
    small: Recipe, stripes: Dataset, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    assert_resumes_exactly(with_settings(small, settings), stripes, tmp_path)
