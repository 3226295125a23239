"""How far a generator's pictures are from one that is wanted, in a way that descent can follow.

The squared difference of the pictures at every scale (halved down to 4 pixels) and, where the run has kept its critic,
of what the critic sees in them: its layers' outputs, each place scaled to unit length (the distance of Zhang et al.
2018, "The Unreasonable Effectiveness of Deep Features", without its learned weights).

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEATURE_WEIGHT = 0.25
SMALLEST_PX = 4


class Eye:
    """Compares pictures with one target, by pixels and by what the critic's layers make of them."""

    def __init__(self, critic: nn.Module | None, target_1CHW: Tensor) -> None:
        self.critic, self.target_1CHW = critic, target_1CHW
        self.seen: list[Tensor] = []

    def __enter__(self) -> Self:
        layers = (
            [] if self.critic is None else [one for one in self.critic.modules() if not [*one.children()]]
        )
        self.hooks = [layer.register_forward_hook(self._note) for layer in layers]
        with torch.no_grad():
            self.wanted = self.features(self.target_1CHW)
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self.hooks:
            hook.remove()

    def _note(self, _layer: nn.Module, _inputs: object, output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == 4:
            self.seen.append(F.normalize(output.float(), dim=1))

    def features(self, x_NCHW: Tensor) -> list[Tensor]:
        """What each layer of pictures makes of them. The class does not matter to these layers."""
        if self.critic is None:
            return []
        self.seen = []
        self.critic(x_NCHW, torch.zeros(len(x_NCHW), dtype=torch.int64))
        return self.seen

    def losses(self, x_NCHW: Tensor) -> Tensor:
        """The distance of each picture from the target (N,)."""
        loss_N = pyramid(x_NCHW, self.target_1CHW)
        features = self.features(x_NCHW)
        for seen_NCHW, wanted_1CHW in zip(features, self.wanted, strict=True):
            apart_N = (seen_NCHW - wanted_1CHW).square().sum(1).mean((1, 2))
            loss_N = loss_N + FEATURE_WEIGHT / len(features) * apart_N
        return loss_N


def pyramid(x_NCHW: Tensor, target_1CHW: Tensor) -> Tensor:
    """The mean squared difference (N,), averaged over the full size and its halves down to 4 pixels."""
    apart_NCHW = x_NCHW - target_1CHW
    losses = [apart_NCHW.square().mean((1, 2, 3))]
    while min(apart_NCHW.shape[2:]) >= 2 * SMALLEST_PX:
        apart_NCHW = F.avg_pool2d(apart_NCHW, 2)
        losses.append(apart_NCHW.square().mean((1, 2, 3)))
    return torch.stack(losses).mean(0)
