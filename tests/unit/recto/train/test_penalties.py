"""The penalties against slopes that are known."""

import pytest
import torch
from torch import Tensor

from rectoverso.recto.train.penalties import (
    between,
    drift,
    finite_difference_penalty,
    gradient_penalty,
    orthogonal,
    unit_slope_penalty,
)


def linear(x: Tensor) -> Tensor:
    """A critic of slope (3, 4) everywhere: squared norm 25."""
    return x.flatten(1) @ torch.tensor([3.0, 4.0])


def bowl(x: Tensor) -> Tensor:
    """A critic of slope 2x."""
    return x.flatten(1).square().sum(1)


def test_the_exact_penalty_is_the_mean_squared_norm_of_the_slope() -> None:
    x = torch.tensor([[1.0, 0.0], [2.0, 2.0]]).view(2, 1, 1, 2)
    assert gradient_penalty(linear, x).item() == pytest.approx(25)
    assert gradient_penalty(bowl, x).item() == pytest.approx((4 * 1 + 4 * 8) / 2)


def test_the_exact_penalty_can_be_minimised() -> None:
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    gradient_penalty(lambda x: x.flatten(1) @ weight, torch.ones(5, 1, 1, 2)).backward()
    torch.testing.assert_close(weight.grad, 2 * weight.detach())


def test_over_all_signs_the_finite_difference_is_exact_for_a_linear_critic() -> None:
    sign = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]).view(4, 1, 1, 2)
    x = torch.randn(4, 1, 1, 2)
    assert finite_difference_penalty(linear, x, sign, 0.05).item() == pytest.approx(25, rel=1e-4)


def test_from_both_sides_a_bowl_has_no_error_from_its_curvature() -> None:
    x = torch.tensor([[1.0, 0.0], [2.0, 2.0]]).view(2, 1, 1, 2).repeat(2, 1, 1, 1)
    sign = torch.tensor([[1.0, 1], [1, 1], [1, -1], [1, -1]]).view(4, 1, 1, 2)
    exact = gradient_penalty(bowl, x)
    assert finite_difference_penalty(bowl, x, sign, 0.5).item() == pytest.approx(exact.item(), rel=1e-5)


def test_for_a_curved_critic_it_comes_near_as_sigma_falls() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 1, 2, 8).expand(40_000, 1, 2, 8)
    sign = torch.randint(0, 2, x.shape) * 2.0 - 1
    exact = gradient_penalty(lambda y: y.sin().flatten(1).sum(1), x[:1])
    near = finite_difference_penalty(lambda y: y.sin().flatten(1).sum(1), x, sign, sigma=0.01)
    assert near.item() == pytest.approx(exact.item(), rel=0.03)


def test_the_unit_slope_penalty_is_the_squared_distance_of_the_norm_from_one() -> None:
    x = torch.tensor([[1.0, 0.0], [0.0, 3.0]]).view(2, 1, 1, 2)
    assert unit_slope_penalty(linear, x).item() == pytest.approx((5 - 1) ** 2)
    assert unit_slope_penalty(bowl, x).item() == pytest.approx(((2 - 1) ** 2 + (6 - 1) ** 2) / 2)


def test_a_critic_that_sees_nothing_is_pulled_towards_a_slope_with_finite_force() -> None:
    weight = torch.zeros(2, requires_grad=True)
    penalty = unit_slope_penalty(lambda x: x.flatten(1) @ weight, torch.ones(5, 1, 1, 2))
    penalty.backward()
    assert penalty.item() == pytest.approx(1, abs=1e-4)
    assert weight.grad is not None
    assert weight.grad.isfinite().all()


def test_each_point_between_lies_where_its_share_says() -> None:
    real, fake = torch.zeros(3, 1, 1, 2), torch.full((3, 1, 1, 2), 8.0)
    assert between(real, fake, torch.tensor([0.0, 0.25, 1.0]))[:, 0, 0, 0].tolist() == [0, 2, 8]


def test_drift_is_the_mean_squared_logit() -> None:
    assert drift(torch.tensor([3.0, -1.0])).item() == pytest.approx(5)


def test_orthogonal_counts_each_pair_of_filters_twice_and_no_filter_with_itself() -> None:
    assert orthogonal([torch.eye(3) * 7]).item() == 0
    w = torch.tensor([[1.0, 2.0], [3.0, 4.0]])  # the filters' product: 11
    assert orthogonal([w]).item() == pytest.approx(2 * 11**2)
    assert orthogonal([w.view(2, 1, 1, 2), w]).item() == pytest.approx(4 * 11**2)
