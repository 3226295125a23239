"""The ingrained mark: pictures that lean are found, others are as rare as the p-value says, however alike they are."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from rectoverso.types import Pixels
from rectoverso.verso.mark.watermark.ingrained import (
    WAVES,
    _turned,
    leaning,
    log_p_of,
    together_p_value,
    votes,
)
from unit.verso.conftest import leant, photo

Reals = NDArray[np.float64]


def _p_value(pixels: Pixels, *, anyhow: bool = False) -> float:
    found = leaning(pixels, anyhow=anyhow)
    assert found is not None
    return found.p_value


def test_a_picture_that_leans_is_found_and_the_same_one_before_is_not() -> None:
    picture = photo(1, 64)
    assert _p_value(leant(picture, 6)) < 1e-6
    assert _p_value(picture) > 1e-3


def test_another_key_finds_nothing() -> None:
    found = leaning(leant(photo(1, 64), 6), b"another")
    assert found is not None
    assert found.p_value > 1e-3


@pytest.mark.parametrize("times", [1, 2, 3])
def test_turned_and_mirrored_it_is_found_by_a_second_look(times: int) -> None:
    turned = np.rot90(leant(photo(2, 64), 6)[:, ::-1], times)
    assert _p_value(turned) > 1e-3
    assert _p_value(turned, anyhow=True) < 1e-6


@pytest.mark.parametrize("shape", [(64, 64), (70, 91)])
def test_how_it_votes_turned_is_how_the_turned_one_votes(shape: tuple[int, int]) -> None:
    luma = photo(2, *shape)[..., 0].astype(np.float32)
    ways = [np.rot90(side, times) for side in (luma, luma[:, ::-1]) for times in range(4)]
    turned = sorted(map(tuple, np.round(_turned(luma, votes(luma)), 6)))
    assert np.allclose(turned, sorted(map(tuple, np.round([votes(one) for one in ways[1:]], 6))), atol=2e-6)


def test_enlarged_it_is_found_by_a_second_look() -> None:
    enlarged = np.asarray(
        Image.fromarray(leant(photo(3, 64), 6)).resize((160, 160), Image.Resampling.BICUBIC)
    )
    assert _p_value(enlarged, anyhow=True) < 1e-6


def test_a_batch_says_what_none_of_it_says_alone() -> None:
    pictures = []
    for number in range(20):
        file = io.BytesIO()
        Image.fromarray(leant(photo(number, 32), 4)).save(file, "JPEG", quality=75)
        pictures.append(np.asarray(Image.open(file)))
    read = [leaning(one) for one in pictures]
    assert min(one.p_value for one in read if one) > 1e-6
    assert together_p_value([one.vote_K for one in read if one]) < 1e-6


def test_a_picture_smaller_than_a_tile_says_nothing() -> None:
    assert leaning(np.zeros((15, 40, 3), np.uint8)) is None


def test_a_plain_picture_does_not_lean() -> None:
    assert _p_value(np.full((32, 32, 3), 90, np.uint8), anyhow=True) == 1


def test_grey_and_transparent_pictures_are_read_as_they_are_shown() -> None:
    picture = leant(photo(4, 64), 6)
    grey = np.asarray(Image.fromarray(picture).convert("L"))[..., None]
    whole = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    assert _p_value(grey) < 1e-6
    assert _p_value(whole) == _p_value(picture)


def _rate(vote_K: Reals, level: float) -> float:
    return float(np.mean([log_p_of(vote_K, str(key).encode()) < np.log(level) for key in range(1500)]))


def test_by_chance_it_is_as_rare_as_it_says() -> None:
    """Over keys, of one picture and of a batch of nearly the same one: the p-value is a bound for both."""
    alone = votes(photo(5, 32)[..., 0].astype(np.float32))
    rng = np.random.default_rng(0)
    alike = sum(
        votes(photo(5, 32)[..., 0] + rng.normal(0, 3, (32, 32)).astype(np.float32)) for _ in range(20)
    )
    for vote_K in (alone, np.asarray(alike)):
        assert len(vote_K) == WAVES
        assert _rate(vote_K, 0.1) <= 0.1
        assert _rate(vote_K, 0.1) > 0
        assert _rate(vote_K, 0.01) <= 0.01
