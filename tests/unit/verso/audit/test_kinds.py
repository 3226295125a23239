"""Sides that differ in kind are told apart without the run; sides that were parted by lot are not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from drawn import scenes
from rectoverso.verso.audit import kinds as module
from rectoverso.verso.audit.kinds import Images, features, kinds

ALL = scenes(0, 400)
IS_MEMBER = np.random.default_rng(0).permutation(np.arange(400) < 200)


def _through_jpeg(images: Images) -> Images:
    def one(pixels: Images) -> Images:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=90)
        return np.asarray(Image.open(file))

    return np.stack([one(pixels) for pixels in images])


def _brighter(images: Images) -> Images:
    return np.clip(images.astype(int) + 12, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", [_through_jpeg, _brighter])
def test_what_was_prepared_otherwise_is_of_another_kind(change: object) -> None:
    pool = ALL.copy()
    pool[~IS_MEMBER] = change(ALL[~IS_MEMBER])  # type: ignore[operator]
    assert kinds(pool, IS_MEMBER).differ
    assert kinds(pool, IS_MEMBER).area > 0.6


def test_sides_parted_by_lot_are_told_apart_as_seldom_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    feature_NF = features(ALL)
    monkeypatch.setattr(module, "features", lambda _: feature_NF)
    draw = np.random.default_rng(1)
    p_values = np.array([kinds(ALL, draw.permutation(IS_MEMBER)).p_value for _ in range(100)])
    for level in (0.05, 0.2):
        assert np.mean(p_values <= level) <= level + 3.1 * np.sqrt(level * (1 - level) / 100)
    assert np.mean(p_values <= 0.5) > 0.2  # nor is it idle


def test_a_side_that_is_missing_in_a_half_tells_nothing() -> None:
    assert not kinds(ALL, np.arange(400) < 200).differ
