"""Progressive growing: the clock of its levels, what each player sees, exact resume."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from classics import assert_resumes_exactly
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.systems.growing import GrowingPair
from rectoverso.recto.systems.progressive import ProgressiveRecipe
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams

SHAPE = Shape(16, 16, 3, 2)
WGAN = ("objective=wasserstein", "penalty.kind=between", "penalty.gamma=10", "penalty.every=1")


@pytest.fixture
def small() -> Recipe:
    settings = (
        "batch=8",
        "nets.latent=8",
        "nets.generator_width=4",
        "nets.critic_width=4",
        "precision=float32",
    )
    return with_settings(recipe("progressive"), (*settings, "milestones=2"))


def grown(small: Recipe, progress: float) -> tuple[GrowingPair, Turn]:
    torch.manual_seed(0)
    streams = Streams(0)
    pair = small.cast(SHAPE, streams)
    assert isinstance(pair, GrowingPair)
    image = torch.from_numpy(streams.normals("image", 0, 4, 3 * 16 * 16)).view(4, 3, 16, 16)
    return pair, Turn(image, torch.tensor([0, 1, 0, 1]), 0, progress, streams)


def test_levels_stand_and_fade_in_turn_over_the_first_part_of_the_run(small: Recipe) -> None:
    assert isinstance(small, ProgressiveRecipe)
    by = small.grown_by
    parts = [small.growth(2, by * part / 8) for part in range(9)]
    assert parts == pytest.approx([0, 0, 0, 0.5, 1, 1, 1, 1.5, 2])
    assert small.growth(2, 1.0) == 2
    steps = [small.growth(5, step / 1000) for step in range(1001)]
    assert all(0 <= after - before < 0.012 / by for before, after in pairwise(steps))


@pytest.mark.parametrize(("progress", "side"), [(0.0, 4), (0.12, 8), (0.35, 16), (1.0, 16)])
def test_real_and_generated_pictures_are_as_large_as_the_pair(
    small: Recipe, progress: float, side: int
) -> None:
    pair, turn = grown(small, progress)
    pair.generator_losses(turn)
    seen = []
    pair.critic.register_forward_pre_hook(lambda _m, x: seen.append(x[0].shape[2:]))
    losses = pair.critic_losses(turn)
    assert set(seen) == {(side, side)}
    assert {"critic", "drift"} <= losses.keys()
    assert turn.readings["growth"] == pytest.approx(small.growth(2, progress))  # type: ignore[attr-defined]
    assert "margin" in turn.readings


def test_both_players_judge_the_same_generated_pictures(small: Recipe) -> None:
    pair, turn = grown(small, 1.0)
    pair.generator_losses(turn)
    fakes = pair.fakes(pair.small(turn))
    pair.critic_losses(turn)
    assert pair.fakes(pair.small(turn)) is fakes


def test_the_average_and_what_is_published_are_as_tall_as_the_pair(small: Recipe) -> None:
    pair, turn = grown(small, 0.12)
    pair.generator_losses(turn)
    for player in pair.players:
        player.follow(4, 4)
    published = pair.published()
    assert published["generator"].state_dict()["growth"] == pair.generator.state_dict()["growth"]
    assert 0 < published["generator"].state_dict()["growth"] < 2
    assert pair.preview(published).shape == (64, 3, 16, 16)


@pytest.mark.parametrize("settings", [(), WGAN])
def test_a_resumed_run_equals_an_uninterrupted_one(
    small: Recipe, stripes: Dataset, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    assert_resumes_exactly(with_settings(small, settings), stripes, tmp_path)


def test_the_wasserstein_penalty_is_paid_between_both_and_can_be_minimised(small: Recipe) -> None:
    pair, turn = grown(with_settings(small, WGAN), 1.0)
    losses = pair.critic_losses(turn)
    assert losses["penalty"].item() > 0
    losses["penalty"].backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in pair.critic.parameters())
