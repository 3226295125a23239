"""The Frechet distance against closed forms."""

import numpy as np
import pytest
import torch

from rectoverso.recto.metrics.frechet import Gaussian, distance, distance_to, frechet_distance


def gaussian(mean: np.ndarray, covariance: np.ndarray) -> Gaussian:
    return Gaussian(torch.from_numpy(mean), torch.from_numpy(covariance))


def test_independent_features_give_the_closed_form() -> None:
    """Where covariances are diagonal the distance is the sum over features of (m - n)^2 + (s - t)^2."""
    one = gaussian(np.array([0.0, 1.0, -2.0]), np.diag([1.0, 4.0, 9.0]))
    other = gaussian(np.array([1.0, 1.0, 0.0]), np.diag([4.0, 4.0, 0.25]))
    assert distance(one, other) == pytest.approx(1 + 0 + 4 + 1 + 0 + 2.5**2, rel=1e-12)


def test_turning_both_sets_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    one = gaussian(turn @ np.array([0.0, 1.0, -2.0]), turn @ np.diag([1.0, 4.0, 9.0]) @ turn.T)
    other = gaussian(turn @ np.array([1.0, 1.0, 0.0]), turn @ np.diag([4.0, 4.0, 0.25]) @ turn.T)
    assert distance(one, other) == pytest.approx(12.25, rel=1e-9)


def test_a_singular_covariance_has_a_distance_too() -> None:
    flat = gaussian(np.zeros(2), np.diag([4.0, 0.0]))
    assert distance(flat, gaussian(np.zeros(2), np.eye(2))) == pytest.approx(1 + 1)


def test_mean_and_covariance_are_those_of_numpy_and_counts_repeat_samples() -> None:
    x = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)
    times = np.random.default_rng(2).integers(0, 3, 50)
    np.testing.assert_allclose(Gaussian.of(x).covariance_FF, np.cov(x, rowvar=False), rtol=1e-5)
    repeated = Gaussian.of(np.repeat(x, times, axis=0))
    counted = Gaussian.of(x, times.astype(np.float64))
    np.testing.assert_allclose(counted.mean_F, repeated.mean_F, rtol=1e-9)
    np.testing.assert_allclose(counted.covariance_FF, repeated.covariance_FF, rtol=1e-6)


def test_fewer_samples_than_features_take_a_shorter_way_to_the_same_distance() -> None:
    rng = np.random.default_rng(6)
    real = Gaussian.of(rng.normal(size=(100, 20)).astype(np.float32))
    fake, times = rng.normal(0.2, 2, (12, 20)).astype(np.float32), rng.integers(0, 3, 12).astype(np.float64)
    for counted in (None, times):
        assert distance_to(real, fake, counted) == pytest.approx(
            distance(real, Gaussian.of(fake, counted)), rel=1e-6
        )


def test_samples_of_two_gaussians_are_as_far_apart_as_the_gaussians() -> None:
    rng = np.random.default_rng(3)
    real = rng.normal(size=(20_000, 3)).astype(np.float32)
    fake = (rng.normal(size=(20_000, 3)) * [1, 2, 1] + [1, 0, 0]).astype(np.float32)
    estimate = frechet_distance(Gaussian.of(real), fake)
    assert estimate.value == pytest.approx(2.0, rel=0.05)
    assert estimate.low < 2.0 < estimate.high


def test_nineteen_of_twenty_intervals_hold_the_distance() -> None:
    """Against a Gaussian that is known exactly, with so many samples that the bias is small beside the chance."""
    real = gaussian(np.zeros(2), np.eye(2))
    rng = np.random.default_rng(4)
    held = 0
    for trial in range(100):
        fake = (rng.normal(size=(1000, 2)) + np.array([0.5, 0])).astype(np.float32)
        estimate = frechet_distance(real, fake, seed=trial)
        held += estimate.low <= 0.25 <= estimate.high
    assert 85 <= held <= 100


def test_fewer_samples_look_farther_away() -> None:
    """The bias that the module tells of, so that nobody compares 500 samples with 10,000."""
    rng = np.random.default_rng(5)
    real, fake = gaussian(np.zeros(16), np.eye(16)), rng.normal(size=(5000, 16)).astype(np.float32)
    assert frechet_distance(real, fake[:200]).value > 5 * frechet_distance(real, fake).value


def test_one_sample_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="two"):
        Gaussian.of(np.zeros((1, 3), dtype=np.float32))
