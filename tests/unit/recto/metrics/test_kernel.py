"""KID against its definition, written out."""

import numpy as np
import pytest

from rectoverso.recto.metrics.kernel import discrepancy, kernel_distance


def by_hand(x: np.ndarray, y: np.ndarray) -> float:
    """Equation 4 of the paper, pair by pair."""
    count, width = x.shape
    k = lambda a, b: (float(np.dot(a.astype(np.float64), b)) / width + 1) ** 3  # noqa: E731
    within = sum(k(x[i], x[j]) + k(y[i], y[j]) for i in range(count) for j in range(count) if i != j)
    across = sum(k(a, b) for a in x for b in y)
    return within / (count * (count - 1)) - 2 * across / count**2


def test_it_is_the_sum_over_all_pairs() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 5)).astype(np.float32), rng.normal(0.3, 1, (12, 5)).astype(np.float32)
    assert discrepancy(x, y) == pytest.approx(by_hand(x, y), rel=1e-5)


def test_a_subset_of_everything_is_everything() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 5)).astype(np.float32), rng.normal(0.5, 1, (40, 5)).astype(np.float32)
    whole = kernel_distance(x, y, subset=40, subsets=3)
    assert whole.value == pytest.approx(by_hand(x, y), rel=1e-5)


def test_equal_sources_are_at_zero_whatever_the_number_of_samples() -> None:
    rng = np.random.default_rng(2)
    values = [
        kernel_distance(*rng.normal(size=(2, 100, 8)).astype(np.float32), seed=trial, subsets=20).value
        for trial in range(60)
    ]
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 4 * np.std(values) / 60**0.5


def test_the_interval_covers_zero_for_equal_sources_and_not_for_others() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for trial in range(40):
        x, y = rng.normal(size=(2, 300, 8)).astype(np.float32)
        estimate = kernel_distance(x, y, seed=trial, subsets=30)
        held += estimate.low <= 0 <= estimate.high
        assert kernel_distance(x, y + 1, seed=trial, subsets=30).low > 0
    assert held >= 34
