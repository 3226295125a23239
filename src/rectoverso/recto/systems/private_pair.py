"""A pair whose critic keeps a budget of differential privacy, and whose generator sees nothing but that critic.

Xie, Lin, Wang, Wang and Zhou 2018 (arXiv:1802.06739): only the critic sees private pictures, its steps are those of
Abadi et al. 2016 (`privacy.engine`), and whatever is done with it afterwards costs nothing. So the generator may take
any number of steps, and how many the critic takes to each of them may follow what it says of *generated* pictures (Bie,
Kamath and Zhang 2023, arXiv:2302.02936, section 4.2: more of them whenever it no longer tells those apart).

One picture's loss is that of the picture and a generated one that a secret draws for it: what both slopes have in
common goes before the clip. The generated ones are drawn without a look at the data, their classes all equally
likely; every picture's partner is drawn anew, so that a picture more or less changes no other's.

Shapes: N pictures taken, B expected and generated ones, Z latent, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from rectoverso.recto.nets.layers import Dropout
from rectoverso.recto.nets.spectral import Spectral
from rectoverso.recto.privacy.engine import Mechanism
from rectoverso.recto.privacy.feed import PrivateTurn
from rectoverso.recto.privacy.guarantee import noise_of, refusal
from rectoverso.recto.systems.pair import Pair
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.players import Losses, Phase, Turn
from rectoverso.recto.train.streams import Streams

if TYPE_CHECKING:
    from rectoverso.recto.systems.adversarial import AdversarialRecipe

LADDER = (1, 2, 5, 10, 20, 50, 100, 200)
"""Steps of the critic to one of the generator."""
FOOLED = 0.6
"""The share of generated pictures told as such, at and below which the critic gets more steps."""
PATIENCE = 50
"""Steps of the generator before that is asked again; Bie et al. take 200, in runs a hundred times as long."""
MEMORY = 0.99


class Rhythm(nn.Module):
    """How many steps the critic has to one of the generator's, and what that follows: buffers, part of its state."""

    steps: Tensor
    told_apart: Tensor
    since: Tensor

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.register_buffer("steps", torch.tensor(steps))
        self.register_buffer("told_apart", torch.ones(()))
        self.register_buffer("since", torch.tensor(0))

    def hear(self, fake_B: Tensor) -> None:
        """Take in the critic's logits of generated pictures."""
        self.told_apart.lerp_((fake_B < 0).float().mean(), 1 - MEMORY)

    def count(self) -> None:
        """The generator has taken a step."""
        self.since += 1
        if self.since >= PATIENCE and self.told_apart <= FOOLED:
            self.steps.fill_(next((steps for steps in LADDER if steps > self.steps), int(self.steps)))
            self.since.zero_()


@dataclass(frozen=True)
class Timed(Phase):
    """A phase whose turn ``when`` says: of all turns it is this one."""

    when: Callable[[int], bool] = bool

    def is_due(self, number: int, progress: float) -> bool:
        return self.when(number) and self.is_on(progress)


