"""Equalised layers, pixel norm, and the deviation within groups."""

import pytest
import torch

from rectoverso.recto.nets.equalised import EqualConv2d, EqualLinear, pixel_norm, with_group_deviation


def test_weights_are_standard_normal_and_scaled_when_used() -> None:
    layer = EqualConv2d(64, 32)
    assert layer.weight.std().item() == pytest.approx(1, rel=0.05)
    assert layer.scale == pytest.approx((2 / (64 * 9)) ** 0.5)
    linear = EqualLinear(1000, 50, gain=1)
    assert linear(torch.randn(200, 1000)).std().item() == pytest.approx(1, rel=0.1)


def test_pixel_norm_leaves_a_mean_square_of_one_in_every_pixel() -> None:
    x = pixel_norm(5 * torch.randn(2, 16, 3, 4))
    torch.testing.assert_close(x.square().mean(1), torch.ones(2, 3, 4))


def test_the_deviation_is_that_of_the_group_by_hand() -> None:
    x = torch.tensor([0.0, 2.0, 7.0, 7.0, 1.0, 1.0, 1.0, 5.0]).view(8, 1, 1, 1).expand(8, 2, 3, 3)
    added = with_group_deviation(x, 2)
    assert added.shape == (8, 3, 3, 3)
    expected = torch.tensor([1.0, 1, 0, 0, 0, 0, 2, 2]).view(8, 1, 1).expand(8, 3, 3)
    torch.testing.assert_close(added[:, 2], expected, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(added[:, :2], x)


@pytest.mark.parametrize("count", [2, 4, 12, 14, 64])
def test_real_and_generated_halves_never_share_a_group(count: int) -> None:
    x = torch.cat([torch.zeros(count // 2, 1, 1, 1), torch.ones(count // 2, 1, 1, 1)])
    assert with_group_deviation(x, 4, sides=2)[:, 1].max() < 1e-3
