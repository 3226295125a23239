"""Matrices move by orthogonal steps, everything else as in AdamW."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from rectoverso.recto.train.muon import LIKE_ADAM, Muon, orthogonal


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 6, bias=False), nn.Linear(6, 4))


def moved(one: nn.Sequential, by: torch.optim.Optimizer, steps: int = 1) -> dict[str, Tensor]:
    for number in range(steps):
        by.zero_grad()
        one(torch.linspace(-1, 1 + number, 12).view(2, 6)).square().sum().backward()
        by.step()
    return {name: value.detach().clone() for name, value in one.named_parameters()}


def groups(one: nn.Sequential, decay: float = 0.0) -> list[dict[str, object]]:
    matrices = [p for p in one.parameters() if p.dim() == 2]
    others = [p for p in one.parameters() if p.dim() == 1]
    return [
        {"params": matrices, "orthogonal": True, "weight_decay": decay},
        {"params": others, "weight_decay": decay},
    ]


@pytest.mark.parametrize("sides", [(5, 3, 8), (5, 8, 3), (2, 16, 16)])
def test_singular_values_come_near_one_and_directions_stay(sides: tuple[int, ...]) -> None:
    x_LAB = torch.randn(sides, generator=torch.Generator().manual_seed(1))
    made_LAB = orthogonal(x_LAB)
    values = torch.linalg.svdvals(made_LAB)
    assert made_LAB.shape == x_LAB.shape
    assert values.min() > 0.5
    assert values.max() < 1.3
    u, _, vt = torch.linalg.svd(x_LAB, full_matrices=False)
    between = u.mT @ made_LAB @ vt.mT
    assert torch.allclose(
        between - torch.diag_embed(between.diagonal(dim1=1, dim2=2)), torch.zeros(()), atol=1e-4
    )


def test_a_matrix_moves_by_its_own_orthogonal_step() -> None:
    one = net()
    before = {name: value.detach().clone() for name, value in one.named_parameters()}
    after = moved(one, Muon(groups(one), lr=0.01))
    step = (before["1.weight"] - after["1.weight"]) / (0.01 * LIKE_ADAM * 6**0.5)
    values = torch.linalg.svdvals(step)
    # The gradient has the rank of the two pictures that it is from.
    assert values[1] > 0.5
    assert values[0] < 1.3


def test_everything_else_moves_as_adamw_moves_it() -> None:
    one, other = net(), net()
    mine = moved(one, Muon([{"params": one.parameters()}], lr=0.01, fused=True), 3)
    theirs = moved(other, torch.optim.AdamW(other.parameters(), lr=0.01, fused=True), 3)
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_matrices_decay() -> None:
    one, other = net(), net()
    plain = moved(one, Muon(groups(one), lr=0.01))
    before = dict(net().named_parameters())
    decayed = moved(other, Muon(groups(other, decay=0.5), lr=0.01))
    assert torch.allclose(plain["1.weight"] - decayed["1.weight"], 0.005 * before["1.weight"], atol=1e-6)


def test_what_it_remembers_is_all_it_goes_by() -> None:
    one = net()
    first = Muon(groups(one), lr=0.01)
    moved(one, first, 2)
    other = copy.deepcopy(one)
    second = Muon(groups(other), lr=0.01)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert all(
        torch.equal(a, b)
        for a, b in zip(moved(one, first, 2).values(), moved(other, second, 2).values(), strict=True)
    )


def test_a_hair_in_the_gradient_stays_a_hair_in_the_step() -> None:
    """Which processes that share a batch depend on: their sums differ in the last bit."""
    chance = torch.Generator().manual_seed(2)
    x_LAB = torch.randn(1, 64, 256, generator=chance) * torch.logspace(0, -3, 256)
    near_LAB = x_LAB * (1 + 1e-7 * torch.randn(x_LAB.shape, generator=chance))
    assert (orthogonal(x_LAB) - orthogonal(near_LAB)).abs().max() < 1e-5
