"""Batch norm over the batches of all processes.

Within `SharedNorms` every batch norm that trains takes its mean and variance over the pictures of all processes, and
its gradients flow back to all of them, so that a batch cut in parts gives what the whole batch gives (Ioffe and
Szegedy 2015, algorithm 1). Networks need no other layers for it; torch's own SyncBatchNorm must replace theirs and
does not work on a CPU. Outside of it, or with one process, batch norm is torch's.

Shapes: N pictures, C channels, further sides after them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from rectoverso.recto.train.sync import mean_of, processes


class SharedNorms(TorchFunctionMode):
    """Within this context torch's batch norm is `batch_norm`."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        del types
        return (batch_norm if func is F.batch_norm else func)(*args, **(kwargs or {}))


def batch_norm(
    x: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Torch's batch norm, its moments (C,) taken over all processes, which have as many pictures each."""
    if not training:
        return F.batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)
    across = [axis for axis in range(x.dim()) if axis != 1]
    along = [1, -1, *[1] * (x.dim() - 2)]
    y = x.float()
    mean_C = mean_of(y.mean(across))
    y = y - mean_C.view(along)
    var_C = mean_of(y.square().mean(across))
    if running_mean is not None and running_var is not None:
        count = x.numel() // x.shape[1] * processes()
        with torch.no_grad():
            running_mean.lerp_(mean_C, momentum)
            running_var.lerp_(var_C * count / (count - 1), momentum)
    y = y * torch.rsqrt(var_C + eps).view(along)
    if weight is not None:
        y = y * weight.view(along)
    if bias is not None:
        y = y + bias.view(along)
    return y.to(x.dtype)
