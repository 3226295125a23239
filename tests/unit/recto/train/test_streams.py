"""Noise depends on seed, image and purpose, and on nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rectoverso.recto.train.streams import Streams


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    first=st.integers(0, 2**40),
    cut=st.integers(1, 12),
    width=st.sampled_from([1, 2, 3, 4, 7, 64, 100]),
    kind=st.sampled_from(["words", "uniforms", "normals", "signs"]),
)
def test_any_split_of_a_batch_gives_the_same_values(
    seed: int, first: int, cut: int, width: int, kind: str
) -> None:
    draw = getattr(Streams(seed), kind)
    parts = [draw("x", first, cut, width), draw("x", first + cut, 13 - cut, width)]
    np.testing.assert_array_equal(draw("x", first, 13, width), np.concatenate(parts))


def test_seeds_purposes_and_images_do_not_repeat_each_other() -> None:
    draws = [
        tuple(Streams(seed).words(purpose, first, 1, 4)[0].tolist())
        for seed in (0, 1)
        for purpose in ("latent", "flip")
        for first in (0, 1, 2)
    ]
    words = [word for draw in draws for word in draw]
    assert len(set(words)) == len(words)


def test_the_first_words_stay_as_they_are_so_that_old_seeds_keep_their_pictures() -> None:
    assert Streams(7).words("sample", 0, 1, 2)[0].tolist() == [15712204806459314922, 2146702856337828850]


def test_normals_are_standard_normal() -> None:
    x = Streams(1).normals("latent", 0, 2000, 65).astype(np.float64)
    assert abs(x.mean()) < 0.01
    assert abs(x.std() - 1) < 0.01
    assert abs((x**4).mean() - 3) < 0.1
    assert abs(np.corrcoef(x[:, 0], x[:, 33])[0, 1]) < 0.1


def test_signs_are_fair_and_only_signs() -> None:
    x = Streams(1).signs("slope", 0, 50, 3000)
    assert set(np.unique(x)) == {-1, 1}
    assert abs(x.mean()) < 0.01


def test_choices_are_fair_and_in_range() -> None:
    counts = np.bincount(Streams(1).choices("label", 0, 10_000, 10), minlength=10)
    assert len(counts) == 10
    assert counts.min() > 850


def test_every_pass_shows_every_picture_once_in_an_order_of_its_own() -> None:
    streams, length = Streams(3), 10
    passes = [streams.places(epoch * length, length, length).tolist() for epoch in range(3)]
    assert all(sorted(order) == list(range(length)) for order in passes)
    assert passes[0] != passes[1] != passes[2]


@pytest.mark.parametrize("cut", [1, 8, 17])
def test_the_order_of_the_data_does_not_depend_on_the_batch(cut: int) -> None:
    streams = Streams(3)
    parts = [streams.places(5, cut, 10), streams.places(5 + cut, 30 - cut, 10)]
    np.testing.assert_array_equal(streams.places(5, 30, 10), np.concatenate(parts))


def test_torch_seeds_differ_by_purpose_and_image_and_fit_torch() -> None:
    seeds = [Streams(0).torch_seed(purpose, images) for purpose in ("a", "b") for images in (0, 64)]
    assert len(set(seeds)) == 4
    assert all(0 <= seed < 2**63 for seed in seeds)
