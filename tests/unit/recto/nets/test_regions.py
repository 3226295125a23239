"""Masks as networks take them, with and without instances."""

from __future__ import annotations

import torch

from rectoverso.recto.nets.regions import (
    boundaries,
    classes_of,
    instances_of,
    laid_out,
    largest_pieces,
    piece_means,
    planes_of,
    region_means,
)

CARS = torch.tensor([[[0, 0, 0, 0], [2000, 2000, 2001, 2001]], [[1, 1, 1, 1], [2000, 2000, 2000, 1]]])
"""Two pictures: two cars (class 2) side by side, and one beside a house (class 1)."""


def test_a_class_and_an_instance_stand_in_one_number() -> None:
    assert classes_of(CARS)[0, 1].tolist() == [2, 2, 2, 2]
    assert instances_of(CARS)[0].tolist() == [[0, 0, 0, 0], [1, 1, 2, 2]]
    assert planes_of(CARS, 3)[0, 2].tolist() == [[0, 0, 0, 0], [1, 1, 1, 1]]


def test_cars_that_touch_have_a_boundary() -> None:
    assert boundaries(CARS)[0, 0, 1].tolist() == [1, 1, 1, 1]
    assert boundaries(classes_of(CARS)[:, 1:])[0, 0].tolist() == [[0, 0, 0, 0]]


def test_each_instance_has_a_mean_of_its_own() -> None:
    x_NCHW = torch.arange(16.0).view(2, 1, 2, 4)
    told = piece_means(x_NCHW, CARS, 3)
    assert told[0, 0].tolist() == [[1.5] * 4, [4.5, 4.5, 6.5, 6.5]]
    assert told[1, 0, 1, :3].tolist() == [13.0] * 3, "of its own picture alone"


def test_without_instances_all_of_a_class_is_one_piece() -> None:
    mask_NHW, x_NCHW = classes_of(CARS), torch.randn(2, 3, 2, 4)
    hot_NKHW = planes_of(mask_NHW, 3)
    by_class = laid_out(region_means(x_NCHW, hot_NKHW), hot_NKHW)
    assert torch.equal(piece_means(x_NCHW, mask_NHW, 3), by_class)
    alone = mask_NHW * 1000  # each class one instance, told as such
    assert torch.allclose(piece_means(x_NCHW, alone, 3), by_class, atol=1e-6)


def test_what_is_learnt_from_a_piece_reaches_its_pixels() -> None:
    x_NCHW = torch.zeros(2, 1, 2, 4, requires_grad=True)
    piece_means(x_NCHW, CARS, 3)[0, 0, 1, 0].backward()  # type: ignore[no-untyped-call]
    assert x_NCHW.grad is not None
    assert x_NCHW.grad[0, 0].tolist() == [[0, 0, 0, 0], [0.5, 0.5, 0, 0]]


def test_the_largest_instance_speaks_for_its_class() -> None:
    assert largest_pieces(CARS)[1].all(), "one car alone, and no house apart from another"
    mask_NHW = torch.tensor([[[2000, 2001, 2001], [3004, 1, 3004]]])
    assert largest_pieces(mask_NHW).tolist() == [[[False, True, True], [True, True, True]]]