class PrivatePair(Pair):
    """A generator and a critic that keeps a budget (a `Cast`)."""

    def __init__(self, recipe: AdversarialRecipe, shape: Shape, streams: Streams) -> None:
        super().__init__(recipe, shape, streams)
        self.rhythm = self.critic.rhythm = Rhythm(recipe.private.critic_steps)
        self.phases = (
            Phase(("critic",), self.critic_losses),
            Timed(("generator",), self.generator_losses, recipe.private.critic_steps, when=self.is_due),
        )

    @cached_property
    def mechanism(self) -> Mechanism:
        return Mechanism(self.recipe.private.clip, noise_of(self.recipe), self.recipe.batch)

    def is_due(self, number: int) -> bool:
        """Whether the generator moves after the critic's step of this number."""
        return (number + 1) % int(self.rhythm.steps) == 0

    def critic_losses(self, turn: Turn) -> Losses:
        """What is told of it is the generator's loss on generated pictures, for it may tell of no others; its
        gradient is the noisy one.
        """
        assert isinstance(turn, PrivateTurn)  # noqa: S101 - no other feed hands out private pictures
        with torch.no_grad():
            fake_BCHW, label_B = self.drawn(turn, "critic")
            fake_B = self.judge(fake_BCHW, label_B)
            self.rhythm.hear(fake_B)
        slopes = self.mechanism.gradient(
            self.critic, self.said_of_one, self.rows(turn, fake_BCHW, label_B), turn.secret, turn.number
        )
        pulled = torch.stack([(p * slopes[name]).sum() for name, p in self.critic.named_parameters()]).sum()
        told = self.generator_objective(fake_B, fake_B)
        return {"critic": told + pulled - pulled.detach()}

    def rows(self, turn: PrivateTurn, fake_BCHW: Tensor, label_B: Tensor | None) -> tuple[Tensor, ...]:
        """What `said_of_one` is told of each picture that was taken (N, ...)."""
        drawn_N = turn.secret.choices("partner", turn.number, len(turn.image_NCHW), len(fake_BCHW))
        place_N = torch.from_numpy(drawn_N).to(fake_BCHW.device)
        pictures = (turn.image_NCHW, fake_BCHW[place_N])
        if label_B is None or turn.label_N is None:
            return pictures
        return (*pictures, turn.label_N, label_B[place_N])

    def said_of_one(self, critic: Callable[..., Tensor], row: tuple[Tensor, ...]) -> Tensor:
        """The loss of one picture and its partner, each a batch of one."""
        real, fake, *labels = row
        real_label, fake_label = labels or (None, None)
        return self.critic_objective(critic(real, real_label), critic(fake, fake_label))

    def generator_losses(self, turn: Turn) -> Losses:
        fake_BCHW, label_B = self.drawn(turn, "generator")
        fake_B = self.judge(fake_BCHW, label_B)
        if self.recipe.private.adaptive:
            self.rhythm.count()
        return {"generator": self.generator_objective(fake_B, fake_B)}

    def drawn(self, turn: Turn, purpose: str) -> tuple[Tensor, Tensor | None]:
        """As many generated pictures (B, C, H, W) as real ones are expected, and their classes (B,), all equally
        likely: those of the data are private.
        """
        noise_BZ, label_B = self.noise(f"latent-{purpose}", turn.first, turn.count)
        return self.draw(noise_BZ, label_B), label_B

    def published(self) -> dict[str, nn.Module]:
        """As they are given to the world: the rhythm belongs to the training."""
        modules = super().published()
        del modules["critic"].rhythm
        return modules


def check_critic(critic: nn.Module, shape: Shape) -> None:
    """Raise BadSetting, with the reason, for a critic that does not say of each picture what it says of it alone."""
    for part in critic.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):  # noqa: SLF001 - torch has no other name for it
            raise refusal("batch_norm", "nets")
        if isinstance(part, Spectral) or parametrize.is_parametrized(part):
            raise refusal("spectral_norm", "nets")
        if isinstance(part, Dropout) and part.dropped:
            raise refusal("dropout", "nets.dropout")
    if not _judges_alone(critic, shape):
        raise refusal("together", "nets")
    try:
        Mechanism(1.0, 0.0, 1).summed(critic, _said_of_grey, _grey(shape))
    except RuntimeError as error:
        raise refusal("unjudged", "nets", error=str(error).partition("\n")[0][:200]) from error


def _grey(shape: Shape) -> tuple[Tensor, ...]:
    """A grey picture (1, C, H, W), and its class (1,) where there are classes."""
    grey_NCHW = torch.zeros(1, shape.channels, shape.height_px, shape.width_px)
    return (grey_NCHW, torch.zeros(1, dtype=torch.int64)) if shape.classes else (grey_NCHW,)


def _said_of_grey(critic: Callable[..., Tensor], row: tuple[Tensor, ...]) -> Tensor:
    grey, *label = row
    return critic(grey, label[0] if label else None).sum()


@torch.no_grad()
def _judges_alone(critic: nn.Module, shape: Shape) -> bool:
    x_NCHW = torch.randn(4, shape.channels, shape.height_px, shape.width_px)
    label_N = torch.arange(4) % shape.classes if shape.classes else None
    judge = cast("Callable[..., Tensor]", critic)
    alone_N = torch.cat(
        [judge(x_NCHW[i : i + 1], None if label_N is None else label_N[i : i + 1]) for i in range(4)]
    )
    return bool(torch.allclose(judge(x_NCHW, label_N), alone_N, atol=1e-3, rtol=1e-3))
