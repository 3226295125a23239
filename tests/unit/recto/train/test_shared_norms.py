"""Batch norm over all processes: with one it is torch's, in values, statistics and gradients of both orders."""

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.layers import ClassBatchNorm2d
from rectoverso.recto.train import shared_norms
from rectoverso.recto.train.shared_norms import SharedNorms


@pytest.fixture
def group(tmp_path: Path):
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'meet'}", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def slopes(norm: nn.Module, x: Tensor) -> list[Tensor]:
    """The result, its gradients, and the gradient of their size, as a gradient penalty takes it."""
    x = x.clone().requires_grad_()
    y = norm(x)
    (slope,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(slope.square().sum(), x)
    return [y.detach(), slope.detach(), second]


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("norm", [nn.BatchNorm1d(4), nn.BatchNorm2d(4, eps=1e-3), ClassBatchNorm2d(4, 0)])
def test_a_group_of_one_has_torchs_batch_norm(norm: nn.Module) -> None:
    x = torch.randn(6, 4, *[3] * (2 if isinstance(norm, nn.BatchNorm2d) else 0)) * 2 + 5
    expected = slopes(norm, x)
    statistics = {name: value.clone() for name, value in norm.named_buffers()}
    norm.reset_running_stats()
    with SharedNorms():
        found = slopes(norm, x)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    for name, value in norm.named_buffers():
        torch.testing.assert_close(value, statistics[name])


def test_two_halves_with_shared_moments_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.randn(8, 3, 2, 2)
    whole = F.batch_norm(x, None, None, training=True)
    moments = iter([x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)])
    monkeypatch.setattr(shared_norms, "mean_of", lambda _: next(moments))
    half = shared_norms.batch_norm(x[:4], None, None, training=True)
    torch.testing.assert_close(half, whole[:4])


def test_in_evaluation_nothing_is_shared() -> None:
    norm = nn.BatchNorm2d(3).eval()
    x = torch.randn(4, 3, 2, 2)
    expected = norm(x)
    with SharedNorms():
        assert torch.equal(norm(x), expected)
