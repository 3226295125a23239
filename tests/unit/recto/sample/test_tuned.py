"""Pivotal tuning meets a picture that no code draws, and leaves the run and the neighbourhood as they were."""

import numpy as np
import pytest
import torch

from rectoverso.recto.sample import tuned as module_of_tuned
from rectoverso.recto.sample.invert import Inverted, invert
from rectoverso.recto.sample.likeness import psnr_db
from rectoverso.recto.sample.painter import Painter
from rectoverso.recto.sample.tuned import neighbour, tuned
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Pixels

STEPS = 60


def foreign() -> Pixels:
    """A picture that no code of an untrained generator draws."""
    rows, columns = np.mgrid[0:16, 0:16]
    return np.stack([rows * 16, columns * 16, 255 - rows * 8], 2).astype(np.uint8)


def found(painter: Painter) -> Inverted:
    return invert(painter, foreign(), starts=2, steps=20)


@pytest.mark.parametrize(("kind", "gain_db"), [("plain", 3), ("styled", 0.5)])
def test_tuning_meets_a_picture_that_no_code_draws(
    kind: str, gain_db: float, request: pytest.FixtureRequest
) -> None:
    painter = request.getfixturevalue(kind)
    pivot = found(painter)
    nearer = tuned(painter, pivot.code, foreign(), steps=STEPS)
    assert nearer.psnr_db > pivot.psnr_db + gain_db
    np.testing.assert_array_equal(nearer.picture, nearer.painter.paint(pivot.code))


def test_the_run_stays_as_it_is_and_the_same_question_has_the_same_answer(plain: Painter) -> None:
    pivot = found(plain)
    before = {name: value.clone() for name, value in plain.module.state_dict().items()}
    one, same, other = (tuned(plain, pivot.code, foreign(), seed=seed, steps=6) for seed in (0, 0, 1))
    assert all(torch.equal(value, before[name]) for name, value in plain.module.state_dict().items())
    assert one.weights() == same.weights() != other.weights()
    assert not any(p.requires_grad for p in one.painter.module.parameters())


def test_what_codes_near_by_draw_is_kept(plain: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
    pivot = found(plain)
    near = [neighbour(plain, pivot.code, Streams(9), step) for step in range(8)]

    def kept(locality: float) -> float:
        monkeypatch.setattr(module_of_tuned, "LOCALITY", locality)
        painter = tuned(plain, pivot.code, foreign(), steps=STEPS).painter
        return float(np.mean([psnr_db(plain.paint(code), painter.paint(code)) for code in near]))

    assert kept(1.0) > kept(0.0) + 1
