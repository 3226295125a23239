"""How `single` trains: scale after scale, each for its share of the run (`single` has the numbers).

Which scale is trained is a function of the run's progress. Scales before it are drawn from without gradients and do not
move, for an optimiser passes over weights that no loss has reached. What a scale begins with, its weights and the
amplitude of its noise, is a function of the scales before it and is written when its first turn comes.

Shapes: N pictures, C channels, H height, W width, S scales, D noise.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectoverso.recto.nets.single import SingleGenerator, begin_like
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.objectives import OBJECTIVES
from rectoverso.recto.train.penalties import finite_difference_penalty
from rectoverso.recto.train.players import Losses, Phase, Player, Turn
from rectoverso.recto.train.streams import Streams

if TYPE_CHECKING:
    from rectoverso.recto.systems.single import SingleRecipe

PREVIEWS = 15


class ScalePlayer(Player):
    """A player whose rate falls within each of ``scales`` equal parts of a run, and starts anew with the next."""

    scales = 1

    def step(self, progress: float) -> None:
        super().step(progress * self.scales % 1)


class SinglePair:
    """The generators of all scales as one player, their critics as another (a `Cast`)."""

    def __init__(self, recipe: SingleRecipe, shape: Shape, streams: Streams) -> None:
        self.recipe, self.streams = recipe, streams
        self.generator = cast("SingleGenerator", recipe.nets.generator(shape))
        self.critics = recipe.nets.critic(shape)
        anchor_1CHW = self.generator.anchor_1CHW
        anchor_1D = torch.from_numpy(streams.normals("anchor", 0, 1, anchor_1CHW.numel()))
        anchor_1CHW.copy_(anchor_1D.view(anchor_1CHW.shape))
        for module in (self.generator, self.critics):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.critic_objective, self.generator_objective = OBJECTIVES[recipe.objective]
        players = (
            ScalePlayer("generator", self.generator, recipe.generator_adam),
            ScalePlayer("critic", self.critics, recipe.critic_adam),
        )
        for player in players:
            player.scales = len(self.generator.scales)
        self.players: tuple[Player, ...] = players
        self.phases = (Phase(("generator",), self.generator_losses), Phase(("critic",), self.critic_losses))

    def scale(self, turn: Turn) -> int:
        """The scale whose turn it is: each has an equal share of the run."""
        count = len(self.generator.scales)
        return min(count - 1, int(turn.progress * count))

    def generator_losses(self, turn: Turn) -> Losses:
        """Section 2.3: the patches of new pictures fool the critic, and z* draws the picture itself (eq. 3 and 4)."""
        scale = self.scale(turn)
        real_1CHW = self.real(turn, scale)
        before_1CHW = self.begun(scale, real_1CHW)
        logit = self.critics.rated(scale, self.fakes(turn, scale))
        anchor_1CHW = None if scale else self.generator.anchor_1CHW
        itself_1CHW = self.generator.refined(scale, before_1CHW, anchor_1CHW)
        turn.readings["scale"] = float(scale + 1)
        return {
            "generator": self.generator_objective(logit, logit),
            "near": self.recipe.near * F.mse_loss(itself_1CHW.float(), real_1CHW),
        }

    def critic_losses(self, turn: Turn) -> Losses:
        scale = self.scale(turn)
        real_1CHW, fake_NCHW = self.real(turn, scale), self.fakes(turn, scale).detach().float()
        judge = partial(self.critics.rated, scale)
        real, fake = judge(real_1CHW), judge(fake_NCHW)
        turn.readings["margin"] = (real.mean() - fake.mean()).item()
        losses = {"critic": self.critic_objective(real, fake)}
        penalty = self.recipe.penalty
        if penalty.kind == "none" or turn.number % penalty.every:
            return losses
        # Every other picture, and the true one as often: the same in any cut of the batch.
        some_NCHW = fake_NCHW[::2]
        x_NCHW = torch.cat([real_1CHW.expand_as(some_NCHW), some_NCHW])
        signs = [turn.signs(purpose, x_NCHW[0].numel())[::2] for purpose in ("slope-real", "slope")]
        sign_NCHW = torch.cat(signs).view(x_NCHW.shape)
        slope = finite_difference_penalty(judge, x_NCHW, sign_NCHW, penalty.sigma)
        return losses | {"penalty": penalty.gamma * penalty.every * slope}

    @torch.no_grad()
    def begun(self, scale: int, real_1CHW: Tensor) -> Tensor | None:
        """What z* has drawn before this scale, enlarged to it; at the scale's first turn also its beginning: weights
        like those before, and noise as strong as what is still missing (section 2.2, end).
        """
        if not scale:
            return None
        generator = self.generator
        before_1CHW = generator.enlarged(generator.itself(scale - 1), scale).float()
        if not generator.begun_S[scale]:
            generator.begun_S[scale] = True
            missing = F.mse_loss(before_1CHW, real_1CHW).sqrt()
            generator.amplitude_S[scale] = self.recipe.noise_share * missing
            begin_like(self.critics.parts, scale)
            if scale > 1:  # the first of all draws pictures, not what is to be added to them
                begin_like(generator.parts, scale)
        return before_1CHW

    def real(self, turn: Turn, scale: int) -> Tensor:
        """The picture at the sides of a scale (1, C, H, W)."""
        return turn.once("real", lambda: shrunk(turn.image_NCHW[:1], self.generator.scales[scale]))

    def fakes(self, turn: Turn, scale: int) -> Tensor:
        """New pictures of this scale, drawn once and judged by both players."""
        return turn.once("fakes", lambda: self.draw(turn, scale))

    def draw(self, turn: Turn, scale: int) -> Tensor:
        noises = self.generator.split(turn.normals("latent", self.generator.noise_until(scale)))
        before_NCHW = None
        if scale:
            with torch.no_grad():
                before_NCHW = self.generator.enlarged(self.generator.drawn(noises[:-1]), scale)
        return self.generator.refined(scale, before_NCHW, noises[-1])

    def published(self) -> dict[str, nn.Module]:
        """A copy of the generators. The critics would judge patches of one scale each, and stay in the state."""
        return {"generator": copy.deepcopy(self.generator).eval()}

    @torch.no_grad()
    def preview(self, published: dict[str, nn.Module], examples: Turn | None = None) -> Tensor:
        """The picture itself, as drawn from z*, and new ones."""
        del examples
        generator = cast("SingleGenerator", published["generator"])
        noise_ND = torch.from_numpy(self.streams.normals("preview", 0, PREVIEWS, generator.noise))
        itself_1CHW = generator.itself(len(generator.scales) - 1).clamp(-1, 1)
        return torch.cat([itself_1CHW, generator(noise_ND.to(itself_1CHW.device))])

    def sheet(self, picture_NCHW: Tensor, examples: Turn | None = None) -> Tensor:
        """The pictures alone: they are made from nothing."""
        del examples
        return picture_NCHW


def shrunk(x_NCHW: Tensor, sides: tuple[int, int]) -> Tensor:
    """Pictures at these sides, antialiased."""
    if tuple(x_NCHW.shape[2:]) == sides:
        return x_NCHW
    return F.interpolate(x_NCHW, sides, mode="bilinear", antialias=True, align_corners=False)
