"""What a step costs, counted on the networks themselves, and what the machine could do at best."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import nn

MATRIX = 2048


@dataclass(frozen=True)
class Forward:
    """Multiply-adds of one image through one network; ``first`` is the share of its first layer."""

    total: int
    first: int


def forward(net: nn.Module, example: torch.Tensor) -> Forward:
    """Count by running ``example`` (one image or one latent) and looking at every layer's shapes.

    A layer counts by its definition and not by how it is computed: a transposed convolution multiplies each
    input pixel with its whole kernel, also where it is computed as another convolution.
    """
    counts: list[int] = []

    def linear(layer: nn.Module, _: tuple[torch.Tensor, ...], __: torch.Tensor) -> None:
        assert isinstance(layer, nn.Linear)
        counts.append(layer.weight.numel())

    def convolution(layer: nn.Module, _: tuple[torch.Tensor, ...], made: torch.Tensor) -> None:
        assert isinstance(layer, nn.Conv2d)
        counts.append(layer.weight.numel() * made.shape[2] * made.shape[3])

    def transposed(layer: nn.Module, given: tuple[torch.Tensor, ...], _: torch.Tensor) -> None:
        assert isinstance(layer, nn.ConvTranspose2d)
        counts.append(layer.weight.numel() * given[0].shape[2] * given[0].shape[3])

    kinds = {nn.Linear: linear, nn.Conv2d: convolution, nn.ConvTranspose2d: transposed}
    hooks = [
        layer.register_forward_hook(hook)
        for layer in net.modules()
        for kind, hook in kinds.items()
        if isinstance(layer, kind)
    ]
    net.eval()
    with torch.no_grad():
        net(example)
    for hook in hooks:
        hook.remove()
    net.train()
    return Forward(sum(counts), counts[0])


def step(generator: Forward, critic: Forward) -> dict[str, int]:
    """Multiply-adds an image of one full step, in both forms.

    A gradient by the weights costs as much as the forward pass, one by the inputs as much again; the first layer
    of a network needs none by its inputs, unless another network stands before it.
    """
    critic_step = 2 * (critic.total + critic.total + critic.total - critic.first)  # real and generated
    generator_back = critic.total + generator.total + generator.total - generator.first
    together = generator.total + critic_step + generator_back
    return {"together": together, "turns": together + generator.total + critic.total}


def peak(repeats: int = 12) -> dict[str, float]:
    """Multiply-adds a second of torch's own square matrix product, the best of the repeats, by precision."""
    rates = {}
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        a = torch.randn(MATRIX, MATRIX).to(dtype)
        best = 0.0
        for _ in range(repeats):
            started = time.perf_counter()
            torch.mm(a, a)
            best = max(best, MATRIX**3 / (time.perf_counter() - started))
        rates[name] = best
    return rates
