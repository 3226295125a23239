"""How CycleGAN trains: two translators there and back, two critics with pools (`cyclegan` has the numbers).

Needs torch, which the recipe does without.

Shapes: N images, C channels, H height, W width. ``a`` is of the first set, ``b`` of the second.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.both_ways import BothWays
from rectoverso.recto.nets.given import Given
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.grid import in_rows
from rectoverso.recto.train.objectives import OBJECTIVES
from rectoverso.recto.train.players import Losses, Phase, Player, Turn
from rectoverso.recto.train.pool import Pool
from rectoverso.recto.train.streams import Streams

if TYPE_CHECKING:
    from rectoverso.recto.systems.cyclegan import CycleRecipe

SHOWN = 16
"""Pictures of each set in a preview: two rows each."""


class CyclePair:
    """Both translators and both critics (a `Cast`); the pools stand beside the critics that are shown from them."""

    def __init__(self, recipe: CycleRecipe, shape: Shape, streams: Streams) -> None:
        del streams
        self.recipe, self.shape = recipe, shape
        self.ways = cast("BothWays", recipe.nets.generator(shape))
        self.critics = nn.ModuleDict({name: recipe.nets.critic(shape) for name in "ab"})
        self.pools = nn.ModuleDict({name: Pool(shape, recipe.pool) for name in "ab"})
        for module in (self.ways, self.critics):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        judging = nn.ModuleDict({"critics": self.critics, "pools": self.pools})
        self.critic_objective, self.generator_objective = OBJECTIVES[recipe.objective]
        self.players = (
            Player("generator", self.ways, recipe.generator_adam, recipe.averaging),
            Player("critic", judging, recipe.critic_adam),
        )
        self.phases = (
            Phase(("generator",), self.generator_losses),
            Phase(("critic",), self.critic_losses),
        )

    def generator_losses(self, turn: Turn) -> Losses:
        """Eq. 1 for the translators, eq. 2, and the identity of section 5.2."""
        a, b = turn.image_NCHW, self.others(turn)
        (fake_a, same_a), (fake_b, same_b) = self.translated(turn)
        again_a, again_b = self.ways.back(fake_b), self.ways.forth(fake_a)
        return {
            "generator": self.fooled("a", fake_a) + self.fooled("b", fake_b),
            "cycle": self.recipe.cycle * (F.l1_loss(again_a, a) + F.l1_loss(again_b, b)),
            "identity": self.recipe.identity * (F.l1_loss(same_a, a) + F.l1_loss(same_b, b)),
        }

    def critic_losses(self, turn: Turn) -> Losses:
        """Each critic on real pictures of its set and on what the pool gives for the turn's translations."""
        (fake_a, _), (fake_b, _) = self.translated(turn)
        losses = [
            self.told_apart(turn, "a", turn.image_NCHW, fake_a.detach()),
            self.told_apart(turn, "b", self.others(turn), fake_b.detach()),
        ]
        return {"critic": 0.5 * torch.stack(losses).sum()}  # halved, as section 7.1 has it

    def translated(self, turn: Turn) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Of each set, the turn's pictures made from the other, and from its own; drawn once for both players."""

        def draw() -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
            a, b = turn.image_NCHW, self.others(turn)
            return self.ways.back(torch.cat([b, a])).chunk(2), self.ways.forth(torch.cat([a, b])).chunk(2)

        return turn.once("translated", draw)

    def told_apart(self, turn: Turn, name: str, real_NCHW: Tensor, fake_NCHW: Tensor) -> Tensor:
        shown_NCHW = cast("Pool", self.pools[name]).exchange(turn, name, fake_NCHW)
        both = torch.cat([real_NCHW, shown_NCHW.to(real_NCHW.dtype)])
        real, fake = self.critics[name](both).chunk(2)
        turn.readings["margin"] = turn.readings.get("margin", 0.0) + (real.mean() - fake.mean()).item() / 2
        return self.critic_objective(real, fake)

    def fooled(self, name: str, fake_NCHW: Tensor) -> Tensor:
        fake = self.critics[name](fake_NCHW)
        return self.generator_objective(fake, fake)

    def others(self, turn: Turn) -> Tensor:
        assert turn.other_NCHW is not None  # noqa: S101 - the data was checked
        return turn.other_NCHW

    def published(self) -> dict[str, nn.Module]:
        """A copy of the averaged translators."""
        average = self.players[0].average
        return {"generator": copy.deepcopy(average.module if average else self.ways).eval()}

    @torch.no_grad()
    def preview(self, published: dict[str, nn.Module], examples: Turn | None = None) -> Tensor:
        """Translations of the first pictures of each set: those of the first, then those of the second."""
        assert examples is not None  # noqa: S101 - its pictures are made from pictures
        ways = published["generator"]
        there, back = Given(examples.image_NCHW[:SHOWN]), Given(self.others(examples)[:SHOWN], back=True)
        none_N0 = examples.image_NCHW.new_zeros(SHOWN, 0)
        return torch.cat([ways(none_N0, there), ways(none_N0, back)])

    def sheet(self, picture_NCHW: Tensor, examples: Turn | None = None) -> Tensor:
        """Rows of pictures, each above the row of their translations."""
        assert examples is not None  # noqa: S101 - its pictures are made from pictures
        given_NCHW = torch.cat([examples.image_NCHW[:SHOWN], self.others(examples)[:SHOWN]])
        return in_rows(given_NCHW, picture_NCHW)
