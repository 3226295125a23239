"""The p-value of an audit holds where nothing leaks, and finds a leak of a little or of few."""

from __future__ import annotations

import numpy as np
import pytest

from rectoverso.verso.audit import exchange
from rectoverso.verso.audit.attack import Attack
from rectoverso.verso.audit.exchange import by_lot

IS_MEMBER = np.arange(220) < 120


def _attacks(scores_KN: np.ndarray, is_member_N: np.ndarray = IS_MEMBER) -> list[Attack]:
    return [Attack.of(str(k), score_N, is_member_N) for k, score_N in enumerate(scores_KN)]


@pytest.fixture(autouse=True)
def fewer_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LOTS", 1_999)


def test_where_members_are_drawn_by_lot_it_is_as_seldom_small_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three attacks that depend on each other, one of them with ties: none of the three alone is counted."""
    monkeypatch.setattr(exchange, "LOTS", 99)
    draw, p_values = np.random.default_rng(5), []
    for trial in range(200):
        shared_N = draw.standard_t(2, size=220)
        scores_KN = np.stack([shared_N, shared_N + draw.normal(size=220), np.round(draw.normal(size=220))])
        p_values.append(by_lot(_attacks(scores_KN, draw.permutation(IS_MEMBER)), 0.05, seed=trial).p_value)
    for level in (0.05, 0.1, 0.5):
        found, expected = np.mean(np.array(p_values) <= level), level
        assert found <= expected + 3.1 * np.sqrt(expected * (1 - expected) / 200)
    assert np.mean(np.array(p_values) <= 0.5) > 0.35  # nor is it idle


@pytest.mark.parametrize(
    ("kind", "caught"), [("few", True), ("little", True), ("none", False), ("against", False)]
)
def test_a_leak_of_few_or_a_little_of_all_is_caught(kind: str, caught: bool) -> None:
    draw = np.random.default_rng(2)
    scores_KN = draw.normal(size=(4, 220))
    if kind == "few":
        scores_KN[2, :24] += 8
    if kind == "little":
        scores_KN[2, :120] += 0.8
    if kind == "against":  # members with the lower scores are no leak that anybody could use
        scores_KN[2, :120] -= 0.8
    found = by_lot(_attacks(scores_KN), 0.001)
    assert (found.p_value < 0.001) == caught
    assert found.p_value == min(found.p_values.values())
    if caught:
        assert found.p_values["2"] == found.p_value


def test_a_hundredth_that_lie_above_all_others_are_noticed() -> None:
    """As a run does that learnt few pictures by heart: a hundredth of the others lets in as many by chance."""
    is_member_N = np.arange(2000) < 1000
    score_N = np.random.default_rng(6).normal(size=2000)
    score_N[:15] = 9
    found = by_lot([Attack.of("any", score_N, is_member_N)], 0.001)
    assert found.p_value < 0.001
    assert found.would_notice is not None
    assert found.would_notice < 0.018


def test_what_it_would_notice_it_notices() -> None:
    """And of five members fewer nothing."""
    draw = np.random.default_rng(3)
    scores_KN = draw.normal(size=(3, 220))
    told = by_lot(_attacks(scores_KN), 0.001).would_notice
    assert told is not None
    assert 0.02 < told < 0.3
    ranked = np.concatenate([np.linspace(1, 0, 120, endpoint=False), np.linspace(1, 0, 100, endpoint=False)])
    count = round(told * 120)
    for known, caught in ((count, True), (count - 5, False)):
        scores_KN[1] = ranked
        scores_KN[1, 120 - known : 120] = 2  # the last members, from below
        assert (by_lot(_attacks(scores_KN), 0.001).p_values["1"] < 0.001) == caught
