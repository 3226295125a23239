"""Pictures with a version elsewhere are known from others, whichever side they are on."""

from __future__ import annotations

import numpy as np

from drawn import scenes
from rectoverso.verso.audit.versions import versions

ALL = scenes(0, 400)


def test_copies_across_and_within_are_counted_and_taken_out_from_both_sides() -> None:
    pool = ALL.copy()
    pool[300:310] = np.clip(pool[:10].astype(int) + 2, 0, 255)  # held-out versions of members
    pool[320:324] = pool[330:334, :, ::-1]  # held out twice, once mirrored
    found = versions((pool[:300], pool[300:]), np.arange(400))
    twins = np.isin(np.arange(400), [*range(10), *range(300, 310), *range(320, 324), *range(330, 334)])
    assert not found.is_single_N[twins].any()
    assert found.is_single_N[~twins].mean() > 0.97
    assert 20 <= found.across <= 24
    assert 8 <= found.within <= 16


def test_a_picture_that_is_there_over_and_over_has_versions() -> None:
    """Fifty members that are one would be fifty witnesses."""
    pool = np.concatenate([ALL[:200], np.repeat(ALL[:1], 50, axis=0), ALL[200:]])
    found = versions((pool[:250], pool[250:]), np.arange(450))
    assert not found.is_single_N[[0, *range(200, 250)]].any()
    assert found.is_single_N[1:200].mean() > 0.97


def test_only_the_places_that_are_asked_about_are_told() -> None:
    found = versions((ALL[:200], ALL[200:]), np.array([5, 250]))
    assert found.is_single_N.shape == (2,)
    assert found.plain()["looked_at"] == 2
