"""The text-conditional GAN: exact resume, drawing from words, candidates, norms, and what its critic learns."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from classics import assert_resumes_exactly
from rectoverso.errors import BadSetting
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.shapes import shapes
from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.matching import found
from rectoverso.recto.nets.textgan import TextDrawer
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.sample.material import Material
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.systems.text_pair import Heard, OnePassTextPair, TextPair, Worded
from rectoverso.recto.systems.textgan import TextGanRecipe
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.streams import Streams

SMALL = (
    "batch=8",
    "precision=float32",
    "milestones=2",
    "nets.latent=8",
    "nets.text=8",
    "nets.generator_width=4",
    "nets.critic_width=8",
    "nets.words=300",
    "nets.places=10",
    "nets.reader_width=16",
    "candidates=3",
)
PROMPT = "a red circle left of a blue square"


@pytest.fixture(scope="module")
def scenes() -> Dataset:
    return shapes(16, 48)


@pytest.fixture
def small() -> TextGanRecipe:
    found = with_settings(recipe("textgan"), SMALL)
    assert isinstance(found, TextGanRecipe)
    return found


def pair(small: TextGanRecipe, scenes: Dataset) -> tuple[Worded, Feed]:
    streams = Streams(0)
    feed = Feed(scenes, small, streams)
    torch.manual_seed(0)
    made = small.cast(feed.shape, streams)
    assert isinstance(made, Worded)
    return made, feed


def test_a_resumed_run_is_the_same_run(small: TextGanRecipe, scenes: Dataset, tmp_path: Path) -> None:
    assert_resumes_exactly(small, scenes, tmp_path)


def test_a_run_draws_what_its_seed_and_prompt_say(
    small: TextGanRecipe, scenes: Dataset, tmp_path: Path
) -> None:
    train(small, scenes, tmp_path / "run", images=64)
    making = RunGenerator(tmp_path / "run").making
    first = making.picture(3, Material(prompt=PROMPT))
    assert np.array_equal(making.picture(3, Material(prompt=PROMPT)), first)
    assert not np.array_equal(making.picture(4, Material(prompt=PROMPT)), first)
    assert not np.array_equal(making.picture(3, Material(prompt="a green star")), first)


def test_both_ways_to_move_are_offered(small: TextGanRecipe, scenes: Dataset) -> None:
    assert isinstance(pair(small, scenes)[0], OnePassTextPair)
    apart, feed = pair(with_settings(small, ["one_pass=false"]), scenes)  # type: ignore[arg-type]
    assert isinstance(apart, TextPair)
    assert set(apart.critic_losses(feed.turn(0, 0.0))) == {"critic", "matching", "penalty"}


def test_the_candidate_that_fits_best_is_drawn(small: TextGanRecipe, scenes: Dataset) -> None:
    drawer = cast("TextDrawer", pair(small, scenes)[0].published()["generator"])
    noise_NZ = torch.randn(2, 3 * 8, generator=torch.Generator().manual_seed(0))
    captions = (PROMPT, "a pink ring")
    candidate_NMCHW, fit_NM = drawer.judged(noise_NZ, captions)
    assert fit_NM.shape == (2, 3)
    best_NCHW = drawer(noise_NZ, Given(captions=captions))
    assert torch.equal(best_NCHW, candidate_NMCHW[torch.arange(2), fit_NM.argmax(1)])
    with torch.no_grad():
        one_NCHW = drawer.generator(noise_NZ[:1, 8:16], drawer_words(drawer, captions[:1]))
    assert torch.allclose(candidate_NMCHW[:1, 1], one_NCHW, atol=1e-5), (
        "a candidate has its own part of the noise"
    )


def drawer_words(drawer: TextDrawer, captions: tuple[str, ...]) -> torch.Tensor:
    return torch.from_numpy(drawer.tokenizer.batch(captions, 10))


def test_the_critic_looks_for_each_caption_among_all(small: TextGanRecipe, scenes: Dataset) -> None:
    made, feed = pair(small, scenes)
    turn = feed.turn(8, 0.0)
    _, taught = made.judged(made.both(turn, made.fakes(turn)), turn)
    drawn = cast("TextDrawer", made.published()["generator"]).critic.train()
    word_NT = made.captions.words(turn)
    word_KT = torch.cat([word_NT, made.captions.near(turn, word_NT)])
    f_NF = drawn.features(made.seen(turn, turn.image_NCHW, "real"))
    logit_NK = f_NF @ drawn.reader(word_KT).T
    by_hand = found(logit_NK, (word_NT[:, None] == word_KT[None]).all(2))
    assert taught["matching"].item() == pytest.approx(0.5 * by_hand.item(), rel=1e-4)


def test_only_real_pictures_are_moved(small: TextGanRecipe, scenes: Dataset) -> None:
    made, feed = pair(small, scenes)
    turn = feed.turn(0, 0.0)
    fake_NCHW = made.fakes(turn).detach()
    real_NCHW, seen_NCHW = made.both(turn, fake_NCHW).chunk(2)
    assert not torch.equal(real_NCHW, turn.image_NCHW)
    assert torch.equal(seen_NCHW, fake_NCHW)


def test_the_last_captions_are_kept_in_a_ring() -> None:
    heard = Heard(2)
    size = len(heard.word_BT)
    heard.hear(torch.full((4, 2), 7), size - 2)
    assert (heard.word_BT == 7).all(1).nonzero()[:, 0].tolist() == [0, 1, size - 2, size - 1]


def test_what_is_published_keeps_nothing_of_the_training(small: TextGanRecipe, scenes: Dataset) -> None:
    made, feed = pair(small, scenes)
    made.losses(feed.turn(0, 0.0))  # type: ignore[attr-defined]
    assert not any("heard" in name for name in made.published()["generator"].state_dict())


def test_squares_that_are_no_power_of_two_are_refused(small: TextGanRecipe, scenes: Dataset) -> None:
    wrong = with_settings(small, ["nets.critic_patch=3"])
    with pytest.raises(BadSetting, match="critic_patch"):
        wrong.check(pair(small, scenes)[1].shape)


def test_the_dial_widens_the_networks() -> None:
    wide, plain = (cast("TextGanRecipe", with_settings(recipe("textgan"), [f"size={s}"])) for s in "ms")
    assert wide.nets.reader_width == 2 * plain.nets.reader_width
    assert wide.batch == 2 * plain.batch


@pytest.mark.slow
def test_it_learns_what_a_word_means(small: TextGanRecipe, tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    light_N = np.arange(64) % 2
    pixels = np.where(light_N, 200, 50)[:, None, None, None] + chance.integers(-30, 30, (64, 16, 16, 3))
    captions = tuple(f"a {('dark', 'light')[light]} picture" for light in light_N)
    train(small, Dataset("tones", pixels.astype(np.uint8), captions=captions), tmp_path, images=6_000)
    making = RunGenerator(tmp_path).making
    dark, light = (
        np.mean([making.picture(seed, Material(prompt=f"a {tone} picture")).mean() for seed in range(4)])
        for tone in ("dark", "light")
    )
    assert light - dark > 75
