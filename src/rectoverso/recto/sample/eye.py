"""How far a generator's pictures are from one that is wanted, in a way that descent can follow.

The squared difference of the pictures at every scale (halved down to 4 pixels) and, where the run has kept its critic,
of what the critic sees in them: its layers' outputs, each place scaled to unit length (the distance of Zhang et al.
2018, "The Unreasonable Effectiveness of Deep Features", without its learned weights).

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.perceived import seen_by

FEATURE_WEIGHT = 0.25
SMALLEST_PX = 4


class Eye:
    """Compares pictures with one target, or each with its own, by pixels and by what the critic's layers make of
    them.
    """

    def __init__(self, critic: nn.Module | None, target_NCHW: Tensor) -> None:
        self.critic, self.target_NCHW = critic, target_NCHW
        with torch.no_grad():
            self.wanted = self.features(target_NCHW)

    def features(self, x_NCHW: Tensor) -> list[Tensor]:
        """What each layer makes of pictures."""
        if self.critic is None:
            return []
        return [F.normalize(seen, dim=1) for seen in seen_by(self.critic, x_NCHW)]

    def losses(self, x_NCHW: Tensor) -> Tensor:
        """The distance of each picture from its target (N,)."""
        loss_N = pyramid(x_NCHW, self.target_NCHW)
        features = self.features(x_NCHW)
        for seen_NCHW, wanted_NCHW in zip(features, self.wanted, strict=True):
            apart_N = (seen_NCHW - wanted_NCHW).square().sum(1).mean((1, 2))
            loss_N = loss_N + FEATURE_WEIGHT / len(features) * apart_N
        return loss_N


def pyramid(x_NCHW: Tensor, target_NCHW: Tensor) -> Tensor:
    """The mean squared difference (N,), averaged over the full size and its halves down to 4 pixels."""
    return torch.stack([level.square().mean((1, 2, 3)) for level in _levels(x_NCHW - target_NCHW)]).mean(0)


def flat_pyramid(x_NCHW: Tensor) -> Tensor:
    """Numbers (N, F) of which the squared distance is the `pyramid` of two pictures."""
    levels = _levels(x_NCHW)
    return torch.cat([one.flatten(1) / (one[0].numel() * len(levels)) ** 0.5 for one in levels], 1)


def _levels(x_NCHW: Tensor) -> list[Tensor]:
    levels = [x_NCHW]
    while min(levels[-1].shape[2:]) >= 2 * SMALLEST_PX:
        levels.append(F.avg_pool2d(levels[-1], 2))
    return levels
