"""One gradient over all processes of a run. A single process has nothing to do."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import nn


def average_gradients(module: nn.Module) -> None:
    """Replace each gradient by its mean over the processes, in one exchange of all laid end to end."""
    if not dist.is_initialized():
        return
    gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, mean in zip(gradients, parts, strict=True):
        gradient.copy_(mean.view_as(gradient))
