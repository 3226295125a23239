"""PSNR and SSIM have the values of their definitions."""

import math

import numpy as np
import pytest

from rectoverso.recto.sample.likeness import psnr_db, ssim


def test_equal_pictures_are_wholly_alike() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    assert psnr_db(picture, picture) == math.inf
    assert ssim(picture, picture) == pytest.approx(1)


def test_one_level_everywhere_is_48_decibels() -> None:
    grey = np.full((16, 16, 1), 100, np.uint8)
    assert psnr_db(grey, grey + 1) == pytest.approx(20 * math.log10(255))


def test_flat_pictures_differ_by_their_mean_alone() -> None:
    """Without variance SSIM is (2 a b + C1) / (a^2 + b^2 + C1)."""
    a, b = np.full((16, 16, 1), 100, np.uint8), np.full((16, 16, 1), 120, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(a, b) == pytest.approx((2 * 100 * 120 + c1) / (100**2 + 120**2 + c1))


def test_ssim_is_the_formula_of_the_paper_at_each_window() -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.integers(0, 256, (13, 12, 1), np.uint8) for _ in range(2))
    line = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights = np.outer(line, line) / line.sum() ** 2
    values = []
    for top, left in np.ndindex(3, 2):
        x, y = (one[top : top + 11, left : left + 11, 0].astype(float) for one in (a, b))
        mx, my = (weights * x).sum(), (weights * y).sum()
        vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
        both = (weights * (x - mx) * (y - my)).sum()
        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        values.append((2 * mx * my + c1) * (2 * both + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    assert ssim(a, b) == pytest.approx(np.mean(values))


def test_a_picture_smaller_than_the_window_is_still_compared() -> None:
    a = np.random.default_rng(2).integers(0, 256, (8, 8, 3), np.uint8)
    assert ssim(a, 255 - a) < ssim(a, a)
