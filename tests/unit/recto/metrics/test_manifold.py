"""Precision, recall, density and coverage against their definitions, written out."""

import numpy as np
import pytest

from rectoverso.recto.metrics import manifold
from rectoverso.recto.metrics.manifold import manifold_scores


def by_hand(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """Straight from the papers: every distance, one at a time."""
    apart = lambda a, b: np.linalg.norm(a[:, None].astype(np.float64) - b[None], axis=2)  # noqa: E731
    radius = lambda x, k: np.sort(apart(x, x), axis=1)[:, k]  # noqa: E731 - place 0 is the point itself
    across = apart(fake, real)
    return {
        "precision": (across <= radius(real, 3)).any(1).mean(),
        "recall": (radius(fake, 3) >= across.T).any(1).mean(),
        "density": (across < radius(real, 5)).sum(1).mean() / 5,
        "coverage": (across.min(0) < radius(real, 5)).mean(),
    }


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (1.5, 1.0), (0.0, 0.3), (0.0, 2.5)])
def test_they_are_what_the_papers_define(shift: float, scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifold, "BLOCK", 37)  # several blocks, the last one short
    rng = np.random.default_rng(0)
    real = rng.normal(size=(120, 4)).astype(np.float32)
    fake = (rng.normal(size=(150, 4)) * scale + shift).astype(np.float32)
    scores, expected = manifold_scores(real, fake), by_hand(real, fake)
    assert {name: estimate.value for name, estimate in scores.items()} == pytest.approx(expected, abs=1e-9)
    assert 0 < expected["density"] < 5


def test_a_narrow_generator_is_precise_and_forgets() -> None:
    rng = np.random.default_rng(1)
    real = rng.normal(size=(500, 2)).astype(np.float32)
    scores = manifold_scores(real, (0.05 * rng.normal(size=(500, 2))).astype(np.float32))
    assert scores["precision"].value == 1.0
    assert scores["recall"].value < 0.1
    assert scores["coverage"].value < 0.1


def test_far_pictures_have_none_of_them() -> None:
    rng = np.random.default_rng(2)
    real = rng.normal(size=(50, 3)).astype(np.float32)
    assert all(score.value == 0 for score in manifold_scores(real, real + 100).values())


def test_the_interval_is_that_of_a_share() -> None:
    rng = np.random.default_rng(3)
    real, fake = rng.normal(size=(2, 400, 3)).astype(np.float32)
    precision = manifold_scores(real, fake)["precision"]
    share = precision.value
    assert precision.high - share == pytest.approx(1.96 * (share * (1 - share) / 399) ** 0.5, rel=1e-6)


def test_too_few_samples_have_no_neighbours() -> None:
    with pytest.raises(ValueError, match="more than 5"):
        manifold_scores(np.zeros((5, 2), np.float32), np.zeros((9, 2), np.float32))
