"""Folded doubling and halving equal the two steps they stand for."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rectoverso.recto.nets.resampling import (
    begun_alike,
    blurred,
    doubled,
    doubled_smoothly,
    halved,
    larger,
    smaller,
    smooth_over,
)

X, W, B = torch.randn(2, 3, 6, 8), torch.randn(5, 3, 3, 3), torch.randn(5)


def test_doubling_equals_nearest_neighbour_and_then_the_convolution() -> None:
    slow = F.conv2d(F.interpolate(X, scale_factor=2, mode="nearest"), W, B, padding=1)
    torch.testing.assert_close(doubled(X, W, B), slow, rtol=1e-4, atol=1e-4)


def test_smooth_doubling_equals_blurring_in_between() -> None:
    middle = (
        slice(None),
        slice(None),
        slice(2, -2),
        slice(2, -2),
    )  # around the rim the zeros come in at other places
    slow = F.conv2d(blurred(larger(X)), W, B, padding=1)
    torch.testing.assert_close(doubled_smoothly(X, W, B)[middle], slow[middle], rtol=1e-4, atol=1e-4)


def test_halving_equals_the_convolution_and_then_the_mean_of_squares() -> None:
    slow = F.avg_pool2d(F.conv2d(X, W, B, padding=1), 2)
    torch.testing.assert_close(halved(X, W, B), slow, rtol=1e-4, atol=1e-4)


def test_making_larger_and_then_smaller_changes_nothing() -> None:
    torch.testing.assert_close(smaller(larger(X)), X)


@pytest.mark.parametrize("sides", [(16, 16), (13, 21), (1, 7)])
def test_holes_are_filled_smoothly_and_the_rest_stays(sides: tuple[int, int]) -> None:
    x_1CHW = torch.full((1, 3, *sides), 0.3)
    hole_11HW = torch.zeros(1, 1, *sides)
    hole_11HW[..., 2:6] = 1
    broken = torch.where(hole_11HW > 0, torch.tensor(9.0), x_1CHW)
    assert torch.allclose(smooth_over(broken, hole_11HW), x_1CHW, atol=1e-5), (
        "what a hole shows is not looked at"
    )


def test_a_hole_between_two_colours_goes_from_one_to_the_other() -> None:
    x_11HW = torch.cat([torch.zeros(1, 1, 8, 12), torch.ones(1, 1, 8, 12)], 3)
    hole_11HW = torch.zeros_like(x_11HW)
    hole_11HW[..., 8:16] = 1
    row_W = smooth_over(x_11HW, hole_11HW)[0, 0, 4]
    assert (row_W.diff() >= -1e-6).all()
    assert row_W[8] < 0.3 < 0.7 < row_W[15]


def test_squares_of_pixels_begin_alike() -> None:
    conv = begun_alike(nn.Conv2d(5, 3 * 4, 3), 2)
    picture = F.pixel_shuffle(conv(torch.randn(2, 5, 6, 6)), 2)
    assert torch.equal(picture, larger(smaller(picture)))
