"""The audit finds every mistake that is planted in the engine, and none in the engine."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
import torch

from rectoverso.recto.privacy.audit import chance_of, least_epsilon
from rectoverso.recto.privacy.canaries import Canaries
from rectoverso.recto.privacy.engine import CUTS, Mechanism
from rectoverso.recto.privacy.secret import Secret

NOISE, RATE, STEPS, DELTA = 2.0, 0.05, 120, 1e-5
BATCH = 50
RIGHT = Canaries(lambda _: Mechanism(1.0, NOISE, BATCH), RATE, STEPS, canaries=600)


class Unclipped(Mechanism):
    def cut(self, slope_ND: torch.Tensor) -> torch.Tensor:
        return (slope_ND * (CUTS / self.clip)).trunc_()


def shuffled(_: Secret, step: int, count: int) -> np.ndarray:
    """Each pass over the data in an order of its own, cut into batches."""
    batches = round(1 / RATE)
    order = np.random.default_rng(step // batches).permutation(count)
    return np.array_split(order, batches)[step % batches]


PLANTED = {
    "quarter of the noise": dataclasses.replace(RIGHT, mechanism=lambda _: Mechanism(1.0, NOISE / 4, BATCH)),
    "no clipping": dataclasses.replace(RIGHT, mechanism=lambda _: Unclipped(1.0, NOISE, BATCH)),
    "shuffled batches": dataclasses.replace(RIGHT, taking=shuffled),
    "divided by the data's size": dataclasses.replace(
        RIGHT, mechanism=lambda count: Mechanism(1.0, NOISE, max(1, round(100 * count * RATE)))
    ),
}
FOUND = {
    "quarter of the noise": "tells more than claimed",
    "no clipping": "tells more than claimed",
    "shuffled batches": "batches are not taken by chance",
    "divided by the data's size": "tells how many pictures there are",
}


@cache
def claimed() -> float:
    return RIGHT.claimed(DELTA)


def test_the_engine_passes_at_a_claim_below_two() -> None:
    assert 1 < claimed() < 2
    assert RIGHT.verdict(delta=DELTA, claimed=claimed()).faults == ()


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_found(mistake: str) -> None:
    assert PLANTED[mistake].verdict(delta=DELTA, claimed=claimed()).faults == (FOUND[mistake],)


def test_guesses_of_randomised_response_prove_no_more_than_its_epsilon() -> None:
    """Each coin told rightly with e / (1 + e): the bound must stay below 1, and nearly always."""
    rng = np.random.default_rng(0)
    right_T = rng.binomial(200, np.e / (1 + np.e), size=100)
    assert sum(least_epsilon(int(right), 200, 200, 0.0, 0.05) > 1 for right in right_T) <= 10


def test_all_right_of_few_guesses_proves_little_and_delta_makes_it_less() -> None:
    assert chance_of(10, 10, 10, 0.0, 0.0) == pytest.approx(2**-10)
    assert chance_of(10, 10, 10, 0.0, 1e-3) > chance_of(10, 10, 10, 0.0, 0.0)
    assert least_epsilon(5, 10, 10, 0.0, 0.05) == 0.0
