"""A run's symptoms, each provoked by a real training that fails that way; the exact rules by made-up statuses."""

import itertools
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from rectoverso.errors import BadSetting, TrainingFailed
from rectoverso.i18n import say
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.pixels import to_pixels
from rectoverso.recto.systems import Recipe, with_settings
from rectoverso.recto.train.checkup import hold_out, variety
from rectoverso.recto.train.feed import shape_of
from rectoverso.recto.train.health import symptoms
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.status import Status
from rectoverso.recto.train.streams import Streams

FROZEN_CRITIC = ("critic_adam.rate=1e-9", "critic_adam.rate_end=1e-9")
LEAPING_GENERATOR = ("generator_adam.rate=1", "generator_adam.rate_end=1", "averaging.half_life=0")
FAST_CRITIC = ("critic_adam.rate=2e-2", "critic_adam.rate_end=2e-2", "generator_adam.rate=1e-7")


def trained(recipe: Recipe, data: Dataset, run: Path, images: int, *settings: str, seed: int = 0) -> Status:
    """The last word of a run in which every turn is told."""
    heard: list[Status] = []
    ticks = itertools.count()
    recipe = with_settings(recipe, ("checkpoint_s=1e9", *settings))
    train(
        recipe, data, run, images=images, seed=seed, listener=heard.append, clock=lambda: float(next(ticks))
    )
    return heard[-1]


def test_a_sound_run_has_no_symptoms(tiny: Recipe, stripes: Dataset, tmp_path: Path) -> None:
    last = trained(tiny, stripes, tmp_path, 1200)
    assert last.symptoms == ()
    assert last.readings["variety"] > 0.5
    assert last.half_life == 120
    assert json.loads((tmp_path / "run.json").read_text())["health"] == []


def test_a_critic_that_learns_while_the_generator_stands_still_has_won(
    tiny: Recipe, unlabelled: Dataset, tmp_path: Path
) -> None:
    settings = ("penalty.kind=none", "objective=nonsaturating", "one_pass=false")
    last = trained(tiny, unlabelled, tmp_path, 400, *FAST_CRITIC, *settings)
    assert "critic_won" in last.symptoms
    report = json.loads((tmp_path / "run.json").read_text())
    (told,) = [row for row in report["health"] if row["symptom"] == "critic_won"]
    assert "critic_adam.rate" in told["en"]
    assert told["en"] in (tmp_path / "card.md").read_text()
    assert told["zh"] in (tmp_path / "card.zh.md").read_text()


def test_a_critic_that_does_not_learn_is_blind(tiny: Recipe, unlabelled: Dataset, tmp_path: Path) -> None:
    still = ("generator_adam.rate=1e-9", "generator_adam.rate_end=1e-9")
    assert "critic_blind" in trained(tiny, unlabelled, tmp_path, 200, *FROZEN_CRITIC, *still).symptoms


def test_a_generator_that_leaps_too_far_collapses(tiny: Recipe, unlabelled: Dataset, tmp_path: Path) -> None:
    """At such a rate its colours saturate, and every picture is the same: for two seeds in three."""
    for seed in range(12):
        last = trained(tiny, unlabelled, tmp_path / str(seed), 400, *LEAPING_GENERATOR, seed=seed)
        if last.readings["variety"] < 0.05:
            break
    assert "collapse" in last.symptoms


def test_samples_that_lose_their_variety_are_a_collapse() -> None:
    told = [
        Status("training", n, sample=str(n), readings={"variety": v}) for n, v in enumerate((0.8, 0.9, 0.2))
    ]
    assert symptoms(told[:2]) == ()
    (message,) = symptoms(told)
    assert message.key == "health.collapse"


def test_numbers_that_run_away_end_the_run_and_what_was_kept_stays(
    tiny: Recipe, unlabelled: Dataset, tmp_path: Path
) -> None:
    """The generator's next pictures are no numbers, so neither is the next loss."""
    with pytest.raises(TrainingFailed, match="became nan"):
        trained(tiny, unlabelled, tmp_path, 80, "generator_adam.rate=1e38", "generator_adam.rate_end=1e38")
    assert (tmp_path / "samples" / "000000000.png").is_file()


