"""What one attack can tell."""

from __future__ import annotations

import numpy as np
import pytest

from rectoverso.verso.audit.attack import Attack, Share, threshold_ranks

IS_MEMBER = np.arange(300) < 200


def test_a_share_has_its_exact_interval() -> None:
    """The textbook's 10 of 100, and the rule of three at none."""
    assert Share(10, 100).low == pytest.approx(0.0490, abs=1e-4)
    assert Share(10, 100).high == pytest.approx(0.1762, abs=1e-4)
    assert (Share(0, 100).low, Share(100, 100).high) == (0.0, 1.0)
    assert Share(0, 1000).high == pytest.approx(1 - 0.025 ** (1 / 1000), abs=1e-6)


def test_members_above_all_but_one_in_a_hundred_others_are_counted() -> None:
    score_N = np.zeros(300)
    score_N[:30] = 3  # members that are surely known
    score_N[30:50] = 1
    score_N[200] = 2  # the one false alarm that is allowed
    score_N[201:300] = 0.5
    found = Attack.of("any", score_N, IS_MEMBER).at(0.01)
    assert found is not None
    assert (found.members.found, found.allowed) == (50, 1)
    assert found.at_most > 0.01  # a hundred others do not show a rate of one in a hundred
    assert Attack.of("any", score_N, IS_MEMBER).at(0.001) is None


def test_the_interval_counts_in_that_few_others_tell_the_threshold_roughly() -> None:
    """The true rate at 1 % false positives is known here; it lies in the interval as often as that says."""
    truth, draw, kept, only = 0.3, np.random.default_rng(3), 0, 0
    threshold, shift = 2.3263, 2.3263 - 0.5244  # the normal's upper hundredth; 0.3 of members lie above it
    for _ in range(150):
        score_N = draw.normal(size=300) + shift * IS_MEMBER
        found = Attack.of("any", score_N, IS_MEMBER).at(0.01)
        assert found is not None
        kept += found.low <= truth <= found.high
        only += found.members.low <= truth <= found.members.high
    assert threshold > shift
    assert kept >= 0.95 * 150
    assert only < 0.9 * 150  # of the members above the one threshold that was drawn, and no more


def test_no_threshold_of_a_thousandth_is_known_from_a_thousand_others() -> None:
    """The highest of a thousand has a rate above it in one of three; of five thousand that is settled."""
    assert threshold_ranks(0.001, 1000) == (0, 5)
    assert threshold_ranks(0.001, 5000)[0] == 1
    assert threshold_ranks(0.01, 30)[1] == 3
    perfect = Attack.of("any", (np.arange(2000) < 1000).astype(float), np.arange(2000) < 1000).at(0.001)
    assert perfect is not None
    assert (perfect.members.value, perfect.low, perfect.high) == (1.0, 0.0, 1.0)


def test_the_area_is_half_for_lots_and_one_for_a_perfect_attack() -> None:
    lots = np.random.default_rng(0).normal(size=300)
    assert Attack.of("any", IS_MEMBER.astype(float), IS_MEMBER).area == 1.0
    assert Attack.of("any", -IS_MEMBER.astype(float), IS_MEMBER).area == 0.0
    assert abs(Attack.of("any", lots, IS_MEMBER).area - 0.5) < 0.1


@pytest.mark.parametrize("same", [0.0, np.nan, np.inf])
def test_equal_scores_and_no_numbers_tell_nothing(same: float) -> None:
    """In the order in which they were given the members would all come first."""
    assert abs(Attack.of("any", np.full(300, same), IS_MEMBER).area - 0.5) < 0.1


def test_a_curve_goes_up_to_all_of_both() -> None:
    false_O, true_O = Attack.of("any", np.random.default_rng(1).normal(size=300), IS_MEMBER).curve()
    assert len(false_O) == 100
    assert false_O[-1] == 1.0
    assert (np.diff(true_O) >= 0).all()
