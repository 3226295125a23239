"""A generator and a critic learn something that can be counted, in seconds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems import Recipe, with_settings
from rectoverso.recto.systems.pair import Pair, gamma_at
from rectoverso.recto.systems.recipe import Penalty, Shape
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams


def stripedness(picture: np.ndarray) -> float:
    """1 when only rows differ from each other (horizontal stripes), -1 when only columns do."""
    grey = picture.astype(float).mean(2)
    rows, columns = grey.mean(1).var(), grey.mean(0).var()
    return float((rows - columns) / (rows + columns))


def test_stripes_are_learnt_and_run_the_way_the_class_says(
    tiny: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    quick = with_settings(tiny, ["batch=16", "nets.generator_width=8", "nets.critic_width=8"])
    train(quick, stripes, tmp_path, images=4_000)
    generator = RunGenerator(tmp_path)
    scores = [[stripedness(picture) for picture in generator.sample(range(20), label)] for label in (0, 1)]
    assert np.mean(scores[0]) > 0.7
    assert np.mean(scores[1]) < -0.7


def one_turn() -> Turn:
    streams = Streams(0)
    image = torch.from_numpy(streams.normals("image", 0, 4, 3 * 16 * 16)).view(4, 3, 16, 16)
    return Turn(image, torch.tensor([0, 1, 0, 1]), 0, 0.0, streams)


def test_both_players_judge_the_same_generated_pictures(tiny: Recipe) -> None:
    pair = with_settings(tiny, ["objective=hinge"]).cast(Shape(16, 16, 3, 2), Streams(0))
    assert isinstance(pair, Pair)
    turn = one_turn()
    pair.generator_losses(turn)
    fakes = pair.fakes(turn)
    pair.critic_losses(turn)
    assert pair.fakes(turn) is fakes


def test_the_penalty_comes_as_often_as_the_recipe_says_and_that_much_stronger(tiny: Recipe) -> None:
    weights = {}
    for every in (1, 2):
        torch.manual_seed(0)
        pair = with_settings(tiny, [f"penalty.every={every}"]).cast(Shape(16, 16, 3, 2), Streams(0))
        assert isinstance(pair, Pair)
        turn = one_turn()
        weights[every] = pair.critic_losses(turn)["penalty"].item()
        turn = one_turn()
        turn.first = 4
        assert ("penalty" in pair.critic_losses(turn)) == (every == 1)
    assert weights[2] == pytest.approx(2 * weights[1], rel=1e-5)


def test_gamma_falls_along_the_run_until_the_data_was_seen_often_enough() -> None:
    falls, stays = (
        Penalty("gradient", gamma=0.5, gamma_end=0.1),
        replace(Penalty("gradient", 0.5, 0.1), passes=40),
    )
    turns = [replace(one_turn(), progress=share, passes=100 * share) for share in (0.0, 0.2, 0.4, 0.7, 1.0)]
    assert [gamma_at(falls, turn) for turn in turns[::4]] == [0.5, pytest.approx(0.1)]
    gammas = [gamma_at(stays, turn) for turn in turns]
    assert gammas[:3] == [gamma_at(falls, turn) for turn in turns[:3]]
    assert gammas[2:] == pytest.approx([gammas[2]] * 3)


def test_published_networks_are_copies_that_no_longer_learn(tiny: Recipe) -> None:
    pair = tiny.cast(Shape(16, 16, 3, 2), Streams(0))
    before = {key: value.clone() for key, value in pair.players[0].average.module.state_dict().items()}  # type: ignore[union-attr]
    published = pair.published()
    assert sorted(published) == ["critic", "generator"]
    assert not any(module.training for module in published.values())
    after = pair.players[0].average.module.state_dict()  # type: ignore[union-attr]
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert pair.preview(published).shape == (64, 3, 16, 16)
