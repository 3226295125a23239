"""How large two networks are: their parameters, and the multiply-adds that a picture's forward pass carries out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

COUNTED = 4
"""Pictures of a counting pass: a group of the minibatch deviation."""


@dataclass(frozen=True)
class Size:
    parameters: int
    multiply_adds: int


Sizes = dict[str, Size]


def sizes(
    generator: nn.Module,
    critic: nn.Module,
    latent: int,
    sides: tuple[int, int, int],
    call: Caller | None = None,
) -> Sizes:
    """Of a generator and a critic of pictures (C, H, W); ``call`` makes pictures where a call is not enough."""
    pictures, noise = torch.zeros(COUNTED, *sides), torch.randn(COUNTED, latent)
    draw = call or generator
    return {
        "generator": Size(parameters(generator), multiply_adds(lambda: draw(noise))),
        "critic": Size(parameters(critic), multiply_adds(lambda: critic(pictures))),
    }


Caller = Callable[[Tensor], Tensor]


def parameters(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def multiply_adds(forward: Callable[[], object]) -> int:
    """Of one picture, as torch counts what it is asked to carry out: convolutions and matrix products."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        forward()
    return int(counter.get_total_flops()) // 2 // COUNTED
