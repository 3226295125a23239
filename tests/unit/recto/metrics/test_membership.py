"""Attacks with networks: what a generator can draw it comes nearer to, and what a critic was told is real it knows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rectoverso.recto.metrics import membership
from rectoverso.recto.metrics.membership import by_critic, by_inversion
from rectoverso.recto.sample.eye import flat_pyramid, pyramid
from rectoverso.recto.sample.painter import Painter


class Bars(nn.Module):
    """Draws a bar whose place, width and colour the latent says."""

    def forward(self, z_NZ: Tensor, label_N: Tensor | None = None) -> Tensor:
        at_W = torch.linspace(-2, 2, 16)
        bar_NW = torch.exp(-((at_W - z_NZ[:, :1]) ** 2) / (0.1 + z_NZ[:, 1:2] ** 2))
        shade_N = torch.tanh(z_NZ[:, 2]) if label_N is None else label_N.float() - 0.5
        return (bar_NW * shade_N[:, None])[:, None, None].expand(-1, 3, 16, -1)


class Mean(nn.Module):
    """Calls bright pictures real, and of a class only those."""

    def forward(self, x_NCHW: Tensor, label_N: Tensor | None = None) -> Tensor:
        mean_N = x_NCHW.mean((1, 2, 3))
        return (mean_N if label_N is None else mean_N * label_N)[:, None]


def drawn(count: int, first: int) -> np.ndarray:
    z_NZ = torch.from_numpy(np.random.default_rng(first).normal(size=(count, 3))).float()
    return ((Bars()(z_NZ) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def test_it_comes_nearer_to_what_it_can_draw_than_to_what_it_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The members are bars, the others the same bars lying: as plain, and out of its reach."""
    monkeypatch.setattr(membership, "POOL", 256)
    members, others = drawn(12, 1), np.ascontiguousarray(drawn(12, 2).transpose(0, 2, 1, 3))
    reference = np.concatenate([drawn(20, 3), drawn(20, 4).transpose(0, 2, 1, 3)])
    score_N = by_inversion(
        Painter(Bars(), latent=3, classes=0), np.concatenate([members, others]), None, reference
    )
    assert np.median(score_N[:12]) > np.median(score_N[12:]) + 1


def test_a_known_class_is_kept_and_an_unknown_one_is_sought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "POOL", 256)
    monkeypatch.setattr(membership, "STEPS", 20)
    painter = Painter(Bars(), latent=3, classes=2)
    dark = ((Bars()(torch.zeros(4, 3), torch.zeros(4, dtype=torch.int64)) + 1) * 127.5).byte()
    images = dark.permute(0, 2, 3, 1).contiguous().numpy()
    asked = [by_inversion(painter, images, label_N, drawn(9, 5)) for label_N in (np.zeros(4, np.int64), None)]
    wrong = by_inversion(painter, images, np.ones(4, np.int64), drawn(9, 5))
    np.testing.assert_allclose(*asked, atol=1e-6)
    assert (asked[0] > wrong).all()


def test_a_critic_is_asked_with_the_class_or_with_each() -> None:
    images = np.stack([np.full((8, 8, 3), shade, np.uint8) for shade in (0, 128, 255)])
    plain = by_critic(Mean(), images, None)
    assert (np.diff(plain) > 0).all()
    np.testing.assert_allclose(by_critic(Mean(), images, np.array([3, 3, 3])), 3 * plain)
    np.testing.assert_allclose(
        by_critic(Mean(), images, None, classes=3), plain
    )  # the mean of 0, 1 and 2 times


def test_flat_pyramids_lie_as_far_apart_as_the_pictures() -> None:
    one, other = torch.rand(2, 5, 3, 24, 16)
    apart_N = (flat_pyramid(one) - flat_pyramid(other)).square().sum(1)
    torch.testing.assert_close(apart_N, pyramid(one, other))
