"""Bytes to tensors and back."""

from __future__ import annotations

import numpy as np
import torch

from rectoverso.recto.data.pixels import to_pixels, to_tensor


def every_level(channels: int = 3) -> np.ndarray:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    return np.concatenate([np.roll(levels, shift, axis=1) for shift in range(channels)], axis=3)


def test_every_level_survives_the_way_there_and_back():
    images = every_level()
    np.testing.assert_array_equal(to_pixels(to_tensor(images)), images)


def test_the_nets_see_float_nchw_between_minus_one_and_one():
    x = to_tensor(every_level())
    assert x.dtype == torch.float32
    assert x.shape == (1, 3, 16, 16)
    assert x.is_contiguous()
    assert (x.min().item(), x.max().item()) == (-1.0, 1.0)


def test_rows_stay_rows_and_channels_stay_channels():
    images = np.zeros((1, 4, 5, 3), np.uint8)
    images[0, 1, 2, 0] = 255
    assert to_tensor(images)[0, 0, 1, 2] == 1


def test_values_outside_are_clamped_and_the_nearest_level_is_taken():
    x = torch.tensor([-9.0, 9.0, 0.4 / 127.5 - 1, 0.6 / 127.5 - 1]).reshape(1, 1, 2, 2)
    assert to_pixels(x).ravel().tolist() == [0, 255, 0, 1]


def test_a_tensor_shares_no_memory_with_its_pictures():
    images = every_level()
    to_tensor(images).fill_(7)
    np.testing.assert_array_equal(images, every_level())


def test_pictures_that_must_not_change_can_be_read():
    images = every_level()
    images.flags.writeable = False
    assert to_tensor(images).shape == (1, 3, 16, 16)


def test_a_tensor_that_still_learns_becomes_pixels():
    x = torch.zeros(2, 1, 8, 8, requires_grad=True)
    assert (to_pixels(x) == 128).all()
    assert to_pixels(x.to(torch.bfloat16)).shape == (2, 8, 8, 1)


def test_alpha_comes_back_with_the_colours_that_show() -> None:
    """Every alpha with many colours: what shows comes back to the level, what is invisible comes back black."""
    images = np.random.default_rng(1).integers(0, 256, (3, 16, 16, 4), dtype=np.uint8)
    images[0, ..., 3] = np.arange(256).reshape(16, 16)
    expected = np.where(images[..., 3:] > 0, images, 0)
    np.testing.assert_array_equal(to_pixels(to_tensor(images)), expected)


def test_the_nets_see_nothing_of_a_hidden_colour() -> None:
    green, red = (np.full((1, 2, 3, 4), colour, np.uint8) for colour in ([0, 255, 0, 0], [255, 0, 0, 0]))
    assert torch.equal(to_tensor(green), to_tensor(red))
    assert (to_tensor(green) == -1).all()
    half = to_tensor(np.full((1, 1, 1, 4), [255, 0, 255, 51], np.uint8)).flatten()
    torch.testing.assert_close(half, torch.tensor([-0.6, -1.0, -0.6, -0.6]))


def test_colours_brighter_than_their_alpha_and_levels_out_of_range_are_clamped() -> None:
    x = torch.tensor([[1.5, 0.0, -2.0, 0.0], [1.0, 1.0, 1.0, -1.2], [0.5, 0.5, 0.5, 1.5]]).view(3, 4, 1, 1)
    assert to_pixels(x).reshape(3, 4).tolist() == [[255, 255, 0, 128], [0, 0, 0, 0], [191, 191, 191, 255]]
