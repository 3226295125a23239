"""A generator that learns to lean: it does, stays near what it was, and is the same again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rectoverso.recto.sample.painter import Painter
from rectoverso.recto.train import lean as lean_module
from rectoverso.recto.train.lean import Lean, Wanted, leaned

DRAWN = np.random.default_rng(0).normal(size=(64, 12))
WAVES = np.linalg.qr(DRAWN - DRAWN.mean(axis=0))[0].T.reshape(12, 8, 8)
WANTED = Wanted(
    wave_KSS=WAVES.astype(np.float32),
    sign_K=np.where(np.arange(12) % 3, 1, -1).astype(np.float32),
    step_K=np.full(12, 16, np.float32),
    colours_3=np.array([0.3, 0.6, 0.1], np.float32),
    softness=8.0,
)


class Small(nn.Module):
    """A latent of 8 to a picture of 16 x 16."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.draws = nn.Linear(8, channels * 256)
        self.channels = channels

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        assert label_N is None
        return torch.tanh(0.1 * self.draws(z_NZ)).view(-1, self.channels, 16, 16)


def _leans(module: nn.Module) -> float:
    with torch.no_grad():
        z_NZ = torch.randn(64, 8, generator=torch.Generator().manual_seed(9))
        return float(Lean(WANTED)(module(z_NZ)).mean())


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_it_learns_to_lean(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lean_module, "RATE", 1e-2)
    before = Small(channels)
    after = leaned(Painter(before, latent=8, classes=0), WANTED, images=1280)
    assert _leans(after) > _leans(before) + 1
    assert not any(parameter.requires_grad for parameter in after.parameters())


def test_the_generator_itself_stays_as_it_was_and_the_same_is_learnt_again() -> None:
    before = Small()
    weights = before.draws.weight.clone()
    first, second = (leaned(Painter(before, latent=8, classes=0), WANTED, images=64) for _ in range(2))
    assert torch.equal(before.draws.weight, weights)
    assert torch.equal(first.draws.weight, second.draws.weight)
    assert not torch.equal(first.draws.weight, weights)


def test_what_saving_takes_away_counts_for_nothing_and_still_has_a_slope() -> None:
    x_NCHW = torch.zeros(1, 1, 8, 8, requires_grad=True)
    with torch.no_grad():
        faint = x_NCHW + torch.tensor(WANTED.wave_KSS[1]) / 127.5 * 3
    assert float(Lean(WANTED)(faint)) > 0.9
    assert float(Lean(WANTED)(faint, torch.ones(1))) == pytest.approx(0, abs=1e-6)
    (slope,) = torch.autograd.grad(Lean(WANTED)(x_NCHW + faint, torch.full((1,), 0.2)).sum(), x_NCHW)
    assert slope.abs().max() > 0
