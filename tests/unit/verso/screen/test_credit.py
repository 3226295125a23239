"""Nobody is named with a picture unless it is nearer to a training picture than new pictures are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rectoverso.verso.screen.credit import MOST_LISTED, ORDINARY, credits_of
from rectoverso.verso.screen.memorisation import Fingerprints

Images = np.ndarray


@pytest.fixture(scope="module")
def training(small_photos: Callable[[int, int], Images]) -> Images:
    return small_photos(300, 20_000)


@pytest.fixture(scope="module")
def prints(training: Images) -> Fingerprints:
    return Fingerprints.of(training)


def test_a_picture_like_a_training_picture_names_it_first(
    training: Images, prints: Fingerprints, pictures: Any
) -> None:
    asked = [pictures.jpeg(training[at], 70) for at in range(0, 300, 30)]
    for at, found in zip(range(0, 300, 30), credits_of(asked, prints), strict=True):
        assert found.near[0].training_image == at
        assert found.near[0].times > 2
        assert found.near[0].chance == found.chance <= ORDINARY


def test_new_pictures_name_nobody(prints: Fingerprints, small_photos: Callable[[int, int], Images]) -> None:
    """Over a batch at most 5 % of those with a list are ordinary: where all are, that is hardly ever any."""
    found = credits_of(list(small_photos(100, 70_000)), prints)
    assert sum(bool(one.near) for one in found) <= 2


def test_a_blend_of_two_names_both_and_each_once(training: Images, prints: Fingerprints) -> None:
    blend = ((training[10].astype(int) + training[20]) // 2).astype(np.uint8)
    (found,) = credits_of([blend], prints)
    named = [near.training_image for near in found.near]
    assert {10, 20} <= set(named)
    assert len(named) == len(set(named)) <= MOST_LISTED


def test_the_nearer_comes_first_and_every_one_listed_is_unusually_near(
    training: Images, prints: Fingerprints
) -> None:
    blend = ((2 * training[10].astype(int) + training[20]) // 3).astype(np.uint8)
    (found,) = credits_of([blend], prints)
    assert [near.training_image for near in found.near][:1] == [10]
    times = [near.times for near in found.near]
    assert times == sorted(times, reverse=True)
    assert all(near.chance <= ORDINARY for near in found.near)


def test_the_ranking_begins_with_what_the_check_calls_nearest(training: Images, prints: Fingerprints) -> None:
    neighbourhood = prints.neighbourhood
    one = training[40:44]
    ranked = neighbourhood.ranked(one, at_most=3)
    nearest = neighbourhood.nearest(one)
    assert ranked.index[:, 0].tolist() == nearest.index.tolist() == [40, 41, 42, 43]
    assert np.allclose(ranked.ratio[:, 0], nearest.ratio, atol=1e-3)
    assert ranked.index.shape == (4, 3)
