"""A pair whose players move together, from one pass through the critic instead of three.

Let s be the critic's logit for a generated picture x. The critic's loss pulls at s by c, the generator's by g, and both
pulls go back to x through the same slope ds/dx. What arrives at x from the critic's loss is c ds/dx; times g / c it is
the generator's own gradient. So the critic's backward pass serves both, exactly, as long as

- the critic judges each picture by itself (no batch norm, no statistic over the batch),
- c is never 0, which rules out the hinge,
- both gradients are meant to be taken at the same weights, as in Keras' tutorial.

Shapes: N images, M = 2 N real and generated ones, C channels, H height, W width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from rectoverso.recto.systems.pair import Pair
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.players import Losses, Phase, Turn
from rectoverso.recto.train.streams import Streams

if TYPE_CHECKING:
    from rectoverso.recto.systems.adversarial import AdversarialRecipe


VANISHED = 1e-30


class OnePassPair(Pair):
    """A generator and a critic that move at once (a `Cast`)."""

    def __init__(self, recipe: AdversarialRecipe, shape: Shape, streams: Streams) -> None:
        super().__init__(recipe, shape, streams)
        self.phases = (Phase(("generator", "critic"), self.losses),)

    def losses(self, turn: Turn) -> Losses:
        """The critic's losses; the generator gets its gradient on the way back."""
        fake_NCHW = self.fakes(turn)
        x_MCHW = self.both(turn, fake_NCHW)
        logit_M, taught = self.judged(x_MCHW, turn)
        real_N, fake_N = logit_M.chunk(2)
        exchange_N, generator = self.exchange(real_N.detach(), fake_N.detach())
        fake_NCHW.register_hook(lambda slope: slope * exchange_N.to(slope))  # type: ignore[no-untyped-call]
        self.hear(turn, real_N, fake_N)
        losses = {"critic": self.critic_objective(real_N, fake_N), "generator": generator} | taught
        return losses | self.penalty(turn, x_MCHW.detach())

    @torch.enable_grad()
    def exchange(self, real_N: Tensor, fake_N: Tensor) -> tuple[Tensor, Tensor]:
        """G / c (N, 1, 1, 1), by what a gradient of the critic's loss becomes one of the generator's; and the
        generator's loss, to be told and not to be gone down.
        """
        fake_N = fake_N.requires_grad_()
        generator = self.generator_objective(real_N, fake_N)
        (g_N,) = torch.autograd.grad(generator, fake_N)
        (c_N,) = torch.autograd.grad(self.critic_objective(real_N, fake_N), fake_N)
        # Where the critic has all but won (a logit some 69 below), the quotient would soon be infinite, and infinity
        # times a slope that was rounded to 0 is no number: such a picture teaches the generator nothing.
        exchange_N = torch.where(c_N.abs() < VANISHED, 0, g_N / c_N)
        return exchange_N[:, None, None, None], generator.detach()
