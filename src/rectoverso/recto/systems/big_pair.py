"""The players of `biggan`: a pair with orthogonal regularisation, and standing statistics under truncation.

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, cast

from torch import nn

from rectoverso.recto.nets.biggan import BigGenerator
from rectoverso.recto.systems.pair import REMEASURED_IMAGES, Pair
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.penalties import orthogonal
from rectoverso.recto.train.players import Losses, Phase, Turn
from rectoverso.recto.train.statistics import remeasure
from rectoverso.recto.train.streams import Streams

if TYPE_CHECKING:
    from rectoverso.recto.systems.biggan import BigGanRecipe


class BigPair(Pair):
    """A generator and a critic of BigGAN's kind (a `Cast`)."""

    def __init__(self, recipe: BigGanRecipe, shape: Shape, streams: Streams) -> None:
        super().__init__(recipe, shape, streams)
        self.big = recipe
        self.phases = (
            Phase(("generator",), self.generator_losses, every=recipe.critic_turns),
            Phase(("critic",), self.critic_losses),
        )

    def generator_losses(self, turn: Turn) -> Losses:
        losses = super().generator_losses(turn)
        if not self.big.orthogonal:
            return losses
        matrices = cast("BigGenerator", self.generator).matrices()
        return losses | {"orthogonal": self.big.orthogonal * orthogonal(matrices)}

    def published(self) -> dict[str, nn.Module]:
        """Copies of the averaged generator, with standing statistics under its truncation, and of the critic."""
        average = self.players[0].average
        generator = cast("BigGenerator", copy.deepcopy(average.module if average else self.generator))
        generator.threshold.fill_(self.big.nets.truncation)
        batch = self.recipe.batch
        firsts = range(0, REMEASURED_IMAGES, batch)
        remeasure(generator, (partial(generator, *self.noise("norms", first, batch)) for first in firsts))
        return {"generator": generator, "critic": copy.deepcopy(self.critic).eval()}
