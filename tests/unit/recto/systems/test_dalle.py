"""DALL-E: its stages, exact resume, drawing from words, and the ladder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from classics import assert_resumes_exactly
from rectoverso.errors import BadSetting
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.shapes import shapes
from rectoverso.recto.nets.given import Given
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.sample.material import Material
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.systems import dalle_ladder as ladder
from rectoverso.recto.systems.dalle import DalleRecipe
from rectoverso.recto.systems.dalle_trio import DalleTrio
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.players import Telling
from rectoverso.recto.train.streams import Streams

SMALL = (
    "batch=8",
    "precision=float32",
    "milestones=2",
    "nets.codes=16",
    "nets.code_width=8",
    "nets.words=300",
    "nets.places=10",
    "nets.prior_width=32",
    "nets.prior_blocks=1",
    "nets.scorer_width=16",
    "nets.scorer_blocks=1",
    "nets.look_width=8",
    "drawing.candidates=2",
    "stage=0.5",
)


@pytest.fixture(scope="module")
def scenes() -> Dataset:
    return shapes(16, 48)


@pytest.fixture
def small() -> DalleRecipe:
    found = with_settings(recipe("dalle"), SMALL)
    assert isinstance(found, DalleRecipe)
    return found


def trio(small: Recipe, scenes: Dataset) -> tuple[DalleTrio, Feed]:
    streams = Streams(0)
    feed = Feed(scenes, small, streams)
    torch.manual_seed(0)
    cast = small.cast(feed.shape, streams)
    assert isinstance(cast, DalleTrio)
    return cast, feed


@pytest.mark.parametrize("settings", [(), ("stage=0.1", "judge=0.1", "warm_up=20")])
def test_a_resumed_run_is_the_same_run_whichever_stage_it_was_cut_in(
    settings: tuple[str, ...], small: DalleRecipe, scenes: Dataset, tmp_path: Path
) -> None:
    assert_resumes_exactly(with_settings(small, settings), scenes, tmp_path)


def test_a_stage_without_codes_is_refused(small: DalleRecipe) -> None:
    for setting in ("stage=0", "sharp=0"):
        with pytest.raises(BadSetting, match=setting.split("=")[0]):
            with_settings(small, [setting]).check(Shape(16, 16, 3, 0))


def test_a_run_learns_codes_first_and_says_what_it_measured(
    small: DalleRecipe, scenes: Dataset, tmp_path: Path
) -> None:
    losses: list[set[str]] = []
    train(
        small, scenes, tmp_path / "run", images=64, listener=lambda status: losses.append(set(status.losses))
    )
    report = json.loads((tmp_path / "run" / "run.json").read_text())
    assert {"psnr", "codes_used", "surprise", "words_heeded"} < report["readings"].keys()
    assert (tmp_path / "run" / "samples" / "000000064.png").exists()


def test_only_the_players_of_a_stage_move(small: DalleRecipe, scenes: Dataset) -> None:
    cast, _ = trio(small, scenes)
    for progress, players in (
        (0.0, ["dvae"]),
        (0.49, ["dvae"]),
        (0.5, ["prior"]),
        (0.74, ["prior"]),
        (0.75, ["prior", "scorer"]),
        (1.0, ["prior", "scorer"]),
    ):
        due = [name for phase in cast.phases if phase.is_due(0, progress) for name in phase.players]
        assert due == players


def test_a_run_draws_what_its_seed_and_prompt_say(
    small: DalleRecipe, scenes: Dataset, tmp_path: Path
) -> None:
    train(small, scenes, tmp_path / "run", images=32)
    generator = RunGenerator(tmp_path / "run")
    assert generator.shape.merges == Feed(scenes, small, Streams(0)).shape.merges != ()
    one, same, other = (generator.making.picture(seed, Material(prompt="a red circle")) for seed in (1, 1, 2))
    assert one.shape == (16, 16, 3)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    generator.making.picture(
        1, Material(prompt="完全 unknown words, and more of them than there are places for")
    )


def test_pictures_held_out_leave_the_words_as_they_are(
    small: DalleRecipe, scenes: Dataset, tmp_path: Path
) -> None:
    held_out = with_settings(small, ["held_out=20"])
    train(held_out, scenes, tmp_path / "run", images=16)
    assert RunGenerator(tmp_path / "run").shape.merges == Feed(scenes, small, Streams(0)).shape.merges


def test_the_candidate_that_fits_best_is_drawn(small: DalleRecipe, scenes: Dataset) -> None:
    cast, feed = trio(small, scenes)
    drawer = cast.published()["generator"]
    noise_NZ = torch.from_numpy(Streams(1).normals("sample", 0, 2, small.noise(feed.shape)))
    captions = ("a red circle", "a blue ring above a pink star")
    candidate_NMCHW, fit_NM = drawer.judged(noise_NZ, captions)  # type: ignore[operator]
    best_NCHW = drawer(noise_NZ, Given(captions=captions))
    assert fit_NM.shape == (2, 2)
    assert torch.equal(best_NCHW, candidate_NMCHW[torch.arange(2), fit_NM.argmax(1)])
    assert not torch.equal(candidate_NMCHW[:, 0], candidate_NMCHW[:, 1])


def test_the_ladders_second_rung_the_prior_learns_one_batch_by_heart(
    small: DalleRecipe, scenes: Dataset
) -> None:
    cast, feed = trio(with_settings(small, ["nets.prior_width=64", "nets.prior_blocks=2"]), scenes)
    turn = feed.turn(0, 0.6)
    code_NG = torch.randint(16, (8, 64), generator=torch.Generator().manual_seed(0))
    assert ladder.memorised(cast.prior, cast.captions.words(turn), code_NG, 120) < 0.3
    told = ladder.heeded(cast.prior, cast.captions.words(turn), code_NG)
    assert told["surprise"] < 0.3
    assert told["words_heeded"] > 0.3, "what was learned by heart is bound to its own words"


def test_a_prior_that_cannot_tell_words_apart_does_not_heed_them(small: DalleRecipe, scenes: Dataset) -> None:
    cast, feed = trio(small, scenes)
    assert isinstance(cast, Telling)
    told = cast.told(feed.examples())
    assert abs(told["words_heeded"]) < 0.01
    assert 0 < told["codes_used"] <= 1
    assert told["psnr"] == pytest.approx(ladder.kept(cast.codes, feed.examples().image_NCHW)["psnr"])


def test_decibels_are_those_of_the_definition() -> None:
    assert ladder.decibels(torch.tensor(4.0)) == 0
    assert ladder.decibels(torch.tensor(0.04)) == pytest.approx(20)


def test_sides_that_no_grid_fits_are_refused() -> None:
    with pytest.raises(BadSetting, match="33"):
        recipe("dalle").check(Shape(33, 33, 3, 0))


def test_the_dial_widens_the_networks() -> None:
    wide = with_settings(recipe("dalle"), ["size=m"])
    assert isinstance(wide, DalleRecipe)
    assert wide.nets.prior_width == 2 * recipe("dalle").nets.prior_width  # type: ignore[attr-defined]
    wide.generator(Shape(32, 32, 3, 0))
