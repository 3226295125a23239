"""A player that learns in its own part of a run."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rectoverso.recto.nets.transformer import Transformer
from rectoverso.recto.systems.recipe import Adam
from rectoverso.recto.systems.staged import Careful, StagedPlayer, matrices_of
from rectoverso.recto.train.checkpoint import gather


def player(**careful: float) -> StagedPlayer:
    torch.manual_seed(0)
    adam = Adam(0.1, 0.0, beta1=0.0, beta2=0.9)
    return StagedPlayer("p", nn.Linear(2, 2), adam, careful=Careful(**careful), begins=0.5, ends=1.0)  # type: ignore[arg-type]


def rates(one: StagedPlayer, moments: tuple[float, ...]) -> list[float]:
    found = []
    for progress in moments:
        one.module(torch.ones(1, 2)).sum().backward()
        one.step(progress)
        found.append(one.optimiser.param_groups[0]["lr"])
    return found


def test_its_rate_falls_within_its_own_part() -> None:
    assert rates(player(), (0.5, 0.75, 1.0)) == pytest.approx([0.1, 0.05, 0.0])


def test_its_rate_rises_over_its_first_steps() -> None:
    assert rates(player(warm_up=4), (0.5,) * 5) == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1])


def test_only_matrices_decay() -> None:
    one = player(decay=0.5)
    before = {name: value.clone() for name, value in one.module.named_parameters()}
    for value in one.module.parameters():
        value.grad = torch.zeros_like(value)
    one.step(0.5)
    after = dict(one.module.named_parameters())
    assert torch.allclose(after["weight"], before["weight"] * (1 - 0.1 * 0.5))
    assert torch.equal(after["bias"], before["bias"])


def test_matrices_of_a_transformer_move_by_muon_and_are_remembered() -> None:
    torch.manual_seed(0)
    adam = Adam(0.1, 0.0, beta1=0.0, beta2=0.9)
    one = StagedPlayer("p", Transformer(8, 2, causal=True), adam, careful=Careful(warm_up=3))
    one.module(torch.ones(1, 3, 8).cumsum(1)).square().sum().backward()
    one.step(0.5)
    inner = {id(matrix) for matrix in matrices_of(one.module)}
    assert len(inner) == 8
    told = gather([one])
    assert sum(name.endswith(".momentum") for name in told) == 8
    assert one.steps == 1
