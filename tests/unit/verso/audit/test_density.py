"""Attacks by drawn pictures alone, on scenes: a generator that repeats some of its training pictures is found out."""

from __future__ import annotations

import numpy as np
import pytest

from drawn import scenes
from rectoverso.verso.audit.attack import Attack
from rectoverso.verso.audit.density import scores_by_pictures

ALL = scenes(0, 700)
ASKED, REFERENCE, NEW = ALL[:200], ALL[200:300], ALL[300:]
IS_MEMBER = np.arange(200) < 100


def _areas(drawn: np.ndarray) -> dict[str, float]:
    scores = scores_by_pictures(ASKED, drawn, REFERENCE)
    return {name: Attack.of(name, score_N, IS_MEMBER).area for name, score_N in scores.items()}


@pytest.mark.parametrize("mirrored", [False, True])
def test_repeated_members_are_recognised_also_mirrored(mirrored: bool) -> None:
    noise = np.random.default_rng(0).normal(0, 4, (3, *ASKED[:60].shape))
    copies = np.clip(ASKED[:60].astype(float) + noise, 0, 255).astype(np.uint8).reshape(-1, *ALL.shape[1:])
    areas = _areas(np.concatenate([copies[:, :, ::-1] if mirrored else copies, NEW]))
    assert areas.keys() == {"nearest", "within", "relative"}
    assert min(areas.values()) > 0.65


def test_new_pictures_tell_no_member_from_others() -> None:
    for area in _areas(NEW).values():
        assert abs(area - 0.5) < 0.13  # three standard deviations


def test_a_picture_that_is_drawn_exactly_does_not_upset_the_others() -> None:
    scores = scores_by_pictures(ASKED, np.concatenate([ASKED[:3], NEW]), REFERENCE)
    assert all(np.isfinite(score_N).all() for score_N in scores.values())
    assert set(np.argsort(-scores["nearest"])[:3]) == {0, 1, 2}
