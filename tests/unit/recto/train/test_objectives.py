"""The objectives against sums done by hand."""

import math

import pytest
import torch

from rectoverso.recto.train.objectives import OBJECTIVES

REAL, FAKE = torch.tensor([2.0, 0.0]), torch.tensor([-1.0, 3.0])


def log_sigmoid(x: float) -> float:
    return -math.log1p(math.exp(-x))


def test_nonsaturating_is_binary_cross_entropy_on_logits() -> None:
    critic, generator = OBJECTIVES["nonsaturating"]
    by_hand = -(log_sigmoid(2) + log_sigmoid(0)) / 2 - (log_sigmoid(1) + log_sigmoid(-3)) / 2
    assert critic(REAL, FAKE).item() == pytest.approx(by_hand)
    assert generator(REAL, FAKE).item() == pytest.approx(-(log_sigmoid(-1) + log_sigmoid(3)) / 2)


def test_relativistic_compares_each_pair() -> None:
    critic, generator = OBJECTIVES["relativistic"]
    assert critic(REAL, FAKE).item() == pytest.approx(-(log_sigmoid(3) + log_sigmoid(-3)) / 2)
    assert generator(REAL, FAKE).item() == pytest.approx(-(log_sigmoid(-3) + log_sigmoid(3)) / 2)


def test_hinge_stops_caring_beyond_its_margin() -> None:
    critic, generator = OBJECTIVES["hinge"]
    assert critic(REAL, FAKE).item() == pytest.approx((0 + 1) / 2 + (0 + 4) / 2)
    assert generator(REAL, FAKE).item() == pytest.approx(-1)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_players_pull_the_fake_logits_in_opposite_directions(name: str) -> None:
    fake = torch.full((3,), 0.5, requires_grad=True)  # between the two answers that least squares wants
    slopes = [torch.autograd.grad(side(torch.zeros(3), fake), fake)[0] for side in OBJECTIVES[name]]
    assert (slopes[0] > 0).all()
    assert (slopes[1] < 0).all()


def test_huge_logits_stay_finite() -> None:
    huge = torch.tensor([1e4])
    assert all(torch.isfinite(side(-huge, huge)) for sides in OBJECTIVES.values() for side in sides)


def test_minimax_is_one_value_for_both() -> None:
    critic, generator = OBJECTIVES["minimax"]
    assert critic is OBJECTIVES["nonsaturating"][0]
    # the generator's side: the mean of log(1 - D(fake)), which is log sigmoid(-logit)
    assert generator(REAL, FAKE).item() == pytest.approx((log_sigmoid(1) + log_sigmoid(-3)) / 2)


def test_wasserstein_is_the_difference_of_means() -> None:
    critic, generator = OBJECTIVES["wasserstein"]
    assert critic(REAL, FAKE).item() == pytest.approx(1 - 1)
    assert critic(REAL, FAKE + 2).item() == pytest.approx(3 - 1)
    assert generator(REAL, FAKE).item() == pytest.approx(-1)
