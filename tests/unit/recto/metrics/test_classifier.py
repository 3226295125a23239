"""The Inception Score in cases that have an answer."""

import numpy as np
import pytest

from rectoverso.recto.metrics.classifier import inception_score, score_of


def test_sure_and_even_answers_score_the_number_of_classes() -> None:
    assert score_of(np.eye(4, dtype=np.float32)[np.arange(40) % 4]) == pytest.approx(4)


def test_pictures_of_one_class_or_of_no_class_score_one() -> None:
    assert score_of(np.eye(4, dtype=np.float32)[np.zeros(40, int)]) == pytest.approx(1)
    assert score_of(np.full((40, 4), 0.25, np.float32)) == pytest.approx(1)


def test_two_uneven_answers_by_hand() -> None:
    p = np.array([[0.9, 0.1], [0.2, 0.8]])
    q = np.array([0.55, 0.45])
    expected = np.exp(np.mean([(row * np.log(row / q)).sum() for row in p]))
    assert score_of(p.astype(np.float32)) == pytest.approx(expected, rel=1e-6)


def test_the_score_is_the_mean_of_ten_parts() -> None:
    p = np.random.default_rng(0).dirichlet(np.full(5, 0.2), 200).astype(np.float32)
    parts = [score_of(part) for part in np.split(p, 10)]
    estimate = inception_score(p)
    assert estimate.value == pytest.approx(np.mean(parts))
    assert estimate.low < estimate.value < estimate.high
