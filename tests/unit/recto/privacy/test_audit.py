"""The audit finds every mistake that is planted in the engine, and none in the engine."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
import torch

from rectoverso.recto.privacy.audit import chance_of, least_epsilon
from rectoverso.recto.privacy.canaries import SILENT, Canaries
from rectoverso.recto.privacy.engine import CUTS, Mechanism
from rectoverso.recto.privacy.secret import Secret

NOISE, RATE, STEPS, DELTA = 2.0, 0.05, 120, 1e-5
BATCH = 50
RIGHT = Canaries(lambda _: Mechanism(1.0, NOISE, BATCH), RATE, STEPS, canaries=600)


class Unclipped(Mechanism):
    def cut(self, slope_ND: torch.Tensor) -> torch.Tensor:
        return (slope_ND * (CUTS / self.clip)).trunc_()


class ByLayer(Mechanism):
    """Each layer is clipped by itself, and only one of them is accounted for."""

    def cut(self, slope_ND: torch.Tensor) -> torch.Tensor:
        clip = super().cut
        return torch.cat([clip(slope_ND[:, :-SILENT]), clip(slope_ND[:, -SILENT:])], dim=1)


class NoisedFirst(Mechanism):
    """Each picture's noise is put on before the clip, which then makes it small."""

    def cut(self, slope_ND: torch.Tensor) -> torch.Tensor:
        noise_ND = torch.randn(slope_ND.shape, generator=torch.Generator().manual_seed(1))
        return super().cut(slope_ND + NOISE * noise_ND)

    def noised(self, sum_D: torch.Tensor, _secret: Secret, _step: int) -> torch.Tensor:
        return sum_D


class SameEachStep(Mechanism):
    def noised(self, sum_D: torch.Tensor, secret: Secret, _step: int) -> torch.Tensor:
        return sum_D + super().noised(torch.zeros_like(sum_D), secret, 0)


class SameForAll(Mechanism):
    """One number for all parameters of a step."""

    def noised(self, sum_D: torch.Tensor, secret: Secret, step: int) -> torch.Tensor:
        return sum_D + super().noised(sum_D[:1], secret, step)


def of_one_size(_: Secret, step: int, count: int) -> np.ndarray:
    """Without replacement: every picture as likely as any other, but always as many."""
    return np.random.default_rng(step).choice(count, round(count * RATE), replace=False)


def in_blocks(_: Secret, step: int, count: int) -> np.ndarray:
    """Ten neighbours come together or not at all."""
    taken = np.random.default_rng(step).random(-(-count // 10)) < RATE
    return np.flatnonzero(np.repeat(taken, 10)[:count])


def some_more_often(_: Secret, step: int, count: int) -> np.ndarray:
    """A weighted sampler: half of the pictures come three times as often as the others."""
    chance = np.where(np.arange(count) < count // 2, 1.5, 0.5) * RATE
    return np.flatnonzero(np.random.default_rng(step).random(count) < chance)


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
PLANTED |= {
    name: dataclasses.replace(RIGHT, mechanism=lambda _, kind=kind: kind(1.0, NOISE, BATCH))
    for name, kind in {
        "each layer clipped by itself": ByLayer,
        "noise before the clip": NoisedFirst,
        "the same noise each step": SameEachStep,
        "the same noise for all parameters": SameForAll,
    }.items()
} | {
    name: dataclasses.replace(RIGHT, taking=taking)
    for name, taking in {
        "batches of one size": of_one_size,
        "blocks": in_blocks,
        "weighted": some_more_often,
    }.items()
}
FOUND = {
    "quarter of the noise": "tells more than claimed",
    "no clipping": "tells more than claimed",
    "shuffled batches": "batches are not taken by chance",
    "divided by the data's size": "tells how many pictures there are",
    "each layer clipped by itself": "a picture adds more than the clip",
    "noise before the clip": "noise is not what is claimed",
    "the same noise each step": "noise is not what is claimed",
    "the same noise for all parameters": "noise is not what is claimed",
    "batches of one size": "batches are not taken by chance",
    "blocks": "batches are not taken by chance",
    "weighted": "batches are not taken by chance",
}


@cache
def claimed() -> float:
    return RIGHT.claimed(DELTA)


def test_the_engine_passes_at_a_claim_below_two() -> None:
    assert 1 < claimed() < 2
    assert RIGHT.verdict(delta=DELTA, claimed=claimed()).faults == ()


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_found(mistake: str) -> None:
    assert FOUND[mistake] in PLANTED[mistake].verdict(delta=DELTA, claimed=claimed()).faults


def test_guesses_of_randomised_response_prove_no_more_than_its_epsilon() -> None:
    """Each coin told rightly with e / (1 + e): the bound must stay below 1, and nearly always."""
    rng = np.random.default_rng(0)
    right_T = rng.binomial(200, np.e / (1 + np.e), size=100)
    assert sum(least_epsilon(int(right), 200, 200, 0.0, 0.05) > 1 for right in right_T) <= 10


def test_all_right_of_few_guesses_proves_little_and_delta_makes_it_less() -> None:
    assert chance_of(10, 10, 10, 0.0, 0.0) == pytest.approx(2**-10)
    assert chance_of(10, 10, 10, 0.0, 1e-3) > chance_of(10, 10, 10, 0.0, 0.0)
    assert least_epsilon(5, 10, 10, 0.0, 0.05) == 0.0
