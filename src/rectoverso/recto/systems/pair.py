"""A generator and a critic: who they are, what each of them minimises, how the generator is shown.

Needs torch, which `dcgan` with its settings does without.

Shapes: N images, M = 2 N real and generated ones, Z latent, C channels, H height, W width.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from rectoverso.recto.nets.share import share, sharing
from rectoverso.recto.systems.recipe import Penalty, Shape
from rectoverso.recto.train.objectives import OBJECTIVES
from rectoverso.recto.train.penalties import (
    between,
    finite_difference_penalty,
    gradient_penalty,
    unit_slope_penalty,
)
from rectoverso.recto.train.players import Losses, Phase, Player, Turn, cosine
from rectoverso.recto.train.statistics import remeasure
from rectoverso.recto.train.streams import Streams

if TYPE_CHECKING:
    from rectoverso.recto.systems.adversarial import AdversarialRecipe

REMEASURED_IMAGES = 1024
PREVIEWS = 64


def gamma_at(penalty: Penalty, turn: Turn) -> float:
    """The penalty's gamma in this turn."""
    falling = min(1.0, penalty.passes / turn.passes) if penalty.passes and turn.passes else 1.0
    return cosine(penalty.gamma, penalty.gamma_end, turn.progress * falling)


class Pair:
    """The two players of an adversarial system (a `Cast`)."""

    def __init__(self, recipe: AdversarialRecipe, shape: Shape, streams: Streams) -> None:
        self.recipe, self.shape, self.streams = recipe, shape, streams
        self.generator = recipe.nets.generator(shape)
        self.critic = recipe.nets.critic(shape)
        self.critic_objective, self.generator_objective = OBJECTIVES[recipe.objective]
        self.players: tuple[Player, ...] = (
            Player("generator", self.generator, recipe.generator_adam, recipe.averaging),
            Player("critic", self.critic, recipe.critic_adam),
        )
        # The generator first: both gradients are then taken on the same pictures, the critic not yet moved.
        self.phases: tuple[Phase, ...] = (
            Phase(("generator",), self.generator_losses),
            Phase(("critic",), self.critic_losses),
        )

    def generator_losses(self, turn: Turn) -> Losses:
        fake_N = self.judge(self.seen(turn, self.fakes(turn), "generator"), self.condition(turn))
        real_N = fake_N  # which most objectives do not look at
        if self.recipe.objective == "relativistic":
            with torch.no_grad():
                real_N = self.judge(self.seen(turn, turn.image_NCHW, "generator-real"), self.condition(turn))
        return {"generator": self.generator_objective(real_N, fake_N)}

    def critic_losses(self, turn: Turn) -> Losses:
        x_MCHW = self.both(turn, self.fakes(turn).detach())
        logit_M, taught = self.judged(x_MCHW, turn)
        real_N, fake_N = logit_M.chunk(2)
        self.hear(turn, real_N, fake_N)
        return {"critic": self.critic_objective(real_N, fake_N)} | taught | self.penalty(turn, x_MCHW)

    def judged(self, x_MCHW: Tensor, turn: Turn) -> tuple[Tensor, Losses]:
        """The critic's logits (M,), and what else it is taught on the way, about real pictures only."""
        return self.judge(x_MCHW, self.labels(turn)), {}

    def penalty(self, turn: Turn, x_MCHW: Tensor) -> Losses:
        """Half of gamma times R1 + R2, when it is due: the mean over M pictures is half the sum of both."""
        settings = self.recipe.penalty
        if settings.kind == "none" or turn.number % settings.every:
            return {}
        label_M = self.labels(turn)
        weight = gamma_at(settings, turn) * settings.every
        if settings.kind == "gradient":
            return {"penalty": weight * gradient_penalty(partial(self.judge, label_N=label_M), x_MCHW)}
        if settings.kind == "between":
            real_NCHW, fake_NCHW = x_MCHW.detach().chunk(2)
            share_N = torch.from_numpy(turn.streams.uniforms("between", turn.first, turn.count, 1)[:, 0])
            x_NCHW = between(real_NCHW, fake_NCHW, share_N.to(x_MCHW))
            judge = partial(self.judge, label_N=self.condition(turn))
            return {"penalty": weight * unit_slope_penalty(judge, x_NCHW)}
        # Two judgements a picture, so every other picture: the cost of one more forward pass.
        x_NCHW = x_MCHW.detach()[::2]
        judge = partial(self.judge, label_N=None if label_M is None else twice(label_M[::2]))
        sign_ND = turn.signs("slope", x_NCHW[0].numel())
        # The even images' signs go to real pictures, the odd ones' to generated ones: the same in any cut of the batch.
        sign_NCHW = torch.cat([sign_ND[::2], sign_ND[1::2]]).view(x_NCHW.shape)
        with sharing(share().every(2)):
            return {"penalty": weight * finite_difference_penalty(judge, x_NCHW, sign_NCHW, settings.sigma)}

    def both(self, turn: Turn, fake_NCHW: Tensor) -> Tensor:
        """The real and then the generated pictures (M, C, H, W), as the critic is to see them."""
        real_NCHW = self.seen(turn, turn.image_NCHW, "real")
        return torch.cat([real_NCHW, self.seen(turn, fake_NCHW.to(real_NCHW.dtype), "fake")])

    def seen(self, turn: Turn, x_NCHW: Tensor, purpose: str) -> Tensor:
        """Pictures (N, C, H, W) as the critic is to see them: as they are."""
        del turn, purpose
        return x_NCHW

    def hear(self, turn: Turn, real_N: Tensor, fake_N: Tensor) -> None:
        """Told what the critic says of the turn's pictures."""
        turn.readings["margin"] = (real_N.mean() - fake_N.mean()).item()

    def condition(self, turn: Turn) -> Tensor | None:
        """What each real picture is, and each generated one is to be (N, ...): its class, where there are classes."""
        return turn.label_N

    def labels(self, turn: Turn) -> Tensor | None:
        """The conditions of `both` (M, ...)."""
        condition_N = self.condition(turn)
        return None if condition_N is None else twice(condition_N)

    def fakes(self, turn: Turn) -> Tensor:
        """The generated pictures of the turn, drawn once and judged by both players."""
        condition_N = self.condition(turn)
        return turn.once("fakes", lambda: self.draw(turn.normals("latent", self.recipe.latent), condition_N))

    def draw(self, noise_NZ: Tensor, label_N: Tensor | None) -> Tensor:
        picture_NCHW: Tensor = self.generator(noise_NZ, label_N)
        return picture_NCHW

    def judge(self, x_NCHW: Tensor, label_N: Tensor | None) -> Tensor:
        """The critic's logits (N,) in float32, whatever the networks compute in."""
        logit_N: Tensor = self.critic(x_NCHW.contiguous(memory_format=torch.channels_last), label_N)
        return logit_N.float()

    def published(self) -> dict[str, nn.Module]:
        """Copies of the averaged generator, its batch norms measured anew, and of the critic."""
        average = self.players[0].average
        generator = copy.deepcopy(average.module if average else self.generator)
        batch = self.recipe.batch
        firsts = range(0, REMEASURED_IMAGES, batch)
        remeasure(generator, (partial(generator, *self.noise("norms", first, batch)) for first in firsts))
        return {"generator": generator, "critic": copy.deepcopy(self.critic).eval()}

    def sheet(self, picture_NCHW: Tensor, examples: Turn | None = None) -> Tensor:
        """The pictures alone: they are made from nothing."""
        del examples
        return picture_NCHW

    def preview(self, published: dict[str, nn.Module], examples: Turn | None = None) -> Tensor:
        """64 pictures, the classes in turn."""
        del examples
        noise_NZ, label_N = self.noise("preview", 0, PREVIEWS)
        if label_N is not None:
            label_N = torch.arange(PREVIEWS, device=label_N.device) % self.shape.classes
        with torch.no_grad():
            picture_NCHW: Tensor = published["generator"](noise_NZ, label_N)
        return picture_NCHW

    def noise(self, purpose: str, first: int, count: int) -> tuple[Tensor, Tensor | None]:
        """Latents (N, Z) and, when there are classes, labels (N,), all equally likely."""
        device = next(self.generator.parameters()).device
        noise_NZ = torch.from_numpy(self.streams.normals(purpose, first, count, self.recipe.latent)).to(
            device
        )
        if not self.shape.classes:
            return noise_NZ, None
        label_N = self.streams.choices(f"{purpose}-label", first, count, self.shape.classes)
        return noise_NZ, torch.from_numpy(label_N).to(device)


def twice(x_N: Tensor) -> Tensor:
    """The same rows again (2 N, ...)."""
    return torch.cat([x_N, x_N])
