"""The bounds are bounds, and no looser than they need be."""

from __future__ import annotations

import numpy as np
import pytest

from rectoverso.verso.mark.watermark.tails import (
    _TILTS,
    _log_mean_over_turn,
    log_of_together,
    log_tail_of_signs,
    log_tail_of_turns,
)

SIZES = [np.ones(12), np.geomspace(0.1, 4, 40), np.array([3.0, 1.0])]


@pytest.mark.parametrize("sizes", SIZES)
def test_chance_stays_below_the_bound(sizes: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    spread = float(np.sqrt(np.square(sizes).sum()))
    turns = np.cos(rng.uniform(0, 2 * np.pi, (200_000, len(sizes)))) @ sizes
    signs = rng.choice([-1.0, 1.0], (200_000, len(sizes))) @ sizes
    for z in (0.5, 1.0, 1.5, 2.0, 2.5):
        for sums, bound in ((turns, log_tail_of_turns), (signs, log_tail_of_signs)):
            assert np.mean(sums >= z * spread) <= np.exp(bound(z * spread, sizes)) * 1.02 + 1e-4


def test_far_out_the_bound_is_that_of_a_normal_deviate() -> None:
    sizes = np.ones(2000)
    for z in (6, 12, 20):
        log_p = log_tail_of_turns(z * np.sqrt(1000), sizes)
        assert log_p == pytest.approx(-(z**2) / 2, rel=0.12)


def test_what_is_nothing_proves_nothing() -> None:
    assert log_tail_of_turns(0.0, np.ones(4)) == 0
    assert log_tail_of_turns(3.0, np.zeros(4)) == 0
    assert log_tail_of_signs(-1.0, np.ones(4)) == 0


def test_several_p_values_become_one() -> None:
    rng = np.random.default_rng(0)
    together = [log_of_together(np.log(rng.uniform(size=5)).tolist()) for _ in range(20_000)]
    for level in (0.5, 0.1, 0.01):
        assert np.mean(np.array(together) <= np.log(level)) == pytest.approx(level, rel=0.15)
    assert log_of_together([np.log(1e-3)]) == pytest.approx(np.log(1e-3))
    assert log_of_together([0.0, 0.0]) == 0
    assert log_of_together([-3.0] * 8) < np.log(1e-3)


def test_the_table_lies_above_what_it_stands_for_and_hardly_so() -> None:
    x = np.random.default_rng(0).uniform(0, 40, 20_000)
    above = _log_mean_over_turn(x) - np.log(np.i0(x))
    assert above.min() > -2e-7
    assert above.max() < 1e-4


def test_the_least_of_the_grid_is_found() -> None:
    sizes = np.geomspace(0.1, 4, 40)
    even = sizes / np.sqrt(np.square(sizes).sum())
    for total in (0.3, 5.0, 20.0, 55.0):
        z = total / np.sqrt(np.square(sizes).sum())
        slow = min(float(_log_mean_over_turn(t * even).sum()) - t * z for t in _TILTS)
        assert log_tail_of_turns(total, sizes) == pytest.approx(min(0.0, slow))
