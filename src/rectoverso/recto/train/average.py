"""The running average of a module's weights, with a half-life counted in images."""

from __future__ import annotations

import copy

import torch
from torch import nn

from rectoverso.recto.systems.recipe import Averaging


class Average:
    """A twin of a module whose weights follow it with a half-life.

    Early in a run the half-life is a share of the images seen (Karras et al. 2020, StyleGAN2, use 5%): a fixed one
    would keep the random start in the average of a short run. Buffers are copied, not averaged; batch norm's are
    wrong for averaged weights in any case and are measured again before use (`statistics`).
    """

    def __init__(self, module: nn.Module, averaging: Averaging) -> None:
        self.source, self.averaging = module, averaging
        self.module = copy.deepcopy(module).requires_grad_(False)

    @torch.no_grad()
    def follow(self, images: int, count: int) -> None:
        """Take in the module as it is after ``images`` images, ``count`` of which are new."""
        decay = self.decay(images, count)
        for mine, its in zip(self.module.parameters(), self.source.parameters(), strict=True):
            mine.lerp_(its, 1 - decay)
        for copied, buffer in zip(self.module.buffers(), self.source.buffers(), strict=True):
            copied.copy_(buffer)

    def decay(self, images: int, count: int) -> float:
        """The share of itself that the average keeps over ``count`` images."""
        return float(0.5 ** (count / max(self.half_life(images), 1e-9)))

    def half_life(self, images: int) -> float:
        """In images, after so many of them."""
        return min(float(self.averaging.half_life), self.averaging.ramp * images)
