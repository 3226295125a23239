"""Gradients over processes."""

from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn

from rectoverso.recto.train.sync import average_gradients


def slopes(module: nn.Linear) -> tuple[list[float], list[float]]:
    assert module.weight.grad is not None
    assert module.bias.grad is not None
    return module.weight.grad.flatten().tolist(), module.bias.grad.tolist()


def pulled() -> nn.Linear:
    module = nn.Linear(2, 1)
    torch.autograd.backward(module(torch.tensor([[3.0, 4.0]])).sum())
    return module


def test_one_process_keeps_its_gradients() -> None:
    module = pulled()
    average_gradients(module)
    assert slopes(module) == ([3, 4], [1])


def test_in_a_group_each_gradient_comes_back_to_its_own_parameter(tmp_path: Path) -> None:
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'meet'}", rank=0, world_size=1)
    try:
        module = pulled()
        average_gradients(module)
        assert slopes(module) == ([3, 4], [1])
    finally:
        dist.destroy_process_group()
