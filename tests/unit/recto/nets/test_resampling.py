"""Folded doubling and halving equal the two steps they stand for."""

import torch
import torch.nn.functional as F

from rectoverso.recto.nets.resampling import doubled, halved, larger, smaller

X, W, B = torch.randn(2, 3, 6, 8), torch.randn(5, 3, 3, 3), torch.randn(5)


def test_doubling_equals_nearest_neighbour_and_then_the_convolution() -> None:
    slow = F.conv2d(F.interpolate(X, scale_factor=2, mode="nearest"), W, B, padding=1)
    torch.testing.assert_close(doubled(X, W, B), slow, rtol=1e-4, atol=1e-4)


def test_halving_equals_the_convolution_and_then_the_mean_of_squares() -> None:
    slow = F.avg_pool2d(F.conv2d(X, W, B, padding=1), 2)
    torch.testing.assert_close(halved(X, W, B), slow, rtol=1e-4, atol=1e-4)


def test_making_larger_and_then_smaller_changes_nothing() -> None:
    torch.testing.assert_close(smaller(larger(X)), X)
