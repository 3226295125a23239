"""The players of `progressive`: a pair that grows, and sees real pictures as large as it is itself.

Shapes: N images, M = 2 N real and generated ones, C channels, H height, W width; h and w, the sides now reached.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from rectoverso.recto.nets.progressive import GrowingCritic, GrowingGenerator, faded
from rectoverso.recto.systems.pair import Pair
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.penalties import drift
from rectoverso.recto.train.players import Losses, Turn
from rectoverso.recto.train.streams import Streams

if TYPE_CHECKING:
    from rectoverso.recto.systems.progressive import ProgressiveRecipe


class GrowingPair(Pair):
    """A generator and a critic that grow with the progress of the run (a `Cast`)."""

    def __init__(self, recipe: ProgressiveRecipe, shape: Shape, streams: Streams) -> None:
        super().__init__(recipe, shape, streams)
        self.growing = recipe
        self.tall = (cast("GrowingGenerator", self.generator), cast("GrowingCritic", self.critic))
        self.grow(0.0)

    def grow(self, progress: float) -> float:
        """Let both be as tall as at this point of the run."""
        growth = self.growing.growth(self.shape.levels, progress)
        for network in self.tall:
            network.grow(growth)
        return growth

    def generator_losses(self, turn: Turn) -> Losses:
        turn.readings["growth"] = self.grow(turn.progress)
        return super().generator_losses(self.small(turn))

    def critic_losses(self, turn: Turn) -> Losses:
        self.grow(turn.progress)
        small = self.small(turn)
        x_MChw = self.both(small, self.fakes(small).detach())
        real_N, fake_N = self.judge(x_MChw, self.labels(small)).chunk(2)
        self.hear(turn, real_N, fake_N)
        losses = {"critic": self.critic_objective(real_N, fake_N)} | self.penalty(small, x_MChw)
        return losses | ({"drift": self.growing.drift * drift(real_N)} if self.growing.drift else {})

    def penalty(self, turn: Turn, x_MCHW: Tensor) -> Losses:
        """The pair's penalty, where the slope should be 0 weaker by the share of the pixels that are there.

        Half the side halves the distance between two pictures; a critic that tells them apart as well is twice as
        steep, and would pay four times as much.
        """
        losses = super().penalty(turn, x_MCHW)
        if self.recipe.penalty.kind == "between":
            return losses
        share = x_MCHW.shape[2] * x_MCHW.shape[3] / (self.shape.height_px * self.shape.width_px)
        return {name: share * loss for name, loss in losses.items()}

    def small(self, turn: Turn) -> Turn:
        """The turn with its pictures as the pair should make them now (N, C, h, w)."""

        def shrunk() -> Turn:
            x_NChw = faded(turn.image_NCHW, self.shape.levels, self.tall[0].growth.item())
            x_NChw = x_NChw.contiguous(memory_format=torch.channels_last)
            return replace(turn, image_NCHW=x_NChw, readings={}, _made={})

        return turn.once("small", shrunk)

    def draw(self, noise_NZ: Tensor, label_N: Tensor | None) -> Tensor:
        return self.tall[0].grown(noise_NZ, label_N)
