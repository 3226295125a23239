"""A pair whose critic sees pictures only through random changes, as often as it needs them (`augment`).

Both players see through them: what the generator makes is changed before it is judged, too, so that it does not learn
to make changed pictures (Karras et al. 2020, arXiv:2006.06676, section 2.2).

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

import torch
from torch import Tensor, nn

from rectoverso.recto.systems.pair import Pair
from rectoverso.recto.systems.recipe import Augmentation, Shape
from rectoverso.recto.train.augment import UNIFORMS, Augment, changed
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams
from rectoverso.recto.train.sync import mean_of

if TYPE_CHECKING:
    from rectoverso.recto.systems.adversarial import AdversarialRecipe


class Augmenting(Protocol):
    """The recipe of such a pair."""

    @property
    def augment(self) -> Augmentation: ...


class AugmentedPair(Pair):
    """A pair with the changes before its critic, whose state they share."""

    def __init__(self, recipe: AdversarialRecipe, shape: Shape, streams: Streams) -> None:
        super().__init__(recipe, shape, streams)
        self.changing = cast("Augmenting", recipe).augment
        if self.changing.most:
            self.critic.augment = Augment()

    def seen(self, turn: Turn, x_NCHW: Tensor, purpose: str) -> Tensor:
        """The pictures as the critic is to see them."""
        p = self.probability(turn)
        if p <= 0:
            return x_NCHW
        u_NU = turn.streams.uniforms(f"augment-{purpose}", turn.first, turn.count, UNIFORMS)
        return changed(x_NCHW, torch.from_numpy(u_NU), p).to(x_NCHW.dtype)

    def hear(self, turn: Turn, real_N: Tensor, fake_N: Tensor) -> None:
        """Let the probability follow how sure the critic is of the turn's real pictures."""
        super().hear(turn, real_N, fake_N)
        settings = self.changing
        if not settings.most:
            return
        augment = cast("Augment", self.critic.augment)
        rated_N = real_N - fake_N if self.recipe.objective == "relativistic" else real_N
        sign = mean_of(rated_N.detach().sign().mean())
        augment.hear(sign, turn.batch, target=settings.target, images=settings.images, most=settings.most)
        turn.readings["augmentation"] = self.probability(turn)

    def probability(self, turn: Turn) -> float:
        """What follows the critic, and what follows the passes over the data."""
        if not self.changing.most:
            return 0.0
        heard = cast("Augment", self.critic.augment).p.item()
        return min(self.changing.most, heard + self.changing.by_passes(turn.passes))

    def published(self) -> dict[str, nn.Module]:
        """As they are given to the world: the changes belong to the training."""
        modules = super().published()
        if self.changing.most:
            del modules["critic"].augment
        return modules
