"""The engine: each picture's share is bounded, the sum exact, the noise right and never used twice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from rectoverso.recto.privacy.engine import CUTS, Mechanism
from rectoverso.recto.privacy.secret import Secret

SECRET = Secret(bytes(range(32)))


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 1))


def loss(net, row):
    return net(row[0]).square().sum()


def pictures(count: int) -> torch.Tensor:
    return torch.randn(count, 1, 4, 4, generator=torch.Generator().manual_seed(1))


def test_without_clip_and_noise_it_is_the_ordinary_gradient() -> None:
    net, x = network(), pictures(70)  # more than are in memory together
    found = Mechanism(1e3, 0.0, 70).gradient(net, loss, (x,), SECRET, 0)
    (net(x).square().sum() / 70).backward()
    for name, parameter in net.named_parameters():
        assert torch.allclose(found[name], parameter.grad, atol=2e-3)


def test_a_picture_more_moves_the_sum_by_the_clip_at_most() -> None:
    mechanism, net, x = Mechanism(0.1, 1.0, 8), network(), 100 * pictures(9)
    difference_D = mechanism.summed(net, loss, (x,)) - mechanism.summed(net, loss, (x[:8],))
    length = difference_D.double().norm().item() / CUTS
    assert 0.99 < length <= 1


def test_the_sum_is_the_same_in_any_order_and_cut() -> None:
    mechanism, net, x = Mechanism(1.0, 1.0, 8), network(), pictures(9)
    each = sum(mechanism.summed(net, loss, (x[i : i + 1],)) for i in reversed(range(9)))
    assert torch.equal(
        mechanism.summed(net, loss, (x,)), each
    )  # so nobody's share follows from who else is there


def test_no_share_is_longer_than_the_clip_in_many_small_numbers() -> None:
    """In single precision the square of a number this small vanishes beside 1, and so do two million of them."""
    slope_ND = torch.full((1, 2_000_000), 1.67e-4)
    slope_ND[0, 0] = 1.0
    assert 0.99 < Mechanism(1.0, 1.0, 1).cut(slope_ND).double().norm().item() / CUTS <= 1


def test_a_share_of_huge_numbers_is_clipped_like_any_other() -> None:
    slope_ND = 1e30 * torch.randn(1, 50, generator=torch.Generator().manual_seed(1))
    assert 0.99 < Mechanism(1.0, 1.0, 1).cut(slope_ND).double().norm().item() / CUTS <= 1


def test_a_gradient_that_is_no_number_says_nothing() -> None:
    mechanism, x = Mechanism(1.0, 1.0, 8), pictures(3)
    x[1] = float("nan")
    assert torch.equal(
        mechanism.summed(network(), loss, (x,)), mechanism.summed(network(), loss, (x[[0, 2]],))
    )


def test_an_empty_batch_releases_noise_alone() -> None:
    found = Mechanism(1.0, 2.0, 8).gradient(network(), loss, (pictures(0),), SECRET, 3)
    assert all(value.abs().max() > 0 for value in found.values())


def test_noise_has_its_deviation_and_is_the_same_only_for_the_same_sum_and_step() -> None:
    mechanism = Mechanism(1.0, 2.0, 1)
    nothing = torch.zeros(40_000, dtype=torch.int64)
    noise = mechanism.noised(nothing, SECRET, 0)
    assert noise.double().std().item() / CUTS == pytest.approx(2, rel=0.02)
    assert torch.equal(noise, mechanism.noised(nothing, SECRET, 0))
    other = nothing.clone()
    other[0] = 1
    for again in (mechanism.noised(other, SECRET, 0), mechanism.noised(nothing, SECRET, 1)):
        correlation = np.corrcoef(noise.numpy(), again.numpy())[0, 1]
        assert abs(correlation) < 0.03


def test_pictures_are_taken_each_by_itself() -> None:
    counts = np.array([len(SECRET.taken(step, 200, 0.02)) for step in range(1_000)])
    assert counts.mean() == pytest.approx(4, rel=0.06)
    assert counts.var() == pytest.approx(200 * 0.02 * 0.98, rel=0.15)
    assert (counts == 0).any()
    assert len(SECRET.taken(0, 200, 1.0)) == 200


def test_normals_are_normal_and_never_infinite() -> None:
    from scipy.stats import kstest

    z_D = SECRET.normals("test", 0, 50_001)
    assert len(z_D) == 50_001
    assert kstest(z_D, "norm").pvalue > 1e-3
    assert np.isfinite(z_D).all()


def test_two_secrets_differ() -> None:
    assert Secret.new().key != Secret.new().key
    assert "key" not in repr(Secret.new())


def test_opacus_clips_to_the_same_sum() -> None:
    """The same per-picture gradients, clipped and summed, by the peer's own optimiser."""
    grad_sample = pytest.importorskip("opacus.grad_sample")
    net, x = network(), 3 * pictures(12)
    peer = grad_sample.GradSampleModule(network())
    peer(x).square().sum().backward()
    flat_ND = torch.cat([p.grad_sample.flatten(1) for p in peer.parameters()], dim=1)
    scale_N = (0.5 / (flat_ND.norm(dim=1) + 1e-6)).clamp(max=1)
    theirs_D = (flat_ND * scale_N[:, None]).sum(0)
    ours_D = Mechanism(0.5, 0.0, 1).summed(net, loss, (x,)).double() * 0.5 / CUTS
    assert torch.allclose(ours_D.float(), theirs_D, atol=2e-3)
