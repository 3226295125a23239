"""DCGAN: one generator, one critic, noise to pictures. Radford, Metz and Chintala 2016, arXiv:1511.06434.

``article`` is the pair of the source article, which is Keras' tutorial: both players move down gradients taken at the
same point, on the same generated pictures. ``default`` is the best small configuration we found for two CPU cores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from rectoverso.errors import BadSetting
from rectoverso.recto.systems.recipe import Adam, Averaging, Recipe, Shape

if TYPE_CHECKING:
    from torch import Tensor, nn

    from rectoverso.recto.train.players import Cast, Losses, Phase, Player, Turn
    from rectoverso.recto.train.streams import Streams


@dataclass(frozen=True, slots=True)
class ArticleNets:
    """The article's networks; ``width`` is the critic's first, and a quarter of the generator's."""

    latent: int = 100
    width: int = 64
    dropout: float = 0.3
    start_px = 8

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.dcgan import ArticleGenerator

        return ArticleGenerator(shape.size_px, shape.channels, latent=self.latent, width=self.width)

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.dcgan import ArticleCritic

        return ArticleCritic(shape.size_px, shape.channels, width=self.width, dropout=self.dropout)


@dataclass(frozen=True, slots=True)
class PlainNets:
    """The plain pair, class-conditional when there are classes."""

    latent: int = 64
    generator_width: int = 32
    critic_width: int = 32
    start_px = 4

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.plain import PlainGenerator

        return PlainGenerator(
            shape.size_px, shape.channels, shape.classes, latent=self.latent, width=self.generator_width
        )

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.plain import PlainCritic

        return PlainCritic(shape.size_px, shape.channels, shape.classes, width=self.critic_width)


@dataclass(frozen=True, slots=True)
class Penalty:
    """On the critic's slope at real and generated pictures, every ``every`` turns and that much stronger."""

    kind: Literal["none", "gradient", "finite_difference"]
    gamma: float = 0.0
    gamma_end: float = 0.0
    sigma: float = 0.05
    every: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DcganRecipe(Recipe):
    nets: ArticleNets | PlainNets
    objective: Literal["nonsaturating", "relativistic", "hinge"]
    penalty: Penalty
    generator_adam: Adam
    critic_adam: Adam
    averaging: Averaging | None

    @property
    def latent(self) -> int:
        return self.nets.latent

    def generator(self, shape: Shape) -> nn.Module:
        return self.nets.generator(shape)

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        return DcganCast(self, shape, streams)


class DcganCast:
    """The two players of a DCGAN and what each of them minimises."""

    def __init__(self, recipe: DcganRecipe, shape: Shape, streams: Streams) -> None:
        import torch

        from rectoverso.recto.train.objectives import OBJECTIVES
        from rectoverso.recto.train.players import Phase, Player

        self.recipe, self.shape, self.streams = recipe, shape, streams
        self.generator = recipe.nets.generator(shape)
        self.critic = recipe.nets.critic(shape).to(memory_format=torch.channels_last)
        self.critic_objective, self.generator_objective = OBJECTIVES[recipe.objective]
        self.players: tuple[Player, ...] = (
            Player("generator", self.generator, recipe.generator_adam, recipe.averaging),
            Player("critic", self.critic, recipe.critic_adam),
        )
        # The generator first: the critic then judges the same pictures before either has seen the other's move.
        self.phases: tuple[Phase, ...] = (
            Phase("generator", self.generator_losses),
            Phase("critic", self.critic_losses),
        )

    def fakes(self, turn: Turn) -> Tensor:
        """This turn's generated pictures, drawn once and judged by both players."""
        noise_NZ = turn.normals("latent", self.recipe.latent)
        return turn.once("fakes", lambda: self.generator(noise_NZ, turn.label_N))

    def generator_losses(self, turn: Turn) -> Losses:
        import torch

        with torch.no_grad():
            real_N = self.judge(turn.image_NCHW, turn.label_N) if self.recipe.objective == "relativistic" else None
        fake_N = self.judge(self.fakes(turn), turn.label_N)
        return {"generator": self.generator_objective(fake_N if real_N is None else real_N, fake_N)}

    def critic_losses(self, turn: Turn) -> Losses:
        import torch

        x_MCHW = torch.cat([turn.image_NCHW, self.fakes(turn).detach().to(turn.image_NCHW.dtype)])
        label_M = None if turn.label_N is None else turn.label_N.repeat(2)
        logit_M = self.judge(x_MCHW, label_M)
        real_N, fake_N = logit_M.chunk(2)
        turn.readings["margin"] = (real_N.mean() - fake_N.mean()).item()
        losses = {"critic": self.critic_objective(real_N, fake_N)}
        if self.recipe.penalty.kind != "none" and turn.number % self.recipe.penalty.every == 0:
            losses["penalty"] = self.penalty(turn, x_MCHW, label_M, logit_M)
        return losses

    def penalty(self, turn: Turn, x_MCHW: Tensor, label_M: Tensor | None, logit_M: Tensor) -> Tensor:
        """Half of gamma times R1 + R2: real and generated pictures are both in the batch of M = 2 N."""
        from rectoverso.recto.train.penalties import finite_difference_penalty, gradient_penalty
        from rectoverso.recto.train.players import cosine

        settings = self.recipe.penalty
        weight = cosine(settings.gamma, settings.gamma_end, turn.progress) / 2 * 2 * settings.every
        judge = partial(self.judge, label_N=label_M)
        if settings.kind == "gradient":
            return weight * gradient_penalty(judge, x_MCHW)
        noise_MCHW = turn.normals("slope", 2 * x_MCHW[0].numel()).view(x_MCHW.shape)
        return weight * finite_difference_penalty(judge, x_MCHW, logit_M, noise_MCHW, settings.sigma)

    def judge(self, x_NCHW: Tensor, label_N: Tensor | None) -> Tensor:
        """The critic's logits (N,) in float32, whatever the networks compute in."""
        import torch

        logit_N: Tensor = self.critic(x_NCHW.contiguous(memory_format=torch.channels_last), label_N)
        return logit_N.float()
