"""The numbers that every pair of a generator and a critic has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, Self

from rectoverso.recto.systems.dial import turned
from rectoverso.recto.systems.recipe import Adam, Averaging, Penalty, Recipe, Shape, Size

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams

Objective = Literal["nonsaturating", "relativistic", "hinge", "minimax", "wasserstein"]


class Nets(Protocol):
    """The numbers of a family of networks, and how to build them: a generator (latents (N, Z), labels (N,) or None)
    -> pictures, and a critic (pictures, labels or None) -> one logit each (N,).
    """

    @property
    def latent(self) -> int: ...

    def generator(self, shape: Shape) -> nn.Module: ...

    def critic(self, shape: Shape) -> nn.Module: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AdversarialRecipe(Recipe):
    """``one_pass``: both players move from one pass through the critic (`one_pass`), where it judges each picture by
    itself and the objective has no flat parts.
    """

    nets: Nets
    objective: Objective
    penalty: Penalty
    generator_adam: Adam
    critic_adam: Adam
    averaging: Averaging
    one_pass: bool = False

    @property
    def latent(self) -> int:
        return self.nets.latent

    def at_size(self, size: Size) -> Self:
        return turned(self, size)

    def generator(self, shape: Shape) -> nn.Module:
        return self.nets.generator(shape)

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.one_pass import OnePassPair
        from rectoverso.recto.systems.pair import Pair

        is_smooth = self.objective != "hinge"
        return (OnePassPair if self.one_pass and is_smooth else Pair)(self, shape, streams)
