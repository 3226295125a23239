"""The penalties against slopes that are known."""

import pytest
import torch
from torch import Tensor

from rectoverso.recto.train.penalties import finite_difference_penalty, gradient_penalty


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
