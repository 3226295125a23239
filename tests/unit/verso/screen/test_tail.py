"""Rates of unrelated pictures: what a curve says beyond them, what it may not say, and when it is not used."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from rectoverso.verso.screen.tail import Fit, Tail

MOST = 60


def _points(count: int, seed: int, *, shift: int = 0) -> np.ndarray:
    """Like points of strangers: of most pictures none, of others 5 and more, each further one about half as often."""
    rng = np.random.default_rng(seed)
    points = 4 + rng.geometric(0.55, size=count) + shift
    points[rng.random(count) < 0.6] = 0
    return points


def _tail(points: np.ndarray) -> Tail:
    return Tail(len(points), {step: n for step, n in Counter(points.tolist()).items() if step})


def _true_rate(step: int) -> float:
    return float(0.4 * 0.45 ** max(0, step - 5))


def test_stated_rates_are_within_a_factor_of_two_of_what_fresh_pictures_do() -> None:
    """At ten times the rate that so many pictures can show at all, where a whole point halves a rate and more."""
    within = []
    for seed in range(40):
        tail = _tail(_points(2000, seed))
        step = next(step for step in range(5, MOST) if tail.rate(step) <= 0.005)
        within.append(0.5 <= tail.rate(step) / _true_rate(step) <= 2)
    assert np.mean(within) >= 0.9


def test_beyond_all_pictures_the_rate_falls_and_stops_where_nothing_is_known() -> None:
    tail = _tail(_points(2000, 1))
    last = tail.highest or 0
    assert tail.reached(last + 1) == 0
    assert tail.rate(last + 1) > tail.rate(last + 3) > 0
    assert tail.rate(last + 500) == pytest.approx(1 / (10 * 2001))


def test_no_curve_makes_the_bound_smaller_than_the_counts_do() -> None:
    tail = _tail(_points(1000, 2))
    assert tail.fit is Fit.GOOD
    assert tail.at_most((tail.highest or 0) + 100) == pytest.approx(3 / 1000, rel=0.01)
    assert tail.at_most(5) > tail.reached(5) / 1000


def test_a_shifted_null_is_measured_as_shifted() -> None:
    """What held for other pictures does not hold for these, and their own rates say so."""
    usual, shifted = _tail(_points(3000, 3)), _tail(_points(3000, 4, shift=3))
    step = next(step for step in range(5, MOST) if usual.rate(step) <= 0.001)
    assert shifted.rate(step) > 5 * usual.rate(step)
    assert next(s for s in range(5, MOST) if shifted.rate(s) <= 0.001) - step in {2, 3, 4}


def test_a_crowd_that_belongs_to_no_curve_is_told_and_the_pictures_are_counted_instead() -> None:
    """Near-copies among strangers: a hump far out, that a smooth tail would smear."""
    strangers, crowd = _points(960, 5), np.random.default_rng(6).integers(14, 17, size=60)
    tail = _tail(np.concatenate([strangers, crowd]))
    assert tail.fit is Fit.BAD
    assert tail.rate(14) == pytest.approx((tail.reached(14) + 1) / 1021)


def test_a_curve_that_passes_below_a_small_crowd_gives_way_to_the_counts() -> None:
    strangers, crowd = _points(985, 7), np.full(15, 14)
    tail = _tail(np.concatenate([strangers, crowd]))
    assert tail.reached(14) >= 15
    assert tail.rate(14) > 15 / 1000 / 2


def test_no_curve_tells_a_score_to_be_rarer_than_it_was_seen() -> None:
    """One of 2,000 that came far would be told as one in 40,000 by its lower bound alone."""
    tail = _tail(np.append(_points(1999, 8), 24))
    assert tail.is_believed
    assert tail.promised(24) < 1e-4
    assert tail.rate(24) == pytest.approx(1 / 2000)
    assert tail.rate(25) < 1 / 2000


def test_few_scores_have_no_curve_and_their_share_counts_the_asked_one_in() -> None:
    tail = Tail(500, {7: 3, 8: 1})
    assert (tail.fit, tail.curve) == (Fit.TOO_FEW, None)
    assert tail.rate(8) == pytest.approx(2 / 501)
    assert tail.rate(99) == pytest.approx(1 / 501)


def test_of_pictures_that_follow_the_curve_it_is_seldom_doubted() -> None:
    fits = [_tail(_points(1000, seed)).fit for seed in range(30)]
    assert fits.count(Fit.BAD) <= 1
    assert fits.count(Fit.GOOD) >= 25


def test_without_any_pictures_nothing_is_promised() -> None:
    assert (Tail(0).rate(5), Tail(0).at_most(5), Tail(0).highest) == (1, 1, None)
