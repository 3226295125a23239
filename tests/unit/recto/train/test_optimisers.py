"""The optimisers are torch's to the last bit, and load none of its compiler."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.systems import Recipe
from rectoverso.recto.train import optimisers
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.muon import Muon

HOW = {
    "Adam": {"betas": (0.5, 0.99), "fused": True},
    "AdamW": {"weight_decay": 0.1},
    "SGD": {"momentum": 0.5, "fused": True},
}


def moved(kind: type[torch.optim.Optimizer], **how: object) -> tuple[list[torch.Tensor], dict[str, object]]:
    """The parameters of a net after a few steps, one of them after the state was saved and loaded; and the state."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 2))
    optimiser = kind([{"params": net[0].parameters()}], lr=0.1, **how)  # type: ignore[call-arg]
    optimiser.add_param_group({"params": net[2].parameters(), "lr": 0.02})
    for step in range(4):
        optimiser.zero_grad()
        torch.autograd.backward(net(torch.full((3, 6), step / 4)).square().sum())
        optimiser.step()
        optimiser.load_state_dict(optimiser.state_dict())
    return [one.detach().clone() for one in net.parameters()], optimiser.state_dict()


@pytest.mark.parametrize("name", HOW)
def test_they_move_as_torchs_own_do(name: str) -> None:
    ours, theirs = (moved(getattr(place, name), **HOW[name]) for place in (optimisers, torch.optim))
    assert all(torch.equal(one, other) for one, other in zip(ours[0], theirs[0], strict=True))
    assert str(ours[1]) == str(theirs[1])


def test_a_training_loads_no_compiler(
    tiny: Recipe, stripes: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)  # to load it is an error now
    train(tiny, stripes, tmp_path, images=16)
    for kind in (optimisers.SGD, optimisers.AdamW, Muon):
        moved(kind)
    with pytest.raises(ImportError):
        moved(torch.optim.Adam)
