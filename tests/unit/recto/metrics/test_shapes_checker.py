"""The checker knows real scenes by their captions, and scenes that other captions belong to."""

from __future__ import annotations

import numpy as np
import pytest

from rectoverso.recto.data.shapes import Scene, scene
from rectoverso.recto.metrics.shapes_checker import is_right, things_of


def scenes(size: int, count: int) -> list[Scene]:
    return [scene(30_000 + index, size) for index in range(count)]


@pytest.mark.parametrize(("size", "count"), [(32, 100), pytest.param(64, 60, marks=pytest.mark.slow)])
def test_real_scenes_are_right_and_other_captions_wrong(size: int, count: int) -> None:
    made = scenes(size, count)
    right = [is_right(one.image, one.caption) for one in made]
    others = [
        is_right(one.image, other.caption)
        for one, other in zip(made, made[1:] + made[:1], strict=True)
        if one.caption != other.caption
    ]
    assert np.mean(right) >= 0.98
    assert np.mean(others) <= 0.05


def test_a_word_that_is_not_so_makes_a_caption_wrong() -> None:
    pair = next(one for one in scenes(32, 50) if " left of " in one.caption)
    assert is_right(pair.image, pair.caption)
    assert not is_right(pair.image, pair.caption.replace(" left of ", " right of "))
    assert not is_right(pair.image, pair.caption.replace(" left of ", " above "))
    assert not is_right(pair.image, pair.caption.partition(" left of ")[0]), "a thing too many"
    assert not is_right(pair.image[:, ::-1], pair.caption)


def test_blots_and_empty_pictures_are_wrong() -> None:
    single = next(one for one in scenes(32, 50) if " of " not in one.caption and " a" not in one.caption[1:])
    assert is_right(single.image, single.caption)
    assert things_of(np.full((32, 32, 3), 230, np.uint8)) == []
    chance = np.random.default_rng(0)
    assert not is_right(chance.integers(0, 256, (32, 32, 3)).astype(np.uint8), single.caption)
    noisy = single.image.astype(np.int16) + chance.integers(-12, 13, single.image.shape)
    assert is_right(noisy.clip(0, 255).astype(np.uint8), single.caption), "a little noise hides nothing"


def test_captions_of_another_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="a cat"):
        is_right(np.zeros((32, 32, 3), np.uint8), "a cat")