def test_pictures_that_are_no_numbers_are_told(tiny: Recipe, unlabelled: Dataset, tmp_path: Path) -> None:
    """One turn, its losses still sound, and a step so large that the next picture cannot be computed."""
    leap = ("generator_adam.rate=1e38", "generator_adam.rate_end=1e38")
    assert "not_finite" in trained(tiny, unlabelled, tmp_path, tiny.batch, *leap).symptoms


def test_one_pass_through_a_critic_that_has_won_leaves_pictures_finite(
    tiny: Recipe, unlabelled: Dataset, tmp_path: Path
) -> None:
    settings = ("penalty.kind=none", "objective=nonsaturating", "one_pass=true")
    last = trained(tiny, unlabelled, tmp_path, 1600, *FAST_CRITIC, *settings)
    assert last.margin is None or last.margin > 20
    assert "not_finite" not in last.symptoms


def test_a_strong_critic_learns_forty_pictures_by_heart(
    tiny: Recipe, unlabelled: Dataset, tmp_path: Path
) -> None:
    """The pictures are those of a generator that stands still: all that tells them from its next ones is memory."""
    still = ("generator_adam.rate=1e-9", "generator_adam.rate_end=1e-9")
    strong = (
        "critic_adam.rate=4e-3",
        "critic_adam.rate_end=4e-3",
        "nets.critic_width=16",
        "penalty.kind=none",
    )
    data = drawn_by_the_start_of(tiny, unlabelled, 60)
    last = trained(tiny, data, tmp_path, 2400, *still, *strong, "objective=nonsaturating", "held_out=20")
    assert last.readings["overfitting"] > 0.5
    assert "overfitting" in last.symptoms


def drawn_by_the_start_of(recipe: Recipe, like: Dataset, count: int) -> Dataset:
    """Pictures of the generator that a run with seed 0 on data like ``like`` begins with."""
    streams = Streams(0)
    torch.manual_seed(streams.torch_seed("weights", 0))
    cast = recipe.cast(shape_of(like, recipe), streams)
    noise_NZ = torch.from_numpy(streams.normals("real", 0, count, recipe.latent))
    with torch.no_grad():
        return Dataset("drawn", to_pixels(cast.published()["generator"](noise_NZ, None)))


def test_overfitting_is_judged_by_pictures_that_were_never_shown() -> None:
    seen = [
        Status("training", 8, sample="a", readings={"variety": 1.0, "overfitting": share})
        for share in (0.1, 0.7)
    ]
    assert symptoms(seen[:1]) == ()
    (message,) = symptoms(seen)
    assert "70%" in say(message)


def test_held_out_pictures_are_never_among_those_shown(stripes: Dataset) -> None:
    data = Dataset("numbers", np.arange(40, dtype=np.uint8)[:, None, None, None].repeat(3, 3))
    shown, held_out = hold_out(data, 15, Streams(0))
    assert held_out is not None
    values = [set(part.batch(np.arange(len(part)))[:, 0, 0, 0].tolist()) for part in (shown, held_out)]
    assert (len(values[0]), len(values[1])) == (25, 15)
    assert values[0] | values[1] == set(range(40))
    assert hold_out(stripes, 0, Streams(0)) == (stripes, None)
    with pytest.raises(BadSetting):
        hold_out(data, 21, Streams(0))


def test_holding_out_copies_no_picture() -> None:
    data = Dataset("many", np.zeros((4096, 32, 32, 3), dtype=np.uint8), np.arange(4096) % 3, ("a", "b", "c"))
    tracemalloc.start()
    try:
        shown, held_out = hold_out(data, 1000, Streams(0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < data.images.nbytes / 20
    assert held_out is not None
    assert shown.labels is not None
    assert (len(shown), len(held_out)) == (3096, 1000)
    assert (shown.height, shown.width, shown.channels, shown.classes) == (32, 32, 3, data.classes)


def test_variety_is_the_mean_distance() -> None:
    assert variety(torch.tensor([[0.0, 0.0], [2.0, 2.0]])) == 2.0
    assert variety(torch.ones(5, 4)) == 0.0
