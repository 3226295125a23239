"""Two accountants that share nothing but the mechanism come to the same; and to what others come to."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import comb, ndtr

from rectoverso.recto.privacy import losses, moments
from rectoverso.recto.privacy.accounting import AGREEMENT, epsilon, noise_for

GRID = [
    (1.0, 1.0, 1, 1e-5),
    (1.0, 20.0, 500, 1e-5),
    (0.07, 1.7, 2_000, 1e-5),
    (0.01, 1.0, 1_000, 1e-5),
    (0.5, 3.0, 50, 1e-5),
    (0.2, 4.0, 200, 1e-7),
    (0.9, 2.0, 3, 1e-5),
    (512 / 60_000, 2.0, 174_000, 1e-5),
]


@pytest.mark.parametrize(("rate", "noise", "steps", "delta"), GRID)
def test_both_accountants_agree_and_the_bound_is_above(
    rate: float, noise: float, steps: int, delta: float
) -> None:
    plan = {"rate": rate, "noise": noise, "steps": steps, "delta": delta}
    folded, integrated = losses.epsilon(**plan), moments.epsilon(**plan)
    assert abs(folded - integrated) < AGREEMENT / 4 * integrated
    assert integrated < moments.bound(**plan) < 1.2 * integrated


@pytest.mark.parametrize(
    ("plan", "prv"),
    [
        # Opacus 1.6.0, PRVAccountant, and Google's dp_accounting 0.6.0 where it was asked (docs/log.md, 2026-11-27).
        ({"rate": 0.07, "noise": 1.7, "steps": 2_000, "delta": 1e-5}, 10.2435),
        ({"rate": 0.01, "noise": 1.0, "steps": 1_000, "delta": 1e-5}, 1.8282),
        ({"rate": 0.5, "noise": 3.0, "steps": 50, "delta": 1e-5}, 5.6264),
        ({"rate": 0.2, "noise": 4.0, "steps": 200, "delta": 1e-7}, 3.8196),
    ],
)
def test_others_come_to_the_same(plan: dict[str, float], prv: float) -> None:
    assert epsilon(**plan) == pytest.approx(prv, rel=1e-3)  # type: ignore[arg-type]


def test_one_look_is_the_gaussian_mechanism() -> None:
    """Balle and Wang 2018, theorem 8, in closed form."""

    def delta(e: float, noise: float) -> float:
        return ndtr(1 / (2 * noise) - e * noise) - math.exp(e) * ndtr(-1 / (2 * noise) - e * noise)

    noise = noise_for(epsilon=2.0, rate=1.0, steps=1, delta=1e-5)
    assert delta(2.0, noise) <= 1e-5
    assert delta(2.0, noise * 0.999) > 1e-5


def test_a_whole_moment_is_the_binomial_sum() -> None:
    """Mironov, Talwar and Zhang 2019, section 3.3, at the order 4."""
    rate, noise, order = 0.1, 1.5, 4
    terms = (
        comb(order, k) * (1 - rate) ** (order - k) * rate**k * math.exp(k * (k - 1) / (2 * noise**2))
        for k in range(order + 1)
    )
    found = moments._Direction(rate, noise, 1).moment(moments.np.array([order - 1.0]))[0]
    assert found == pytest.approx(math.log(sum(terms)), rel=1e-6)


@pytest.mark.parametrize(
    ("rate", "noise", "steps", "published"),
    [
        (0.01, 4.0, 10_000, 1.26),  # Abadi et al. 2016, section 3.2
        (256 / 60_000, 1.1, 14_062, 3.01),  # TensorFlow Privacy's tutorial: MNIST, 60 epochs
        (256 / 60_000, 0.7, 10_546, 7.10),  # the same, 45 epochs
    ],
)
def test_with_the_conversion_of_their_time_moments_come_to_published_figures(
    rate: float, noise: float, steps: int, published: float
) -> None:
    """epsilon = the least of K(t) steps / t + log(1 / delta) / t (Abadi et al. 2016, theorem 2), at delta 1e-5."""
    t_T = np.arange(1.0, 64.0)
    k_T = moments._Direction(rate, noise, 1).moment(t_T)
    assert ((steps * k_T - math.log(1e-5)) / t_T).min() == pytest.approx(published, rel=0.01)


@pytest.mark.parametrize(
    ("rate", "noise", "steps", "mean"),
    [(1e-6, 1.0, 1, 0.0), (1.0, 0.3, 10**6, 1 / (2 * 0.3**2))],
    ids=["rare", "all, often"],
)
def test_a_grid_is_no_larger_than_memory(rate: float, noise: float, steps: int, mean: float) -> None:
    """Ten million points of one step, and two thousand million of all, would be ten gigabytes and more."""
    one, grid = losses._one(rate, noise, 1, steps)
    assert len(one.loss_K) <= losses.MOST_OF_ONE + 2
    assert 2 * steps * mean / grid <= losses.MOST_OF_ALL


def test_more_steps_cost_more_and_more_noise_less() -> None:
    base = {"rate": 0.05, "noise": 2.0, "steps": 100, "delta": 1e-5}
    assert epsilon(**base) < epsilon(**base | {"steps": 200})  # type: ignore[arg-type]
    assert epsilon(**base) > epsilon(**base | {"noise": 3.0})  # type: ignore[arg-type]
    assert epsilon(**base | {"steps": 0}) == 0  # type: ignore[arg-type]


def test_the_noise_asked_for_keeps_the_budget_and_hardly_more() -> None:
    plan = {"rate": 0.07, "steps": 500, "delta": 1e-5}
    noise = noise_for(epsilon=10.0, **plan)  # type: ignore[arg-type]
    assert 9.98 < epsilon(noise=noise, **plan) <= 10  # type: ignore[arg-type]
